# shellcheck shell=bash
# What the scripts beside this one share: they read it with `source`.
set -euo pipefail

manifest=/etc/kldload/install-manifest.env
# shellcheck disable=SC1090 # the installer writes it
[[ ! -r $manifest ]] || source "$manifest"
export KLDLOAD_POOL_NAME=${KLDLOAD_POOL_NAME:-rpool} # zfstune goes by it, too

log() { printf '[%(%F %T)T] [%s] %s\n' -1 "$(basename "$0" .sh)" "$*"; }
trap 'log "FAILED at line ${LINENO}: ${BASH_COMMAND}"; exit 1' ERR

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
