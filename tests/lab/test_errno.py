"""What the kernel refuses, and how zfstune says it: each row of its tables."""

from __future__ import annotations

import errno as e
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from zfstune.engine import _errno, _meanings, _special_meanings
from zfstune.engine._binding import lib
from zfstune.engine.kernel import KernelEngine
from zfstune.values.errors import (
    BatchError,
    Busy,
    EngineError,
    InvalidName,
    NoSpace,
    RefusedValue,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

WRONG_PARENT = 1033
BOOKMARK_NOT_ANCESTOR = 1039
BADPROP = 1044

# Rows that the tests below have seen.
SEEN: set[tuple[str, int]] = set()


class Scene(NamedTuple):
    """Two pools with something of everything; `old` is a pool without features."""

    engine: Engine
    pool: str
    other: str
    old: str


@pytest.fixture(scope="module")
def scene(
    make_pool: Callable[..., str], engine: Engine, command: Callable[..., str]
) -> Scene:
    """Set the scene: `a` with snapshots 1 (held), 2 (cloned by `clone`), 3; a volume."""
    pool, other = make_pool(size_bytes=192 << 20), make_pool(size_bytes=72 << 20)
    old = make_pool(options=("-d",), size_bytes=128 << 20)
    engine.create(f"{pool}/a")
    engine.create(f"{pool}/b/c", parents=True)
    sparse = {"volsize": "1M", "refreservation": "none"}
    engine.create(f"{pool}/vol", volume=True, properties=sparse)
    for short in "123":
        engine.take_snapshots([f"{pool}/a@{short}"])
    engine.hold([f"{pool}/a@1"], "tag")
    engine.clone(f"{pool}/a@2", f"{pool}/clone")
    engine.take_snapshots([f"{pool}/clone@1"])
    engine.bookmark(f"{pool}/a@1", f"{pool}/a#mark")
    engine.create(f"{other}/a")
    engine.take_snapshots([f"{other}/a@1"])
    engine.create(f"{old}/a")
    engine.take_snapshots([f"{old}/a@1"])
    # a filesystem whose newest snapshot is gone and left a bookmark
    engine.create(f"{pool}/mark")
    for short in "12":
        engine.take_snapshots([f"{pool}/mark@{short}"])
    engine.bookmark(f"{pool}/mark@2", f"{pool}/mark#2")
    engine.destroy_snapshots([f"{pool}/mark@2"])
    key = "zfs create -o encryption=on -o keyformat=passphrase -o keylocation=prompt"
    command("sh", "-c", f"yes 12345678 | head -2 | {key} {pool}/locked")
    engine.create(f"{pool}/locked/child")
    command("zfs", "unmount", f"{pool}/locked")
    command("zfs", "unload-key", f"{pool}/locked")
    long = f"{pool}/long/{'l' * 100}/{'m' * 100}"
    engine.create(long, parents=True)
    return Scene(engine, pool, other, old)


def refused(call: Callable[[], object]) -> EngineError:
    """Make a call that must fail; give its error, alone out of a batch of one."""
    with pytest.raises((EngineError, BatchError)) as caught:
        call()
    error = caught.value
    if isinstance(error, BatchError):
        (error,) = error.failures
    assert isinstance(error, EngineError)
    return error


# Call and arguments (a comma joins a list), then class, errno and target where that is
# not the first argument, then words of the reason. P, Q and O stand for the pools.
CASES = """\
create P/a | AlreadyExists EEXIST | exists already
create P/x/y | NotFound ENOENT | parent does not exist
create nopool/x | NotFound ENOENT | parent does not exist
create P/vol/x | RefusedValue WRONG_PARENT | not a filesystem
create P/locked/x | NotPermitted EACCES | key is not loaded
clone P/a@1 P/b | AlreadyExists EEXIST P/b | exists already
clone P/a@x P/x | NotFound ENOENT P/x | snapshot or the parent
clone P/a@1 P/x/y | NotFound ENOENT P/x/y | snapshot or the parent
clone P/a@1 Q/x | RefusedValue EXDEV Q/x | another pool
clone P/a@1 P/vol/x | RefusedValue WRONG_PARENT P/vol/x | not a filesystem
destroy P/x | NotFound ENOENT | does not exist
destroy P/a | Busy EBUSY | has snapshots
destroy P/b | Busy EEXIST | has children
take_snapshots P/a@1 | AlreadyExists EEXIST | exists already
take_snapshots P/x@1,P/b@1 | NotFound ENOENT | does not exist
take_snapshots nopool@1 | NotFound ENOENT | does not exist
take_snapshots P/a@x,Q/a@x | RefusedValue EXDEV P/a@x and 1 more | of one pool
take_snapshots P/a@x,P/a@y | RefusedValue EXDEV P/a@x and 1 more | of each dataset
destroy_snapshots P/a@1,P/a@3 | Busy EBUSY | held
destroy_snapshots P/a@2,P/a@3 | Busy EEXIST | clones
destroy_snapshots P/a@3,Q/a@1 | RefusedValue EXDEV P/a@3 and 1 more | one pool
destroy_snapshots nopool@1 | NotFound ENOENT | does not exist
rename P/x P/y | NotFound ENOENT | does not exist
rename P/b P/x/y | NotFound ENOENT | new parent
rename P/b P/a | AlreadyExists EEXIST | is taken
rename P/a@1 P/a@2 | AlreadyExists EEXIST | is taken
rename P/b Q/b | RefusedValue EXDEV | within its pool
rename P/a@1 P/b@1 | RefusedValue EXDEV | its dataset
rename P/b P/b/c/d | RefusedValue EINVAL | below the old
rename P/b P/vol/b | RefusedValue WRONG_PARENT | not a filesystem
rename P/locked/child P/child | RefusedValue EACCES | encryption root
rename P/long P/LONG | RefusedValue ENAMETOOLONG | too long
promote P/a | RefusedValue EINVAL | not a clone
promote P/x | NotFound ENOENT | does not exist
promote P/clone | AlreadyExists EEXIST | of that name: 1
rollback P/a@1 | RefusedValue EEXIST | newer snapshots
rollback P/mark@1 | RefusedValue EEXIST | bookmarks
rollback P/a@x | NotFound ESRCH | does not exist
hold P/a@1 tag | AlreadyExists EEXIST | this tag
hold P/a@x tag | NotFound ENOENT | does not exist
hold P/a@3,Q/a@1 tag | RefusedValue EXDEV Q/a@1 | one pool
release P/a@1 x | NotFound ESRCH | no hold
release P/a@x x | NotFound ENOENT | does not exist
release P/a@1,Q/a@1 tag | RefusedValue EXDEV Q/a@1 | one pool
holds P/a@x | NotFound ENOENT | does not exist
bookmark P/a@1 P/a#mark | AlreadyExists EEXIST P/a#mark | exists already
bookmark P/a@x P/a#x | NotFound ENOENT P/a#x | snapshot does not exist
bookmark P/a@1 P/b#x | RefusedValue NOT_ANCESTOR P/b#x | its snapshot's dataset
bookmark P/a@1 Q/a#x | RefusedValue EXDEV Q/a#x | its snapshot's dataset
bookmark O/a@1 O/a#x | NotSupported ENOTSUP O/a#x | lacks a feature
bookmarks P/x | NotFound ENOENT | does not exist
destroy_bookmarks P/a#mark,Q/a#x | RefusedValue EXDEV P/a#mark and 1 more | one pool
set P/x atime=off | NotFound ENOENT | does not exist
set P/b reservation=1T | NoSpace ENOSPC | reservation=1T
set O/a recordsize=1M | NotSupported ENOTSUP | feature that this needs: recordsize=1M
inherit P/x atime | NotFound ENOENT | does not exist
unmount P/b | NotFound EINVAL | not mounted
dataset nopool/x | NotFound ENOENT | does not exist
pool nopool | NotFound ENOENT | does not exist
"""
CODES = {"WRONG_PARENT": WRONG_PARENT, "NOT_ANCESTOR": BOOKMARK_NOT_ANCESTOR}
# The verb of the message, where it is not the name of the call.
VERBS = {
    "take_snapshots": "snapshot",
    "destroy_snapshots": "destroy snapshot",
    "destroy_bookmarks": "destroy bookmark",
    "rollback": "roll back",
    "pool": "read pool",
} | dict.fromkeys(("holds", "bookmarks", "dataset"), "read")
# Calls whose first argument is a list.
MANY = ("take_snapshots", "destroy_snapshots", "destroy_bookmarks", "hold", "release")


def put(text: str, scene: Scene) -> str:
    """Put the pools' names in."""
    pools = {"P/": scene.pool, "Q/": scene.other, "O/": scene.old}
    text = text.replace("LONG", "d" * 80)
    return pools[text[:2]] + text[1:] if text[:2] in pools else text


def argument(text: str, scene: Scene) -> str | dict[str, str]:
    """Read an argument: a name, or properties."""
    name, equals, value = text.partition("=")
    return {name: value} if equals else put(text, scene)


@pytest.mark.parametrize("case", CASES.splitlines())
def test_refusals(case: str, scene: Scene) -> None:
    """The exception's class, operation, target and errno are right, and its words too."""
    words, expected, says = case.split(" | ")
    name, first, *rest = words.split()
    kind, code, *target = expected.split(" ", 2)
    many = [put(each, scene) for each in first.split(",")]
    more = [argument(word, scene) for word in rest]
    call = getattr(scene.engine, name)
    error = refused(lambda: call(many if name in MANY else many[0], *more))
    assert type(error).__name__ == kind
    assert error.errno == (CODES.get(code) or getattr(e, code))
    assert error.target == (put(target[0], scene) if target else many[0])
    missing = name == "set" and code == "ENOENT"  # read before it is set
    assert error.operation == ("read" if missing else VERBS.get(name, name))
    assert str(error).startswith(f"cannot {error.operation} '{error.target}': ")
    assert says in error.reason
    assert "(error" not in str(error)
    SEEN.add((error.operation, error.errno))


def test_pools_are_no_datasets(scene: Scene) -> None:
    """A pool is not created, destroyed, renamed or cloned to as if it were a dataset."""
    engine, pool = scene.engine, scene.pool
    calls: tuple[Callable[[], None], ...] = (
        lambda: engine.create(pool),
        lambda: engine.destroy(pool),
        lambda: engine.rename(pool, "another"),
        lambda: engine.rename(f"{pool}/a", "another"),
        lambda: engine.clone(f"{pool}/a@1", "another"),
    )
    for call in calls:
        with pytest.raises(InvalidName, match="it is a pool") as caught:
            call()
        assert "zpool" in caught.value.hint


# What the kernel says to values that the engine would not let through: call, target,
# values, errno of the call and what it means.
RAW = [
    ("a", {"recordsize": 64 << 20}, e.ERANGE, RefusedValue, "range"),
    ("a", {"compression": 99}, BADPROP, RefusedValue, "does not know"),
    ("a", {"nonsense": 1}, e.EINVAL, RefusedValue, "refused a value"),
    ("a", {"recordsize": "8K"}, e.EINVAL, RefusedValue, "refused a value"),
    ("a", {"a:b": "x" * 9000}, e.E2BIG, RefusedValue, "too long"),
    ("a", {"a:" + "b" * 300: "x"}, e.ENAMETOOLONG, RefusedValue, "too long"),
    ("vol", {"volsize": 5000}, e.EINVAL, RefusedValue, "refused a value"),
]


@pytest.mark.parametrize("row", RAW, ids=lambda row: f"{row[2]}-{next(iter(row[1]))[:9]}")
def test_values_that_only_the_kernel_stops(
    row: tuple[str, dict[str, int | str], int, type[EngineError], str], scene: Scene
) -> None:
    """Passed by the checks, a bad value is refused by the kernel, and named."""
    short, values, code, kind, says = row
    assert isinstance(scene.engine, KernelEngine)
    found, errors = scene.engine._zfs.change(lib.zt_set, f"{scene.pool}/{short}", values)
    assert (found, errors) == (code, dict.fromkeys(values, code))
    error = _errno.engine_error("set", "x", code)
    assert type(error) is kind
    assert says in error.reason
    SEEN.add(("set", code))


def test_raw_creations_and_holds(scene: Scene) -> None:
    """A block size off the scale is EDOM; a hold's tag too long is E2BIG."""
    assert isinstance(scene.engine, KernelEngine)
    binding, name = scene.engine._zfs, f"{scene.pool}/raw"
    values = {"volsize": 1 << 20, "volblocksize": 5000}
    assert binding.call(lib.zt_create, name, 1, b"", values) == e.EDOM
    assert binding.call(lib.zt_create, name, 0, b"", {"version": 9}) == e.ENOTSUP
    assert not scene.engine.exists(name)
    held = f"{scene.pool}/a@3"
    tag = {held: "t" * 300}
    assert binding.change(lib.zt_hold, tag, -1) == (e.E2BIG, {held: e.E2BIG})
    for operation, code, says in (
        ("create", e.EDOM, "out of the kernel's range"),
        ("hold", e.E2BIG, "tag is too long"),
    ):
        error = _errno.engine_error(operation, name, code)
        assert type(error) is RefusedValue
        assert says in error.reason
        SEEN.add((operation, code))


def test_what_is_being_received_is_busy(scene: Scene, tmp_path: Path) -> None:
    """A dataset that a stream flows into is neither destroyed, snapshot nor mounted."""
    engine, source, name = scene.engine, f"{scene.pool}/source", f"{scene.pool}/receiving"
    engine.create(source)
    engine.mount(source)
    Path(f"/{source}/file").write_bytes(os.urandom(2 << 20))
    engine.take_snapshots([f"{source}@1"])
    words = ("zfs", "send", f"{source}@1")
    stream = subprocess.run(words, capture_output=True, check=True).stdout
    receive = subprocess.Popen(["zfs", "recv", name], stdin=subprocess.PIPE)
    try:
        assert receive.stdin is not None
        receive.stdin.write(stream[: len(stream) - 4096])
        receive.stdin.flush()
        while not engine.exists(name):
            assert receive.poll() is None
        calls: dict[str, Callable[[], object]] = {
            "destroy": lambda: engine.destroy(name),
            "snapshot": lambda: engine.take_snapshots([f"{name}@x"]),
            "mount": lambda: engine.mount(name),
        }
        for operation, call in calls.items():
            error = refused(call)
            assert (type(error), error.errno) == (Busy, e.EBUSY)
            assert error.operation == operation
            SEEN.add((operation, e.EBUSY))
    finally:
        receive.kill()
        receive.communicate()


def test_an_open_volume_is_busy(scene: Scene) -> None:
    """A volume that a process holds open is not destroyed."""
    name = f"{scene.pool}/open"
    properties = {"volsize": "1M", "refreservation": "none"}
    scene.engine.create(name, volume=True, properties=properties)
    subprocess.run(["udevadm", "settle"], check=False)
    device = Path(f"/dev/zvol/{name}")
    with device.open("rb"):
        error = refused(lambda: scene.engine.destroy(name))
        assert (type(error), error.errno) == (Busy, e.EBUSY)
        assert "open" in error.reason


def fill(folder: str) -> None:
    """Write until there is no more space."""
    with Path(folder, "file").open("wb", buffering=0) as file:
        while True:
            file.write(b"\1" * (1 << 20))


def test_a_full_pool(scene: Scene, command: Callable[..., str]) -> None:
    """A full pool says so, and what frees space still works."""
    engine, full = scene.engine, f"{scene.other}/full"
    engine.create(full, properties={"compression": "off"})
    engine.mount(full)
    with pytest.raises(OSError, match="No space"):
        fill(f"/{full}")
    command("zpool", "sync", scene.other)
    calls: dict[str, Callable[[], None]] = {
        "create": lambda: engine.create(f"{scene.other}/x"),
        "snapshot": lambda: engine.take_snapshots([f"{scene.other}/a@x"]),
        "clone": lambda: engine.clone(f"{scene.other}/a@1", f"{scene.other}/x"),
        "bookmark": lambda: engine.bookmark(f"{scene.other}/a@1", f"{scene.other}/a#x"),
    }
    for operation, call in calls.items():
        error = refused(call)
        assert (type(error), error.errno) == (NoSpace, e.ENOSPC)
        assert error.operation == operation
        assert "destroying snapshots still works" in error.hint
        SEEN.add((operation, e.ENOSPC))
    engine.destroy_snapshots([f"{scene.other}/a@1"])
    engine.destroy(full)


def test_quotas(scene: Scene) -> None:
    """A volume that does not fit, and a rollback beyond the refquota, are named so."""
    engine, name = scene.engine, f"{scene.pool}/quota"
    engine.create(name, properties={"quota": "12M"})
    volume = {"volsize": "20M"}
    error = refused(lambda: engine.create(f"{name}/v", volume=True, properties=volume))
    assert (type(error), error.errno) == (NoSpace, e.ENOSPC)
    engine.mount(name)
    file = Path(f"/{name}/file")
    file.write_bytes(os.urandom(4 << 20))
    engine.take_snapshots([f"{name}@1"])
    file.unlink()
    engine.set(name, {"refquota": "1M"})
    error = refused(lambda: engine.rollback(f"{name}@1"))
    assert (type(error), error.errno) == (NoSpace, e.EDQUOT)
    assert "refquota" in error.hint
    SEEN.add(("roll back", e.EDQUOT))


def test_every_row_is_seen_or_excused() -> None:
    """Each row of the table was provoked above or stands below with the reason."""
    rows = {(op, code) for op, of in _special_meanings.SPECIAL.items() for code in of}
    operations = {"create", "clone", "destroy", "snapshot", "destroy snapshot", "rename"}
    operations |= {"promote", "roll back", "hold", "release", "bookmark", "set"}
    operations |= {"destroy bookmark"}
    mine = {row for row in rows if row[0] in operations}
    assert mine - SEEN - EXCUSED.keys() == set()
    assert EXCUSED.keys() & SEEN == set()
    general = {code for _, code in SEEN} | set(GENERAL_EXCUSED)
    assert set(_meanings.GENERAL) - general == set()


EXACTLY = [("destroy snapshot", n) for n in (e.EUSERS, e.ESTALE, e.ECANCELED, e.ECHRNG)]
IN_ONE_CALL = [("bookmark", n) for n in (e.ESRCH, e.EINVAL)]
EXCUSED = dict.fromkeys(EXACTLY + IN_ONE_CALL, "engine_contract/snapshots.py") | {
    ("destroy snapshot", e.ENOSPC): "ECHRNG came first: test_prune_exact.py",
    ("set", e.EROFS): "a read-only import: test_contract_pool.py",
    ("set", e.EBUSY): "a volume's size while another process changes it",
    ("rename", e.EBUSY): "a receive begins between two looks of the kernel",
    ("roll back", e.EBUSY): "a send of the dataset's head begins between two looks",
    ("clone", e.EACCES): "a clone below a locked parent takes its origin's key",
}
GENERAL_EXCUSED = {
    e.EPERM: "without delegation: test_delegation.py",
    e.EROFS: "a read-only import: test_contract_pool.py",
    e.EAGAIN: "a suspended pool",
    e.ENOMEM: "the kernel sleeps rather than run out",
    **dict.fromkeys((e.EIO, e.EBADE), "takes a device that fails in the middle of a call"),
    e.EINTR: "takes a signal while a transaction waits",
    e.ENOSYS: "only an image returns it",
    **dict.fromkeys(range(1029, 1033), "kernel.c asks the release, libzfs_core packs"),
    1038: "takes an export in the middle of a call",
    **dict.fromkeys((*range(1034, 1038), 1041), "see test_receive_refused.py"),
    **dict.fromkeys((*range(1024, 1029), 1042, 1043, *range(1045, 1053)), "of devices"),
}
