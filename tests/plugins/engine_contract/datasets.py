"""Filesystems and volumes: made, changed, cloned, moved and destroyed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine_contract.words import MIB, names_below, shorts
from zfstune.values.errors import (
    AlreadyExists,
    Busy,
    EngineError,
    InvalidName,
    InvalidProperty,
    NoSpace,
    NotFound,
    RefusedValue,
)

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine

LONGEST = 8191  # of a user property: ZAP_MAXVALUELEN with its end


def test_create(engine: Engine, tree: str) -> None:
    """A filesystem has the properties given, all local, and inherits the others."""
    wanted = {
        "recordsize": "8K",
        "compression": "zstd-3",
        "quota": "100M",
        "mountpoint": "/zt/somewhere",
        "utf8only": "on",
        "version": "5",
        "org.x:y": "z é",
    }
    engine.create(f"{tree}/a/b", parents=True, properties=wanted)
    assert names_below(engine, tree) == ["/a", "/a/b"]
    made = engine.dataset(f"{tree}/a/b")
    local = {
        **wanted,
        "recordsize": "8192",
        "quota": str(100 * MIB),
    }
    del local["utf8only"], local["version"]
    assert {p: made.local(p) for p in local} == local
    assert (made.value("utf8only"), made.local("utf8only")) == ("on", None)
    assert made.value("version") == "5"
    assert made.kind == "filesystem"
    engine.create(f"{tree}/a/b/c")
    child = engine.dataset(f"{tree}/a/b/c")
    assert child.properties["recordsize"].origin == f"{tree}/a/b"
    assert (child.value("utf8only"), child.value("quota")) == ("on", "0")
    assert (child.value("mountpoint") or "").endswith("/zt/somewhere")


def test_what_is_not_created(engine: Engine, tree: str) -> None:
    """No parent, a volume for one, twice, a wrong name or value: nothing is there."""
    engine.create(f"{tree}/v", volume=True, properties={"volsize": "1M"})
    for name, error in (
        (f"{tree}/x/y", NotFound),
        (f"{tree}/v/x", RefusedValue),
        (f"{tree}/v", AlreadyExists),
        (f"{tree}/a@b", InvalidName),
        (f"{tree}/a%b", InvalidName),
        (f"{tree}/{'a' * 256}", InvalidName),
        (f"{tree}//a", InvalidName),
    ):
        with pytest.raises(error):
            engine.create(name)
    for wrong in (
        {"recordsize": "5000"},
        {"nonsense": "1"},
        {"volsize": "1M"},
        {"used": "1"},
        {"org.x:y": "v" * (LONGEST + 1)},
    ):
        with pytest.raises(InvalidProperty):
            engine.create(f"{tree}/a", properties=wrong)
    # one that only ZFS itself can refuse takes the dataset back
    with pytest.raises(EngineError):
        engine.create(f"{tree}/a", properties={"atime": "off", "reservation": "1E"})
    assert names_below(engine, tree) == ["/v"]


def test_no_quota_is_a_word(engine: Engine, tree: str) -> None:
    """Zero is refused, as `zfs set` refuses it; the word takes a quota away."""
    engine.set(tree, {"quota": "50M", "refquota": "50M"})
    for prop in ("quota", "refquota"):
        for zero in ("0", "0B", "00"):
            with pytest.raises(InvalidProperty, match="zero is no limit") as caught:
                engine.set(tree, {prop: zero})
            assert f"{prop}=none" in caught.value.hint
            with pytest.raises(InvalidProperty):
                engine.create(f"{tree}/a", properties={prop: zero})
    engine.set(tree, {"quota": "none", "refquota": "none"})
    now = engine.dataset(tree)
    assert (now.value("quota"), now.value("refquota")) == ("0", "0")
    engine.set(tree, {"reservation": "0", "refreservation": "0"})


def test_set(engine: Engine, tree: str) -> None:
    """Many at once, words and sizes understood; a wrong one stops all before ZFS."""
    engine.set(tree, {"atime": "off", "recordsize": "1M", "org.x:y": "", "quota": "50M"})
    now = engine.dataset(tree)
    assert [now.local(p) for p in ("atime", "recordsize", "org.x:y", "quota")] == [
        "off",
        str(MIB),
        "",
        str(50 * MIB),
    ]
    for bad in ({"recordsize": "5000"}, {"nonsense": "1"}, {"utf8only": "on"}):
        with pytest.raises(InvalidProperty):
            engine.set(tree, {"atime": "on", **bad})
    assert engine.dataset(tree).local("atime") == "off"
    longest = {"org.x:long": "v" * LONGEST, f"org.x:{'n' * 249}": "1"}
    engine.set(tree, longest)
    assert {p: engine.dataset(tree).local(p) for p in longest} == longest
    with pytest.raises(NotFound):
        engine.set(f"{tree}/none", {"atime": "off"})
    with pytest.raises(NotFound):
        engine.set(f"{tree}@none", {"org.x:y": "1"})


def test_a_refused_property_is_named(engine: Engine, tree: str) -> None:
    """ZFS sets what it can; the error names what it refused, and why."""
    with pytest.raises(NoSpace, match="reservation=1T") as caught:
        engine.set(tree, {"atime": "off", "reservation": "1T", "sync": "always"})
    assert (caught.value.operation, caught.value.target) == ("set", tree)
    now = engine.dataset(tree)
    assert (now.local("atime"), now.local("sync")) == ("off", "always")
    assert now.value("reservation") == "0"


def test_the_order_of_quota_and_reservation_is_no_matter(engine: Engine, tree: str) -> None:
    """Both go down or up in one call, whichever is first in the list."""
    for quota, reservation in (("60M", "40M"), ("30M", "20M"), ("90M", "80M")):
        engine.set(
            tree,
            {
                "quota": quota,
                "refquota": quota,
                "reservation": reservation,
                "refreservation": reservation,
            },
        )
        now = engine.dataset(tree)
        for limit, floor in (("quota", "reservation"), ("refquota", "refreservation")):
            assert now.local(limit) == str(int(quota[:-1]) * MIB)
            assert now.local(floor) == str(int(reservation[:-1]) * MIB)
    engine.set(tree, {"quota": "none", "refquota": "none"})
    engine.set(tree, {"reservation": "none", "refreservation": "none"})
    assert engine.dataset(tree).value("reservation") == "0"


def test_inherit(engine: Engine, tree: str) -> None:
    """A value goes back to the parent's or the default; what has none is refused."""
    child = f"{tree}/child"
    engine.set(tree, {"recordsize": "8K", "org.x:y": "parent"})
    engine.create(child, properties={"recordsize": "16K", "org.x:y": "z", "sync": "always"})
    for prop, value, source, origin in (
        ("recordsize", "8192", "inherited", tree),
        ("org.x:y", "parent", "inherited", tree),
        ("sync", "standard", "default", ""),
    ):
        engine.inherit(child, prop)
        found = engine.dataset(child).properties[prop]
        assert (found.value, found.source, found.origin) == (value, source, origin)
    engine.inherit(child, "recordsize")  # nothing to drop
    for prop in ("quota", "utf8only", "nonsense", "used", "volsize"):
        with pytest.raises(InvalidProperty):
            engine.inherit(child, prop)
    with pytest.raises(NotFound):
        engine.inherit(f"{tree}/none", "sync")


def test_limits_on_counts(engine: Engine, tree: str) -> None:
    """A limit is counted from what is there, shown, and lifted again."""
    engine.create(f"{tree}/a")
    engine.set(tree, {"filesystem_limit": "3", "snapshot_limit": "2"})
    now = engine.dataset(tree)
    assert (now.value("filesystem_count"), now.local("filesystem_limit")) == ("1", "3")
    engine.take_snapshots([f"{tree}@a"])
    assert engine.dataset(tree).value("snapshot_count") == "1"
    engine.set(tree, {"filesystem_limit": "none"})
    assert engine.dataset(tree).value("filesystem_limit") in ("none", str(2**64 - 1))


def test_destroy(engine: Engine, tree: str) -> None:
    """Only what has neither children nor snapshots goes."""
    engine.create(f"{tree}/a/b", parents=True)
    engine.take_snapshots([f"{tree}/a/b@s"])
    for name, error in (
        (f"{tree}/a", Busy),
        (f"{tree}/a/b", Busy),
        (f"{tree}/none", NotFound),
        (f"{tree}/a/b@s", InvalidName),
    ):
        with pytest.raises(error):
            engine.destroy(name)
    engine.destroy_snapshots([f"{tree}/a/b@s"])
    engine.destroy(f"{tree}/a/b")
    engine.destroy(f"{tree}/a")
    assert names_below(engine, tree) == []


def test_clone_and_promote(engine: Engine, tree: str) -> None:
    """A clone takes over its origin's snapshots, unless one is in the way."""
    engine.create(f"{tree}/a")
    engine.take_snapshots([f"{tree}/a@1"])
    engine.take_snapshots([f"{tree}/a@2"])
    clone = f"{tree}/c"
    engine.clone(f"{tree}/a@2", clone, properties={"recordsize": "8K", "org.x:y": "1"})
    assert engine.dataset(clone).local("recordsize") == "8192"
    assert engine.dataset(clone).value("origin") == f"{tree}/a@2"
    assert engine.snapshot(f"{tree}/a@2").clones == 1
    engine.take_snapshots([f"{clone}@1"])
    with pytest.raises(AlreadyExists, match=r"both have.*: #?1"):
        engine.promote(clone)
    engine.destroy_snapshots([f"{clone}@1"])
    engine.promote(clone)
    assert shorts(engine, clone) == ["1", "2"]
    assert engine.dataset(f"{tree}/a").value("origin") == f"{clone}@2"
    assert not engine.dataset(clone).value("origin")
    with pytest.raises(RefusedValue):
        engine.promote(clone)
    for snapshot, name, error in (
        (f"{tree}/a@none", f"{tree}/x", NotFound),
        (f"{clone}@1", f"{tree}/a", AlreadyExists),
        (f"{clone}@1", f"{tree}/x/y", NotFound),
    ):
        with pytest.raises(error):
            engine.clone(snapshot, name)
    with pytest.raises(NoSpace):
        engine.clone(f"{clone}@1", f"{tree}/x", properties={"reservation": "1E"})
    assert names_below(engine, tree) == ["/a", "/c"]


def test_many_clones_at_once(engine: Engine, tree: str) -> None:
    """Each with the properties; the first error ends it, and nothing bad is begun."""
    engine.create(f"{tree}/a")
    engine.take_snapshots([f"{tree}/a@1"])
    names = [f"{tree}/c{number}" for number in range(20)]
    engine.clone_all(f"{tree}/a@1", [*names, names[0]], properties={"atime": "off"})
    for name in names:
        assert engine.dataset(name).value("origin") == f"{tree}/a@1"
        assert engine.dataset(name).local("atime") == "off"
    assert engine.snapshot(f"{tree}/a@1").clones == 20
    engine.clone_all(f"{tree}/a@1", [])
    with pytest.raises(AlreadyExists):
        engine.clone_all(f"{tree}/a@1", names)
    with pytest.raises(NotFound):
        engine.clone_all(f"{tree}/a@1", [f"{tree}/x", f"{tree}/none/y"])
    assert not engine.exists(f"{tree}/x")


def test_promote_takes_bookmarks_along(engine: Engine, tree: str) -> None:
    """Unless one is in the way, on which OpenZFS itself would fall over."""
    engine.create(f"{tree}/a")
    for short in "12":
        engine.take_snapshots([f"{tree}/a@{short}"])
        engine.bookmark(f"{tree}/a@{short}", f"{tree}/a#{short}")
    clone = f"{tree}/c"
    engine.clone(f"{tree}/a@1", clone)
    engine.take_snapshots([f"{clone}@3"])
    engine.bookmark(f"{clone}@3", f"{clone}#1")
    with pytest.raises(AlreadyExists, match=r"bookmark.*#1"):
        engine.promote(clone)
    engine.destroy_bookmarks([f"{clone}#1"])
    engine.bookmark(f"{clone}@3", f"{clone}#2")
    engine.promote(clone)
    assert engine.bookmarks(clone).keys() == {f"{clone}#1", f"{clone}#2"}
    assert engine.bookmarks(f"{tree}/a").keys() == {f"{tree}/a#2"}


def test_rename(engine: Engine, tree: str) -> None:
    """A dataset moves with all below it, a snapshot within its dataset."""
    engine.create(f"{tree}/a/b", parents=True)
    engine.create(f"{tree}/c")
    engine.take_snapshots([f"{tree}/a/b@s"])
    engine.rename(f"{tree}/a", f"{tree}/c/d")
    assert names_below(engine, tree) == ["/c", "/c/d", "/c/d/b"]
    engine.rename(f"{tree}/c/d/b@s", f"{tree}/c/d/b@t")
    assert shorts(engine, f"{tree}/c/d/b") == ["t"]
    for old, new, error in (
        (f"{tree}/c", f"{tree}/c/d/e", RefusedValue),
        (f"{tree}/c/d", f"{tree}/none/d", NotFound),
        (f"{tree}/none", f"{tree}/x", NotFound),
        (f"{tree}/c/d", f"{tree}/c", AlreadyExists),
        (f"{tree}/c/d/b@t", f"{tree}/c@t", RefusedValue),
        (f"{tree}/c/d/b@none", f"{tree}/c/d/b@x", NotFound),
        (f"{tree}/c", f"{tree}/c@x", InvalidName),
    ):
        with pytest.raises(error):
            engine.rename(old, new)
    assert names_below(engine, tree) == ["/c", "/c/d", "/c/d/b"]


def test_long_names(engine: Engine, tree: str) -> None:
    """The longest name can be made and read; what would lie below it cannot."""
    name = f"{tree}/{'n' * (253 - len(tree))}"
    engine.create(name)
    assert names_below(engine, tree) == [name[len(tree) :]]
    assert engine.snapshots(name) == []
    with pytest.raises(InvalidName):
        engine.create(f"{name}/a")
    with pytest.raises(InvalidName):
        engine.take_snapshots([f"{name}@ab"])
    engine.destroy(name)
