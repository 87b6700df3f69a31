# shellcheck shell=bash
# What the scripts beside this one share: they read it with `source`.
set -euo pipefail

# One log, in the order in which things happen.
exec 2>&1

manifest=${KLDLOAD_MANIFEST:-/etc/kldload/install-manifest.env}
# shellcheck disable=SC1090 # the installer writes it
[[ ! -r $manifest ]] || source "$manifest"
export KLDLOAD_POOL_NAME=${KLDLOAD_POOL_NAME:-rpool} # zfstune goes by it, too

log() {
    local stamp=
    # the journal has the time of each line
    [[ ${JOURNAL_STREAM:-} ]] || printf -v stamp '[%(%F %T)T] ' -1
    printf '%s[%s] %s\n' "$stamp" "$(basename "$0" .sh)" "$*"
}
trap 'log "FAILED at line ${LINENO}: ${BASH_COMMAND}"; exit 1' ERR

# The installer copies what lay beside it on the medium to this folder.
darksite=${KLDLOAD_DARKSITE:-/root/darksite}

# first PATTERN...: the first file of these that there is
first() {
    local file
    for file in "$@"; do
        if [[ -f $file ]]; then
            printf '%s\n' "$file"
            return
        fi
    done
}

# bring_zfstune: from the Debian package, or from the bundle, which takes no network
bring_zfstune() {
    local package bundle unpacked
    package=$(first "$darksite"/zfstune_*.deb)
    bundle=$(first "$darksite"/zfstune-*-bundle.tar)
    if [[ $package ]] && command -v apt-get >/dev/null &&
        apt-get install -y --no-install-recommends "$package"; then
        log "zfstune is installed from $package"
    elif [[ $bundle ]]; then
        unpacked=$(mktemp -d)
        tar -xf "$bundle" -C "$unpacked"
        sh "$unpacked"/zfstune-*-bundle/install
        rm -rf "$unpacked"
        log "zfstune is installed from $bundle"
    else
        log "cannot install zfstune: neither its package nor its bundle is in $darksite"
        return 1
    fi
}

command -v zfstune >/dev/null || bring_zfstune

# packages NAME...: with what this distribution has
packages() {
    case ${KLDLOAD_DISTRO:-debian} in
    centos | rhel | rocky | fedora) dnf install -y "$@" ;;
    debian | ubuntu) apt-get update && apt-get install -y "$@" ;;
    arch) pacman -S --noconfirm "$@" ;;
    alpine) apk add "$@" ;;
    *) log "unknown distribution: ${KLDLOAD_DISTRO}" && exit 1 ;;
    esac
}

# account NAME HOME: a user for a service that brings none of its own
account() {
    id "$1" >/dev/null 2>&1 || useradd -r -s /sbin/nologin -d "$2" "$1"
}

# start_timers: have systemd see the units that `zfstune schedule install` wrote
start_timers() {
    [[ -d /run/systemd/system ]] || return 0
    systemctl daemon-reload
    systemctl start timers.target
}
