#!/bin/sh
# Record small streams of the real zfs command, in a guest of the lab:
#
#   tests/lab/run --release bookworm --output OUT -- sh tests/data/streams/record.sh
#   tests/lab/run --release trixie-backports --output OUT -- sh tests/data/streams/record.sh
#
# What lies in OUT then has its place here, named after the release of OpenZFS.
set -eu

# What OpenZFS 2.1 does not have, each in a stream of its own: a name of more than 255
# bytes and a directory that is one block of more than 128 KiB (2.3), records of more than
# 1 MiB (2.2), which an earlier release receives although it writes none.
record_what_is_new() {
    zfs create -o longname=on -o mountpoint=/tmp/new recorded/long
    python3 -c 'open("/tmp/new/" + 300 * "n", "w").close()'
    zfs create -o mountpoint=/tmp/wide -o recordsize=4M -o compression=zstd recorded/wide
    yes wide | head -c 5M >/tmp/wide/file
    size=/sys/module/zfs/parameters/zap_micro_max_size
    before=$(cat $size)
    echo 1048576 >$size
    zfs create -o mountpoint=/tmp/many recorded/many
    python3 - <<-PYTHON
	import os
	open("/tmp/many/file", "w").close()
	for number in range(3000):
	    os.link("/tmp/many/file", f"/tmp/many/{number}")
	PYTHON
    zpool sync recorded
    echo "$before" >$size
    for name in long wide many; do
        zfs snapshot recorded/$name@1
        zfs send -Lc recorded/$name@1 >"$out/$name"
    done
}

out=$ZFSTUNE_LAB_OUTPUT
file=$(mktemp)
truncate -s 256M "$file"
zpool create -O mountpoint=none recorded "$file"
trap 'zpool destroy recorded; rm -f "$file"' EXIT

zfs create -o compression=gzip -o atime=off -o own:mark='a value' -o quota=90M \
    -o sharenfs=on -o org.zfstune:policy=hourly=1 -o mountpoint=/tmp/recorded recorded/tree
echo one >/tmp/recorded/one
zfs snapshot recorded/tree@1
zfs create -o recordsize=8K recorded/tree/child
zfs create -V 1M -s recorded/tree/volume
ln -s one /tmp/recorded/link
zfs snapshot -r recorded/tree@2
zfs clone -o mountpoint=none recorded/tree/child@2 recorded/tree/clone
zfs set own:of=snapshot recorded/tree@2
zfs hold kept recorded/tree@2
zfs snapshot -r recorded/tree@3
zfs rename recorded/tree/child recorded/tree/renamed
echo four >/tmp/recorded/four
zfs snapshot -r recorded/tree@4
echo 12345678 | zfs create -o encryption=on -o keyformat=passphrase -o mountpoint=none \
    recorded/secret
zfs create recorded/secret/below
zfs snapshot -r recorded/secret@1
zpool sync recorded

zfs send -R recorded/tree@3 >"$out/R"
zfs send -R -I @2 recorded/tree@4 >"$out/RI"
zfs send -R -h recorded/tree@2 >"$out/Rh"
zfs send -p recorded/tree@3 >"$out/p"
zfs send -I @1 recorded/tree@3 >"$out/I"
zfs send -Rw recorded/secret@1 >"$out/Rw"
zfs send recorded/tree@1 | head -c 30000 | zfs receive -s recorded/part || true
zfs send -S recorded/part >"$out/S"
case $(cat /sys/module/zfs/version) in
2.[012].*) ;;
*) record_what_is_new ;;
esac
xz -9e "$out"/*
ls -l "$out"
