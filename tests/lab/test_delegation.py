"""Without root, without the module, without the library: what works, what is said."""

from __future__ import annotations

import re
import secrets
import subprocess
from typing import TYPE_CHECKING

import pytest

import zfstune
from other_user import alice

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

GRANT = re.compile(r"`zfs allow USER (\S+) (\S+)`")


@pytest.fixture
def family(pool: str, engine: Engine) -> str:
    """Give a dataset with a clone, snapshots, a hold, a bookmark, nothing mounted."""
    dataset = f"{pool}/{secrets.token_hex(4)}"
    engine.create(dataset)
    for short in ("one", "two", "three"):
        engine.take_snapshots([f"{dataset}@{short}"])
    engine.create(f"{dataset}/child")
    engine.take_snapshots([f"{dataset}/child@newest"])
    engine.clone(f"{dataset}@one", f"{dataset}/clone")
    engine.hold([f"{dataset}@two"], "tag")
    engine.bookmark(f"{dataset}@one", f"{dataset}#mark")
    return dataset


OPERATIONS: dict[str, Callable[[Engine, str], object]] = {
    "create": lambda e, d: e.create(f"{d}/new"),
    "create with properties": lambda e, d: e.create(
        f"{d}/new", properties={"recordsize": "8K", "com.example:x": "y"}
    ),
    "clone": lambda e, d: e.clone(f"{d}@one", f"{d}/another"),
    "set": lambda e, d: e.set(d, {"recordsize": "8K"}),
    "set a user property": lambda e, d: e.set(d, {"com.example:x": "y"}),
    "set two": lambda e, d: e.set(d, {"atime": "off", "compression": "lz4"}),
    "inherit": lambda e, d: e.inherit(d, "compression"),
    "inherit a user property": lambda e, d: e.inherit(d, "com.example:x"),
    "snapshot": lambda e, d: e.take_snapshots([f"{d}@new"], properties={"a:b": "c"}),
    "destroy snapshot": lambda e, d: e.destroy_snapshots([f"{d}@three"]),
    "hold": lambda e, d: e.hold([f"{d}@one"], "new"),
    "release": lambda e, d: e.release([f"{d}@two"], "tag"),
    "hold during a block": lambda e, d: e.holding([f"{d}@one"], "new").__enter__(),
    "bookmark": lambda e, d: e.bookmark(f"{d}@one", f"{d}#new"),
    "bookmark many": lambda e, d: e.bookmark_all(
        {f"{d}#new": f"{d}@one", f"{d}#copy": f"{d}#mark"}
    ),
    "compare": lambda e, d: e.changed_objects(f"{d}@one", f"{d}@three"),
    "destroy bookmark": lambda e, d: e.destroy_bookmarks([f"{d}#mark"]),
    "roll back": lambda e, d: e.rollback(f"{d}/child@newest"),
    "rename": lambda e, d: e.rename(f"{d}/child", f"{d}/kid"),
    "rename a snapshot": lambda e, d: e.rename(f"{d}@one", f"{d}@first"),
    "promote": lambda e, d: e.promote(f"{d}/clone"),
    "destroy": lambda e, d: e.destroy(f"{d}/clone"),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_hint_is_true(name: str, family: str, engine: Engine, command: Command) -> None:
    """Refused without a grant; granting what the hint says, and no more, is enough."""
    operation = OPERATIONS[name]
    with alice(), pytest.raises((zfstune.NotPermitted, zfstune.BatchError)) as refused:
        operation(engine, family)
    assert "permission denied" in str(refused.value)
    found = GRANT.search(refused.value.hint)
    assert found, refused.value.hint
    command("zfs", "allow", "alice", *found.groups())
    with alice():
        operation(engine, family)


def test_less_than_the_hint_is_not_enough(
    family: str, engine: Engine, command: Command
) -> None:
    """Each word of the hint of a marked snapshot is needed."""
    for word in ("snapshot", "userprop"):
        command("zfs", "allow", "alice", word, family)
        with alice(), pytest.raises(zfstune.NotPermitted):
            zfstune.snapshot(family, engine=engine)
        command("zfs", "unallow", "alice", family)


def test_delegated_work(dataset: str, engine: Engine, command: Command) -> None:
    """With snapshot, userprop, destroy and mount, a user takes and prunes snapshots."""
    command("zfs", "allow", "alice", "snapshot,userprop,destroy,mount", dataset)
    with alice():
        for _ in range(3):
            zfstune.snapshot(dataset, engine=engine)
        pruned = zfstune.prune(dataset, keep=1, engine=engine)
    assert len(pruned.destroyed) == 2
    command("zfs", "snapshot", f"{dataset}@by-root")
    with alice():
        zfstune.prune(dataset, keep=0, all_of_them=True, match="by-*", engine=engine)
    assert command("zfs", "list", "-Ht", "snapshot", dataset).count("@") == 1


def test_mounting_takes_root(dataset: str, engine: Engine, command: Command) -> None:
    """On Linux a delegated create works and the mount does not; root's next run does it."""
    grant = "create,mount,userprop,recordsize,compression,atime,canmount,mountpoint"
    command("zfs", "allow", "alice", grant, dataset)
    with alice():
        assert zfstune.plan("logs", root=dataset, engine=engine).pending
        with pytest.raises(zfstune.NotPermitted, match="cannot mount") as refused:
            zfstune.apply("logs", root=dataset, engine=engine)
    assert "mounting takes root" in refused.value.hint
    assert "1 of 2 steps are done" in refused.value.hint
    again = zfstune.apply("logs", root=dataset, engine=engine)
    assert len(again.done) == 1
    assert command("zfs", "get", "-Ho", "value", "mounted", f"{dataset}/logs") == "yes\n"


def shell(script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a mount namespace of its own."""
    argv = ("unshare", "--mount", "sh", "-euc", script)
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_command_without_root(dataset: str, command: Command) -> None:
    """The command says which grant is missing, and exits with 1; reading works."""
    zfstune_path = command("sh", "-c", "command -v zfstune").strip()
    sudo = ("sudo", "-u", "alice", zfstune_path)
    argv = (*sudo, "snapshot", dataset)
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert (
        f"hint: run as root, or let root run `zfs allow USER snapshot,userprop {dataset}`"
        in (done.stderr)
    )
    assert dataset in command(*sudo, "list", "-H", dataset)


NO_DEVICE = "mount -t tmpfs none /dev; mknod -m 666 /dev/null c 1 3"
NO_MODULE = f"mount -t tmpfs none /sys/module; {NO_DEVICE}"
# A layer above the folder of the libraries, in which one of them is deleted.
NO_LIBRARY = """
mount -t tmpfs none /mnt; mkdir /mnt/upper /mnt/work
found=$(ldconfig -p | sed -n "s/.*=> //;/libzfs_core.so.3$/p")
folder=$(readlink -f "${found%/*}")
mount -t overlay -o "lowerdir=$folder,upperdir=/mnt/upper,workdir=/mnt/work" none "$folder"
rm "$folder"/libzfs_core.so.3*
"""


@pytest.mark.parametrize(
    ("hide", "hint"),
    [
        (NO_MODULE, "modprobe zfs"),
        (NO_DEVICE, "modprobe zfs"),
        (NO_LIBRARY, "zfsutils-linux"),
    ],
    ids=["no module", "no device", "no library"],
)
def test_without_zfs(hide: str, hint: str) -> None:
    """Without module, device or library: exit 5, what is missing, and what helps."""
    done = shell(f"{hide}\nset +e; zfstune list; echo $?; zfstune --help")
    assert done.stdout.startswith("5\n"), done.stderr
    assert "usage: zfstune" in done.stdout
    assert "cannot use ZFS: " in done.stderr
    assert hint in done.stderr
    assert "Traceback" not in done.stderr
