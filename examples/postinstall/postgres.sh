#!/bin/bash
# PostgreSQL: tables, WAL and dumps, each in a dataset of its own.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# The datasets come first, so that whatever the package writes lands on them; it makes the
# user whom they will belong to, and the second apply gives them to that user.
if ! id postgres >/dev/null 2>&1; then
    zfstune apply --role db --no-owner
    packages postgresql
fi
zfstune apply --role db
zfstune schedule install --role db # tables and WAL at one instant, daily, 30 stay
start_timers
log "storage is ready: /data/postgres/{data,wal,backups}"
# From here on: initdb --pgdata=/data/postgres/data --waldir=/data/postgres/wal/pg_wal
# (below the mountpoint: initdb takes an empty folder only), and in postgresql.conf
# wal_init_zero=off, wal_recycle=off. full_page_writes=off is for records of 8K or more
# alone, on every file system that a copy of this database will ever run on.
