"""The same calls through zfstune and through pyzfs, OpenZFS's own binding, on twins."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import libzfs_core as lzc
import pytest
from libzfs_core import exceptions as theirs

from zfstune.values.errors import (
    AlreadyExists,
    BatchError,
    Busy,
    InvalidName,
    NotFound,
    NotSupported,
    RefusedValue,
    ZfstuneError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

# pyzfs is older than this Python.
pytestmark = pytest.mark.filterwarnings("ignore:.maxsplit.:DeprecationWarning")

# Steps in order, on trees that both sides begin empty; "^" marks the other pool.
STEPS = """\
create a
create a
create a/b/c
create a/b
create a/b/c
create ^x
create v volume
create v/x
create bad%name
snapshot a@1 a/b@1 v@1
snapshot a@1
snapshot a@2 a/b@1 none@2
snapshot a@2 ^x@2
snapshot a@x a@y
snapshot a@2
snapshot ^x@1
snapshot a@bad/name
exists a@1
exists a@none
exists none
hold a@1 t1
hold a@1 t1
hold a@1 t2
hold a@none t1
hold a/b@1 t1
holds a@1
holds a@none
holds a/b@1
destroy_snaps a@1 a@2
destroy_snaps a@none
destroy_snaps ^x@1 a@2
release a@1 t1
release a@1 t1
release a@none t1
release a/b@1 t1
holds a@1
holds a/b@1
clone a@2 k
clone a@2 k
clone a@none l
clone a@2 none/l
clone a@2 ^l
destroy_snaps a@2
snapshot k@2
promote k
rename k@2 k@k2
promote k
promote k
promote v
promote none
bookmark k@2 k#b
bookmark k@2 k#b
bookmark k@none k#c
bookmark k@2 a/b#b
bookmark k@2 ^x#b
destroy_bookmarks k#b k#none
rollback a/b@1
snapshot a/b@3
rollback a/b@1
rollback a/b@none
rollback none@1
rename a/b/c a/c
rename a/c a/b
rename a/c none/c
rename a/c ^c
rename none x
rename a/c v/c
rename a/b@1 a/b@one
rename a/b@none a/b@two
rename a/b@one a/b@3
rename a/b@one a/c@one
destroy a
destroy a/b
destroy a/c
destroy none
destroy_snaps a/b@one a/b@3
destroy a/b
release k@1 t2
destroy_snaps k@1 k@2 k@k2
destroy v
destroy_snaps v@1
destroy v
"""

# What pyzfs raises, and what zfstune raises for it.
MEANS: dict[str, type[ZfstuneError]] = {
    "BookmarkExists": AlreadyExists,
    "BookmarkMismatch": RefusedValue,
    "BookmarkNameInvalid": InvalidName,
    "BookmarkNotSupported": NotSupported,
    "BookmarkSourceInvalid": RefusedValue,
    "DatasetBusy": Busy,
    "DatasetExists": AlreadyExists,
    "DatasetNotFound": NotFound,
    "DuplicateSnapshots": RefusedValue,
    "FilesystemExists": AlreadyExists,
    "FilesystemNameInvalid": InvalidName,
    "FilesystemNotFound": NotFound,
    "HoldExists": AlreadyExists,
    "HoldNotFound": NotFound,
    "NameInvalid": InvalidName,
    "NotClone": RefusedValue,
    "ParentNotFound": NotFound,
    "PoolsDiffer": RefusedValue,
    "SnapshotExists": AlreadyExists,
    "SnapshotIsCloned": Busy,
    "SnapshotIsHeld": Busy,
    "SnapshotNameInvalid": InvalidName,
    "SnapshotNotFound": NotFound,
    "SnapshotNotLatest": RefusedValue,
    "WrongParent": RefusedValue,
}


def through_zfstune(engine: Engine, verb: str, names: list[str]) -> object:
    """Make a call; those that are alike on both sides are the engine's own."""
    first, *rest = names
    lists: dict[str, Callable[[list[str]], object]] = {
        "snapshot": engine.take_snapshots,
        "destroy_snaps": engine.destroy_snapshots,
        "destroy_bookmarks": engine.destroy_bookmarks,
        "holds": lambda _: set(engine.holds(first)),
    }
    if verb in lists:
        return lists[verb](names)
    call: Callable[..., object] = getattr(engine, verb)
    if verb == "create" and rest:
        sparse = {"volsize": "1M", "refreservation": "none"}
        return call(first, volume=True, properties=sparse)
    return call([first], *rest) if verb in ("hold", "release") else call(*names)


def through_pyzfs(verb: str, words: list[str]) -> object:
    """Make the same call through pyzfs, which takes bytes."""
    names = [word.encode() for word in words]
    first, *rest = names
    match verb:
        case "create":
            properties = {b"volsize": 1 << 20} if rest else {}
            return lzc.lzc_create(first, "zvol" if rest else "zfs", properties)
        case "snapshot" | "bookmarks" | "destroy_bookmarks":
            return getattr(lzc, f"lzc_{verb}")(names)
        case "destroy_snaps":
            return lzc.lzc_destroy_snaps(names, defer=False)
        case "hold" | "release":
            values = {first: rest[0] if verb == "hold" else rest}
            # what is missing, it gives back without raising
            for name in getattr(lzc, f"lzc_{verb}")(values):
                kind = theirs.HoldNotFound if b"#" in name else theirs.SnapshotNotFound
                raise kind(name)
            return None
        case "holds":
            return {tag.decode() for tag in lzc.lzc_get_holds(first)}
        case "clone" | "bookmark":
            snapshot, name = names
            if verb == "clone":
                return lzc.lzc_clone(name, snapshot)
            return lzc.lzc_bookmark({name: snapshot})
        case "rollback":
            return lzc.lzc_rollback_to(first.partition(b"@")[0], first)
    return getattr(lzc, f"lzc_{verb}")(*names)


def outcome_of(call: Callable[[], object]) -> object:
    """Give what a call returned, or the sorted kinds of what it raised."""
    try:
        return call()
    except BatchError as error:
        return sorted(type(failure).__name__ for failure in error.failures)
    except ZfstuneError as error:
        return [type(error).__name__]
    except theirs.MultipleOperationsFailure as error:
        return sorted(means(each) for each in error.errors)
    except theirs.ZFSError as error:
        return [means(error)]


def means(error: Exception) -> str:
    """Give the name of our class for one of theirs."""
    found = MEANS.get(type(error).__name__)
    return found.__name__ if found else f"{type(error).__name__} {error.args[0]}"


# Where the two differ, and why zfstune has it its own way.
DIFFERENT = {
    # it has children: zfstune says so, pyzfs has no name for the errno
    "destroy a": (["Busy"], ["ZFSGenericError 17"]),
}


@pytest.fixture(scope="module")
def twins(
    make_pool: Callable[..., str], engine: Engine
) -> tuple[tuple[str, str], tuple[str, str]]:
    """Give two roots, in two pools each: ours and theirs."""
    pool, other = make_pool(), make_pool(size_bytes=128 << 20)
    for name in (f"{pool}/o", f"{other}/o", f"{pool}/t", f"{other}/t"):
        engine.create(name)
    return (f"{pool}/o", f"{other}/o"), (f"{pool}/t", f"{other}/t")


def placed(word: str, roots: tuple[str, str]) -> str:
    """Put the root before a name; a tag or kind stays as it is."""
    if word in ("t1", "t2", "volume"):
        return word
    return f"{roots[1]}/{word[1:]}" if word.startswith("^") else f"{roots[0]}/{word}"


def picture(command: Callable[..., str], roots: tuple[str, str]) -> list[str]:
    """Give what is below the roots as zfs lists it, by names without the roots."""
    words = ("zfs", "list", "-H", "-r", "-t", "all", "-o", "name,type,origin,userrefs")
    text = command(*words, *roots)
    return text.replace(roots[0], "").replace(roots[1], "^").splitlines()


def test_both_do_the_same(
    twins: tuple[tuple[str, str], tuple[str, str]],
    engine: Engine,
    command: Callable[..., str],
) -> None:
    """Each step gives the same result or the same kind of error, and the same tree."""
    seen = set()
    for number, step in enumerate(STEPS.splitlines()):
        verb, *words = step.split()
        ours, other = ([placed(word, roots) for word in words] for roots in twins)
        mine = outcome_of(partial(through_zfstune, engine, verb, ours))
        pyzfs = outcome_of(partial(through_pyzfs, verb, other))
        if step in DIFFERENT:
            assert (mine, pyzfs) == DIFFERENT[step]
        else:
            assert mine == pyzfs, step
        seen.add(str(mine))
        if number % 16 == 0:
            assert picture(command, twins[0]) == picture(command, twins[1]), step
    assert picture(command, twins[0]) == picture(command, twins[1])
    # the steps were no row of failures
    assert {"None", "True", "False", "['NotFound']", "['Busy']"} <= seen
