#!/bin/bash
# A jump host: what its sessions leave is kept for good.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

zfstune apply --role bastion
zfstune schedule install --role bastion # hourly, and none is ever destroyed
start_timers
log "storage is ready: /data/audit"
