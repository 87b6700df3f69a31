#!/bin/sh
# pipeline.sh KEEP DATASET...: the line of the seed's cron job, once a dataset.
keep=$1
shift
for dataset in "$@"; do
    zfs list -t snapshot -H -o name "$dataset" | head -n "-$keep" | xargs -r -n1 zfs destroy
done
