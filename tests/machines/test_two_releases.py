"""Replication between OpenZFS 2.1 and 2.4 by ssh: each way, and each kind of dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lab_pair import Way

pytestmark = [pytest.mark.machines, pytest.mark.timeout(3000)]


def test_a_tree(way: Way) -> None:
    """All kinds of datasets arrive, then what is new of them, then nothing."""
    way.make_source()
    way.grow("1")
    way.sender.run("zfs", "clone", f"{way.source}/wide@1", f"{way.source}/clone")
    way.sender.run("zfs", "snapshot", "-r", f"{way.source}@2")
    way.replicate("-r")
    way.check()
    way.grow("3")
    # The base is a bookmark from here on, but for what is pulled back later.
    way.sender.run("zfs", "destroy", f"{way.source}@1")
    way.receiver.run("zfs", "destroy", f"{way.target}@1")
    lines = way.replicate("-r").splitlines()
    told = [line.partition(f" {way.sender.pool}/")[0] for line in lines]
    assert sorted(told) == ["incremental"] * 4 + ["raw incremental"]
    way.check()
    assert way.operator.ask(*way.argv("-r", "--check")).status == 0


def test_failover_and_back(way: Way) -> None:
    """The copy takes over, the old source stands by and catches up, and roles change."""
    way.sender.run("zfs", "create", "-o", f"mountpoint=/{way.source}", way.source)
    way.sender.sh('echo one >"/$1/file"; zfs snapshot "$1@1"', way.source)
    way.replicate()
    mounted = f"/{way.target}"
    where = f"mountpoint={mounted}"
    took = way.receiver.run("zfstune", "failover", "-o", where, way.target)
    assert f"mounted at {mounted}" in took
    way.receiver.sh('echo two >"/$1/file"; zfs snapshot "$1@2"', way.target)
    refused = way.try_to_replicate()
    assert refused.status == 1
    assert "taken over" in refused.err
    way.sender.run("zfstune", "failover", "--standby", way.source)
    told = way.replicate(back=True)
    assert told.startswith("incremental ")
    way.check()
    way.receiver.run("zfstune", "failover", "--standby", way.target)
    way.sender.run("zfstune", "failover", way.source)
    assert way.sender.sh('cat "/$1/file"', way.source) == "two\n"
    way.sender.sh('echo three >"/$1/file"; zfs snapshot "$1@3"', way.source)
    assert way.replicate().startswith("incremental ")
    way.check()


def test_a_target_that_is_full(way: Way) -> None:
    """The reason is told; with room, the next run goes on where that one ended."""
    way.sender.run("zfs", "create", "-o", f"mountpoint=/{way.source}", way.source)
    way.sender.sh('head -c 6M /dev/urandom >"/$1/file"; zfs snapshot "$1@1"', way.source)
    # Three copies of each block: no estimate of a stream tells of them.
    tight = ("-o", "canmount=off", "-o", "copies=3", "-o", "quota=9M")
    way.receiver.run("zfs", "create", *tight, way.target)
    parent, way.target = way.target, f"{way.target}/copy"
    refused = way.try_to_replicate()
    assert refused.status == 1
    assert "space" in refused.err or "quota" in refused.err
    way.receiver.run("zfs", "set", "quota=none", parent)
    way.replicate()
    way.check()


# Each makes something that OpenZFS 2.1 does not have: a name of more than 255 bytes, and a
# directory that is one block of more than 128 KiB (both since 2.3).
NEW = {
    "long": """
zfs create -o longname=on -o mountpoint="/$1" "$1"
python3 -c 'import sys; open(f"/{sys.argv[1]}/" + 300 * "n", "w").close()' "$1"
""",
    "many": """
zfs create -o mountpoint="/$1" "$1"
size=/sys/module/zfs/parameters/zap_micro_max_size
before=$(cat $size)
echo 1048576 >$size
python3 -c 'import os, sys
folder = f"/{sys.argv[1]}"
open(f"{folder}/file", "w").close()
for number in range(3000):
    os.link(f"{folder}/file", f"{folder}/{number}")' "$1"
zpool sync
echo "$before" >$size
""",
}


def test_what_the_elder_cannot_take(newer_way: Way) -> None:
    """It is an error that says so, and the other datasets of the tree arrive."""
    way = newer_way
    # Records that 2.1 would not write, but takes.
    way.sender.run("zfs", "create", "-o", f"mountpoint=/{way.source}", way.source)
    wide = ("-o", "recordsize=4M", "-o", "compression=zstd-9")
    way.sender.run("zfs", "create", *wide, f"{way.source}/wide")
    way.sender.sh('yes wide | head -c 5M >"/$1/wide/file"', way.source)
    for name, script in NEW.items():
        way.sender.sh(script, f"{way.source}/{name}")
    way.sender.run("zfs", "snapshot", "-r", f"{way.source}@1")
    refused = way.try_to_replicate("-r")
    assert refused.status == 3, refused.err
    for name in NEW:
        [line] = [line for line in refused.err.splitlines() if f"/{name}" in line]
        assert "feature" in line, refused.err
        assert way.receiver.ask("zfs", "list", f"{way.target}/{name}").status != 0
        way.sender.run("zfs", "destroy", "-r", f"{way.source}/{name}")
    way.check()
