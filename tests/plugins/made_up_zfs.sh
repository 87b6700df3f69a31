#!/bin/bash
# A zfs command that lists snapshots from a file and notes down what it is to destroy.
# $MADE_UP/snapshots has a line a snapshot: name, creation and createtxg, with tabs.
# What zfs refuses (two names to destroy) is refused, and nothing is noted down then.
command=$1
shift
if [ "$command" = destroy ]; then
    names=()
    for word; do
        case $word in -*) ;; *) names+=("$word") ;; esac
    done
    [ "${#names[@]}" = 1 ] || exit 2
    printf '%s\n' "${names[0]}" >> "$MADE_UP/gone"
    exit
fi
[ "$command" = list ] || exit 2
options=$(getopt -o HprS:d:o:s:t: -- "$@") || exit 2
eval set -- "$options"
head=yes columns=name,used depth='' all='' sort=name reverse='' types=''
while [ "$1" != -- ]; do
    case $1 in
        -H) head='' ;;
        -r) all=yes ;;
        -d) depth=$2 && shift ;;
        -o) columns=$2 && shift ;;
        -t) types=$2 && shift ;;
        -s) sort=$2 && shift ;;
        -S) sort=$2 reverse=yes && shift ;;
    esac
    shift
done
shift
case $types in snapshot | snap) ;; *) exit 2 ;; esac
[ -z "$head" ] || printf 'NAME\n'
# Without -r and -d, the snapshots of a dataset itself: zfs_do_list(), cmd/zfs/zfs_main.c
[ -n "$all$depth" ] || depth=1
[ $# -gt 0 ] || all=yes
awk -F '\t' -v OFS='\t' -v names="$*" -v depth="${depth:-99}" -v all="$all" '
    BEGIN { count = split(names, roots, " ") }
    {
        dataset = $1; sub(/@.*/, "", dataset)
        taken = count == 0
        for (n = 1; n <= count; n++) {
            root = roots[n]
            if (root ~ /@/ ? $1 == root : index(dataset "/", root "/") == 1) {
                below = substr(dataset, length(root) + 1)
                if (gsub(/\//, "/", below) + 1 <= depth || all) taken = 1
            }
        }
        if (taken) print dataset, $1, $2, $3
    }' "$MADE_UP/snapshots" |
    case $sort$reverse in
        name) LC_ALL=C sort -t $'\t' -k1,1 -k4,4n ;;
        nameyes) LC_ALL=C sort -t $'\t' -k2,2r ;;
        creation) LC_ALL=C sort -t $'\t' -k3,3n -k1,1 -k4,4n ;;
        creationyes) LC_ALL=C sort -t $'\t' -k3,3nr -k1,1 -k4,4n ;;
        createtxg) LC_ALL=C sort -t $'\t' -k4,4n ;;
        createtxgyes) LC_ALL=C sort -t $'\t' -k4,4nr ;;
    esac | cut -f 2 | if [ "$columns" = name ]; then cat; else sed 's/$/\t0/'; fi
