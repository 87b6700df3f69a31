#!/bin/bash
# A developer's machine: DEV_USER's projects and virtual machines, and Docker.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

user=${DEV_USER:-dev}
home=${KLDLOAD_POOL_NAME}/home/${user}

# before the datasets: useradd fills a new home only
id "$user" >/dev/null 2>&1 || useradd -m -s /bin/bash "$user"
zfstune apply docker
zfstune apply projects vm-images --root "$home"
chown "${user}:" "/home/${user}/projects" "/home/${user}/vms"

# A state to come back to, by hand; no prune touches what was named so.
if ! zfstune list -H -t snapshots "$home" | grep "^${home}@fresh-install" >/dev/null; then
    zfstune snapshot -r --name fresh-install "$home"
fi
log "storage is ready: /data/docker, /home/${user}/{projects,vms}"
