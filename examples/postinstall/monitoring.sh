#!/bin/bash
# Prometheus and Grafana.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

account prometheus /data/prometheus
account grafana /data/grafana
zfstune apply --role mon
zfstune schedule install --role mon # daily, 30 stay
start_timers
log "storage is ready: /data/prometheus, /data/grafana"
# From here on: prometheus with --storage.tsdb.path=/data/prometheus, and
# data = /data/grafana in /etc/grafana/grafana.ini.
