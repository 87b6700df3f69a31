#!/bin/bash
# A build runner: Docker, a cache, and the workspace of its jobs.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

zfstune apply --role ci
zfstune schedule install --role ci # the cache alone, daily, 7 stay
start_timers
log "storage is ready: /data/docker, /data/ci-cache, /data/ci-builds"
# From here on: gitlab-runner register ... --docker-volumes /data/ci-cache:/cache
# --docker-volumes /data/ci-builds:/builds
