#!/bin/sh
# comma.sh KEEP DATASET...: the same with one `zfs destroy` a dataset, which takes a
# list of snapshots: dataset@a,b,c.
keep=$1
shift
for dataset in "$@"; do
    victims=$(zfs list -t snapshot -H -o name "$dataset" | head -n "-$keep" |
        sed 's/.*@//' | paste -sd, -)
    [ -z "$victims" ] || zfs destroy "$dataset@$victims"
done
