#!/bin/bash
# A web server: pages, their logs, and TLS keys.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

zfstune apply --role web
mkdir -p /data/www/{default,certbot}
zfstune schedule install --role web # hourly, 48 stay
start_timers
log "storage is ready: /data/www, /data/logs/nginx, /data/certs"
# From here on: nginx with root /data/www/default, its logs in /data/logs/nginx.
