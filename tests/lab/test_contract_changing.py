"""What the engine changes, as ``zfs get``, ``zfs list`` and ``zpool history`` see it."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zfstune.values.errors import (
    AlreadyExists,
    BatchError,
    Busy,
    EngineError,
    InvalidName,
    InvalidProperty,
    NoSpace,
    NotFound,
    RefusedValue,
)
from zfstune.values.state import Bookmark

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine


def get(command: Callable[..., str], prop: str, name: str) -> tuple[str, str]:
    """Give value and source as `zfs get -Hp` prints them."""
    line = command("zfs", "get", "-Hpo", "value,source", prop, name)
    value, source = line.rstrip("\n").split("\t")
    return value, source


def listed(command: Callable[..., str], name: str, kind: str = "all") -> list[str]:
    """Give the names below `name`, without it, as `zfs list` has them."""
    words = ("zfs", "list", "-H", "-o", "name", "-r", "-t", kind, "-s", "createtxg")
    names = command(*words, name).split("\n")
    return [line[len(name) :] for line in names if line and line != name]


@pytest.fixture
def name(pool: str) -> str:
    """Give a name that no dataset has yet."""
    return f"{pool}/{secrets.token_hex(4)}"


def test_create(engine: Engine, name: str, command: Callable[..., str]) -> None:
    """A filesystem has the properties given, all local, and is not mounted."""
    wanted = {
        "recordsize": "8K",
        "compression": "zstd-3",
        "quota": "100M",
        "mountpoint": "/zt/somewhere",
        "utf8only": "on",
        "org.x:y": "z e",
    }
    engine.create(f"{name}/a/b", parents=True, properties=wanted)
    assert listed(command, name) == ["/a", "/a/b"]
    assert get(command, "recordsize", f"{name}/a/b") == ("8192", "local")
    assert get(command, "compression", f"{name}/a/b") == ("zstd-3", "local")
    assert get(command, "quota", f"{name}/a/b") == (str(100 << 20), "local")
    assert get(command, "mountpoint", f"{name}/a/b") == ("/zt/somewhere", "local")
    assert get(command, "utf8only", f"{name}/a/b") == ("on", "-")
    assert get(command, "org.x:y", f"{name}/a/b") == ("z e", "local")
    assert get(command, "recordsize", f"{name}/a")[1] == "default"
    assert get(command, "mounted", f"{name}/a/b")[0] == "no"
    with pytest.raises(AlreadyExists):
        engine.create(f"{name}/a/b")
    with pytest.raises(NotFound, match="parent"):
        engine.create(f"{name}/x/y")


@pytest.mark.parametrize(
    "properties",
    [
        {"volsize": "16M"},
        {"volsize": "16M", "volblocksize": "64K"},
        {"volsize": "16M", "volblocksize": "4K"},
    ],
    ids=lambda p: ",".join(f"{k}={v}" for k, v in p.items()),
)
def test_volumes_reserve_what_zfs_create_reserves(
    engine: Engine, name: str, properties: dict[str, str], command: Callable[..., str]
) -> None:
    """A volume has the refreservation and block size of its twin by `zfs create -V`."""
    engine.create(name, volume=True, properties=properties)
    options = [
        word
        for prop, value in properties.items()
        if prop != "volsize"
        for word in ("-o", f"{prop}={value}")
    ]
    command("zfs", "create", "-V", properties["volsize"], *options, f"{name}-twin")
    for prop in ("volsize", "volblocksize", "refreservation", "copies"):
        assert get(command, prop, name) == get(command, prop, f"{name}-twin"), prop
    engine.create(
        f"{name}-sparse", volume=True, properties={**properties, "refreservation": "none"}
    )
    assert get(command, "refreservation", f"{name}-sparse")[0] == "0"
    engine.set(f"{name}-sparse", {"refreservation": "auto"})
    assert get(command, "refreservation", f"{name}-sparse") == get(
        command, "refreservation", name
    )
    if "volblocksize" in properties:
        # libzfs forgets copies (zvol_volsize_to_reservation looks for them as text),
        # so its volumes run full; here the reservation holds both
        engine.create(f"{name}-2", volume=True, properties={**properties, "copies": "2"})
        once = int(get(command, "refreservation", name)[0])
        assert int(get(command, "refreservation", f"{name}-2")[0]) >= once + (16 << 20)


def test_set(engine: Engine, dataset: str, command: Callable[..., str]) -> None:
    """Many properties at once; a snapshot takes user properties; values are checked."""
    wanted = {"atime": "off", "recordsize": "1M", "quota": "50M", "org.x:y": ""}
    engine.set(dataset, wanted)
    assert get(command, "atime", dataset) == ("off", "local")
    assert get(command, "recordsize", dataset) == ("1048576", "local")
    assert get(command, "quota", dataset) == (str(50 << 20), "local")
    assert engine.dataset(dataset).local("org.x:y") == ""
    engine.take_snapshots([f"{dataset}@a"])
    engine.set(f"{dataset}@a", {"org.x:y": "é"})
    assert get(command, "org.x:y", f"{dataset}@a") == ("é", "local")
    for bad in ({"recordsize": "5000"}, {"nonsense": "1"}, {"utf8only": "on"}):
        with pytest.raises(InvalidProperty):
            engine.set(dataset, {"atime": "on", **bad})
    assert get(command, "atime", dataset) == ("off", "local")
    with pytest.raises(NotFound):
        engine.set(f"{dataset}/none", {"atime": "off"})


def test_a_refused_property_is_named(
    engine: Engine, dataset: str, command: Callable[..., str]
) -> None:
    """The kernel sets what it can; the error names what it refused."""
    Path(f"/{dataset}/file").write_bytes(os.urandom(4 << 20))
    command("zpool", "sync")
    with pytest.raises(EngineError, match="quota=1M") as caught:
        engine.set(dataset, {"atime": "off", "quota": "1M", "sync": "always"})
    assert (caught.value.operation, caught.value.target) == ("set", dataset)
    assert get(command, "quota", dataset)[0] == "0"
    assert get(command, "atime", dataset) == ("off", "local")
    with pytest.raises(NoSpace, match="reservation=1T"):
        engine.set(dataset, {"reservation": "1T"})


def test_inherit(engine: Engine, dataset: str, command: Callable[..., str]) -> None:
    """A value goes back to the parent's, the default or the received one."""
    child = f"{dataset}/child"
    engine.set(dataset, {"recordsize": "8K", "org.x:y": "parent"})
    engine.create(child, properties={"recordsize": "16K", "org.x:y": "z", "sync": "always"})
    for prop, expected in (
        ("recordsize", ("8192", f"inherited from {dataset}")),
        ("org.x:y", ("parent", f"inherited from {dataset}")),
        ("sync", ("standard", "default")),
    ):
        engine.inherit(child, prop)
        assert get(command, prop, child) == expected
    engine.inherit(child, "recordsize")  # nothing to drop
    engine.set(child, {"org.x:r": "sent", "compression": "gzip"})
    engine.take_snapshots([f"{child}@a"])
    copy = f"{dataset}/copy"
    command("sh", "-c", f"zfs send -p {child}@a | zfs recv {copy}")
    engine.set(copy, {"org.x:r": "local", "compression": "off"})
    engine.inherit(copy, "org.x:r", received=True)
    engine.inherit(copy, "compression", received=True)
    assert get(command, "org.x:r", copy) == ("sent", "received")
    assert get(command, "compression", copy) == ("gzip", "received")
    engine.inherit(copy, "compression")
    assert get(command, "compression", copy)[1] == "default"
    engine.set(f"{child}@a", {"org.x:y": "of snapshot"})
    engine.inherit(f"{child}@a", "org.x:y")
    assert get(command, "org.x:y", f"{child}@a")[0] == "parent"
    for prop in ("quota", "utf8only", "nonsense", "used"):
        with pytest.raises(InvalidProperty):
            engine.inherit(child, prop)


def test_snapshots_are_taken_all_or_none(
    engine: Engine, dataset: str, command: Callable[..., str]
) -> None:
    """Snapshots of one call share their instant; one that cannot be taken stops all."""
    names = [f"{dataset}/{i}" for i in range(3)]
    for each in names:
        engine.create(each)
    engine.take_snapshots([f"{n}@a" for n in names], properties={"org.x:y": "1"})
    found = engine.find_snapshots([f"{n}@a" for n in names], properties=True)
    assert len({s.createtxg for s in found.values()}) == 1
    assert [s.local("org.x:y") for s in found.values()] == ["1"] * 3
    engine.take_snapshots([f"{names[1]}@b"])
    with pytest.raises(BatchError) as caught:
        engine.take_snapshots([f"{n}@b" for n in names])
    (failure,) = caught.value.failures
    assert isinstance(failure, AlreadyExists)
    assert failure.target == f"{names[1]}@b"
    assert listed(command, dataset, "snapshot") == ["/0@a", "/1@a", "/2@a", "/1@b"]
    engine.take_snapshots([])


def test_destroying_snapshots(
    engine: Engine, dataset: str, command: Callable[..., str]
) -> None:
    """One that is held or cloned stops all and is named; a missing one is passed over."""
    names = [f"{dataset}@{short}" for short in "abcde"]
    for each in names:
        engine.take_snapshots([each])
    engine.hold([names[1]], "keep")
    engine.clone(names[3], f"{dataset}-clone")
    with pytest.raises(BatchError) as caught:
        engine.destroy_snapshots(names)
    failures = {failure.target: failure for failure in caught.value.failures}
    assert failures.keys() == {names[1], names[3]}
    assert isinstance(failures[names[1]], Busy)
    assert "clones" in failures[names[3]].reason
    assert listed(command, dataset) == ["@a", "@b", "@c", "@d", "@e"]
    engine.destroy_snapshots([names[0], names[2], f"{dataset}@none"])
    assert listed(command, dataset) == ["@b", "@d", "@e"]
    engine.destroy_snapshots([names[1]], defer=True)
    assert get(command, "defer_destroy", names[1])[0] == "on"
    engine.release([names[1]], "keep")
    assert listed(command, dataset) == ["@d", "@e"]
    engine.destroy_snapshots([])


def test_rename_clone_promote_rollback(
    engine: Engine, dataset: str, command: Callable[..., str]
) -> None:
    """A clone takes over its origin's snapshots; a rollback brings files back."""
    file = Path(f"/{dataset}/file")
    file.write_text("old")
    engine.take_snapshots([f"{dataset}@a"])
    engine.rename(f"{dataset}@a", f"{dataset}@b")
    clone = f"{dataset}-clone"
    engine.clone(f"{dataset}@b", clone, properties={"recordsize": "8K", "org.x:y": "1"})
    assert get(command, "origin", clone)[0] == f"{dataset}@b"
    assert get(command, "recordsize", clone) == ("8192", "local")
    assert engine.dataset(clone).value("origin") == f"{dataset}@b"
    engine.promote(clone)
    assert get(command, "origin", dataset)[0] == f"{clone}@b"
    assert listed(command, clone) == ["@b"]
    assert listed(command, dataset) == []
    engine.take_snapshots([f"{dataset}@c"])
    file.write_text("new")
    engine.rollback(f"{dataset}@c")
    assert file.read_text() == "old"
    engine.take_snapshots([f"{dataset}@d"])
    with pytest.raises(RefusedValue, match="newer"):
        engine.rollback(f"{dataset}@c")
    with pytest.raises(RefusedValue, match="not a clone"):
        engine.promote(clone)
    with pytest.raises(InvalidName):
        engine.rename(dataset, f"{dataset}@x")


def test_a_promotion_moves_bookmarks(
    engine: Engine, dataset: str, command: Callable[..., str]
) -> None:
    """The older bookmarks move; a clash, which panics the kernel, is refused first."""
    clone = f"{dataset}-clone"
    for short in "12":
        engine.take_snapshots([f"{dataset}@{short}"])
        engine.bookmark(f"{dataset}@{short}", f"{dataset}#{short}")
    engine.clone(f"{dataset}@1", clone)
    engine.take_snapshots([f"{clone}@3"])
    engine.bookmark(f"{clone}@3", f"{clone}#1")
    with pytest.raises(AlreadyExists, match="bookmark of that name: #1"):
        engine.promote(clone)
    engine.destroy_bookmarks([f"{clone}#1"])
    engine.bookmark(f"{clone}@3", f"{clone}#2")  # of one that does not move
    engine.promote(clone)
    assert listed(command, clone, "bookmark") == ["#1", "#2"]
    assert listed(command, dataset, "bookmark") == ["#2"]


def test_volumes_take_the_same_calls(
    engine: Engine, name: str, command: Callable[..., str]
) -> None:
    """A volume is snapshot, cloned with properties of volumes, rolled back and renamed."""
    engine.create(name, volume=True, properties={"volsize": "1M", "refreservation": "none"})
    engine.take_snapshots([f"{name}@a"])
    engine.clone(f"{name}@a", f"{name}-clone", properties={"volmode": "none"})
    assert get(command, "volmode", f"{name}-clone") == ("none", "local")
    with pytest.raises(InvalidProperty):
        engine.clone(f"{name}@a", f"{name}-other", properties={"atime": "off"})
    engine.rollback(f"{name}@a")
    engine.rename(name, f"{name}-new")
    assert engine.dataset(f"{name}-clone").value("origin") == f"{name}-new@a"
    engine.set(f"{name}-new", {"volsize": "2M"})
    assert get(command, "volsize", f"{name}-new")[0] == str(2 << 20)


def test_holds(engine: Engine, dataset: str, command: Callable[..., str]) -> None:
    """Holds are what `zfs holds` lists, with their time; each tag is released alone."""
    names = [f"{dataset}@a", f"{dataset}@b"]
    engine.take_snapshots(names[:1])
    engine.take_snapshots(names[1:])
    engine.hold(names, "one")
    engine.hold(names[:1], "two é")
    found = engine.holds(names[0])
    assert found.keys() == {"one", "two é"}
    assert abs(found["one"] - datetime.now(UTC)) < timedelta(minutes=1)
    lines = command("zfs", "holds", "-H", *names).splitlines()
    assert {tuple(line.split("\t")[:2]) for line in lines} == {
        (names[0], "one"),
        (names[0], "two é"),
        (names[1], "one"),
    }
    with pytest.raises(BatchError, match="exists already"):
        engine.hold(names, "two é")
    assert engine.holds(names[1]).keys() == {"one"}
    engine.release(names, "one")
    assert engine.holds(names[0]).keys() == {"two é"}
    assert engine.holds(names[1]) == {}
    with pytest.raises(BatchError, match="no hold"):
        engine.release(names, "one")
    engine.release(names[:1], "two é")


def test_bookmarks(engine: Engine, dataset: str, command: Callable[..., str]) -> None:
    """A bookmark keeps its snapshot's guid, createtxg and time when that is gone."""
    engine.take_snapshots([f"{dataset}@a"])
    taken = engine.snapshot(f"{dataset}@a")
    engine.bookmark(f"{dataset}@a", f"{dataset}#a")
    engine.bookmark(f"{dataset}@a", f"{dataset}#b")
    engine.destroy_snapshots([f"{dataset}@a"])
    assert engine.bookmarks(dataset) == {
        name: Bookmark(
            name,
            taken.guid,
            taken.createtxg,
            taken.creation or 0,
            referenced_bytes=int(taken.value("referenced") or 0),
        )
        for name in (f"{dataset}#a", f"{dataset}#b")
    }
    assert listed(command, dataset, "bookmark") == ["#a", "#b"]
    for prop in ("guid", "createtxg", "creation"):
        assert get(command, prop, f"{dataset}#a")[0] == str(getattr(taken, prop))
    engine.destroy_bookmarks([f"{dataset}#a", f"{dataset}#none"])
    assert listed(command, dataset, "bookmark") == ["#b"]
    engine.destroy_bookmarks([])
    with pytest.raises(NotFound):
        engine.bookmarks(f"{dataset}/none")


def test_history_has_one_line_a_change(
    make_pool: Callable[..., str], engine: Engine, command: Callable[..., str]
) -> None:
    """`zpool history` shows each change once, as a command that could be typed."""
    pool = make_pool()
    a, b = f"{pool}/a", f"{pool}/b"
    engine.create(a, properties={"recordsize": "8K", "org.zfstune:profile": "x"})
    engine.set(a, {"atime": "off", "org.x:y": "1"})
    engine.inherit(a, "atime")
    engine.take_snapshots([f"{a}@1", f"{pool}@1"])
    engine.take_snapshots([f"{a}@2"])
    engine.hold([f"{a}@1"], "tag")
    engine.release([f"{a}@1"], "tag")
    engine.bookmark(f"{a}@1", f"{a}#m")
    engine.destroy_bookmarks([f"{a}#m"])
    engine.rollback(f"{a}@2")
    engine.clone(f"{a}@1", b)
    engine.promote(b)
    engine.rename(b, f"{pool}/c")
    engine.destroy_snapshots([f"{a}@2", f"{pool}@1"])
    engine.destroy(a)
    with pytest.raises(EngineError):
        engine.create(f"{pool}/c")
    lines = command("zpool", "history", pool).splitlines()
    assert [line.partition(" ")[2] for line in lines if " zfstune " in line] == [
        f"zfstune create -o recordsize=8K {a}",
        f"zfstune set atime=off org.x:y=1 {a}",
        f"zfstune inherit atime {a}",
        f"zfstune snapshot {a}@1 {pool}@1",
        f"zfstune snapshot {a}@2",
        f"zfstune hold tag {a}@1",
        f"zfstune release tag {a}@1",
        f"zfstune bookmark {a}@1 {a}#m",
        f"zfstune destroy {a}#m",
        f"zfstune rollback {a}@2",
        f"zfstune clone {a}@1 {b}",
        f"zfstune promote {b}",
        f"zfstune rename {b} {pool}/c",
        f"zfstune destroy {a}@2 {pool}@1",
        f"zfstune destroy {a}",
    ]
    command("zpool", "destroy", "-f", pool)
