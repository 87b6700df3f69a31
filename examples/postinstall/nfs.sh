#!/bin/bash
# A file server: bulk data, homes and images over NFS. NFS_SUBNET may mount them.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

subnet=${NFS_SUBNET:-10.0.0.0/24}
[[ -x /usr/sbin/exportfs ]] || packages nfs-kernel-server

# Who may mount what is this site's to say, so it is in a profile of this site.
mkdir -p /etc/zfstune/profiles.d
cat >/etc/zfstune/profiles.d/fileserver.toml <<TOML
name = "fileserver"
summary = "Files for ${subnet}"
extends = "nfs"

[[dataset]]
path = "share"

[dataset.properties.sharenfs]
value = "rw=@${subnet},sync"
why = "All of this network may write. Root there is nobody here."
source = "this site"

[[dataset]]
path = "home"

[dataset.properties.sharenfs]
value = "rw=@${subnet},sync"
why = "All of this network may write. Root there is nobody here."
source = "this site"
TOML

zfstune apply fileserver
zfstune apply images -o "sharenfs=ro=@${subnet},async"
data=${KLDLOAD_POOL_NAME}/data
zfstune schedule install "${data}/share" "${data}/home" # hourly, 48 stay
start_timers
log "exported to ${subnet}: /data/share, /data/home, /data/images"
