#!/bin/bash
# Docker and Podman: images, volumes, containers.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

zfstune apply --role docker
log "storage is ready: /data/docker, /data/docker-volumes, /data/containers"
# From here on: {"data-root": "/data/docker"} in /etc/docker/daemon.json, and
# graphroot = "/data/containers" in /etc/containers/storage.conf. No storage driver:
# overlay is what both choose, and OpenZFS 2.2 or later can have it on top.
