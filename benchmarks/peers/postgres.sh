#!/bin/sh
# postgres.sh POOL: the datasets of the seed's postinstall-postgres.sh, as it makes them.
set -e
zfs create -o recordsize=8K -o compression=lz4 -o atime=off -o primarycache=all \
    -o logbias=latency -o redundant_metadata=most "$1/data/postgres"
zfs create -o recordsize=8K -o compression=lz4 -o atime=off -o logbias=latency \
    -o primarycache=metadata "$1/data/postgres/wal"
zfs create -o recordsize=1M -o compression=zstd-7 -o atime=off "$1/data/postgres/backups"
chown -R postgres:postgres /data/postgres
chmod 700 /data/postgres/wal
