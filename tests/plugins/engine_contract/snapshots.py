"""Snapshots, holds and bookmarks, many in one call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from engine_contract.words import refused, shorts
from zfstune.values.errors import (
    AlreadyExists,
    BatchError,
    Busy,
    EngineError,
    InvalidProperty,
    NotFound,
    RefusedValue,
)
from zfstune.values.state import Bookmark

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine


def test_snapshots_are_taken_all_or_none(engine: Engine, tree: str) -> None:
    """Snapshots of one call share their instant; one that cannot be taken stops all."""
    names = [f"{tree}/{i}" for i in range(3)]
    for each in names:
        engine.create(each)
    engine.take_snapshots([f"{n}@a" for n in names], properties={"org.x:y": "1"})
    found = engine.find_snapshots([f"{n}@a" for n in names], properties=True)
    assert len({s.createtxg for s in found.values()}) == 1
    assert [s.local("org.x:y") for s in found.values()] == ["1"] * 3
    engine.take_snapshots([f"{names[1]}@b"])
    with pytest.raises(BatchError) as caught:
        engine.take_snapshots([f"{n}@b" for n in names])
    assert refused(caught.value) == {f"{names[1]}@b": AlreadyExists}
    assert [shorts(engine, n) for n in names] == [["a"], ["a", "b"], ["a"]]
    with pytest.raises(BatchError) as caught:
        engine.take_snapshots([f"{tree}/none@a"])
    assert refused(caught.value) == {f"{tree}/none@a": NotFound}
    with pytest.raises(RefusedValue, match="one snapshot of each dataset"):
        engine.take_snapshots([f"{tree}@x", f"{tree}@y"])
    with pytest.raises((InvalidProperty, RefusedValue)):
        engine.take_snapshots([f"{tree}@x"], properties={"atime": "off"})
    assert shorts(engine, tree) == []
    engine.take_snapshots([])


def test_a_listing_tells_when_each_was_taken(engine: Engine, tree: str) -> None:
    """Asked for times it gives all; unasked it may give none, and never another one."""
    engine.create(f"{tree}/a")
    engine.create(f"{tree}/v", properties={"volsize": "8M"}, volume=True)
    for dataset in (f"{tree}/a", f"{tree}/v"):
        for short in "xy":
            engine.take_snapshots([f"{dataset}@{short}"])
        read = engine.snapshots(dataset, properties=True)
        times = [int(s.value("creation") or 0) for s in read]
        assert abs(times[1] - datetime.now(UTC).timestamp()) < 3600
        assert [s.creation for s in read] == times
        assert [s.creation for s in engine.snapshots(dataset, dated=True)] == times
        for time, snapshot in zip(times, engine.snapshots(dataset), strict=True):
            assert snapshot.creation in (None, time)


def test_many_snapshots(engine: Engine, tree: str) -> None:
    """Those of many datasets in each call: all are listed, in order, each with its guid."""
    names = [f"{tree}/{number:02}" for number in range(8)]
    for name in names:
        engine.create(name)
    for short in "cab":
        engine.take_snapshots([f"{name}@{short}" for name in names])
    for name in names:
        found = engine.snapshots(name)
        assert [s.short_name for s in found] == ["c", "a", "b"]
        assert sorted(found, key=lambda s: s.createtxg) == found
        assert len({s.guid for s in found}) == 3
    engine.destroy_snapshots([f"{name}@{short}" for name in names for short in "ab"])
    assert {tuple(shorts(engine, name)) for name in names} == {("c",)}


def test_destroying_snapshots(engine: Engine, tree: str) -> None:
    """One that is held or cloned stops all and is named; a missing one is passed over."""
    names = [f"{tree}@{short}" for short in "abcde"]
    for each in names:
        engine.take_snapshots([each])
    engine.hold([names[1]], "keep")
    engine.clone(names[3], f"{tree}/clone")
    with pytest.raises(BatchError) as caught:
        engine.destroy_snapshots(names)
    assert refused(caught.value) == {names[1]: Busy, names[3]: Busy}
    assert shorts(engine, tree) == [*"abcde"]
    engine.destroy_snapshots([names[0], names[2], f"{tree}@none"])
    assert shorts(engine, tree) == [*"bde"]
    engine.destroy_snapshots([names[1]], defer=True)
    assert engine.snapshot(names[1]).value("defer_destroy") == "on"
    engine.release([names[1]], "keep")
    assert shorts(engine, tree) == [*"de"]
    engine.destroy_snapshots([])


def test_rollback(engine: Engine, tree: str) -> None:
    """Only to the newest; a newer one, or a bookmark, is not lost unasked."""
    for short in "ab":
        engine.take_snapshots([f"{tree}@{short}"])
    engine.rollback(f"{tree}@b")
    with pytest.raises(RefusedValue, match="newer"):
        engine.rollback(f"{tree}@a")
    engine.destroy_snapshots([f"{tree}@b"])
    engine.rollback(f"{tree}@a")
    with pytest.raises(NotFound):
        engine.rollback(f"{tree}/none@a")


def test_holds(engine: Engine, tree: str) -> None:
    """Each tag has its time and is released alone; one that is there stops all."""
    names = [f"{tree}@a", f"{tree}@b"]
    for name in names:
        engine.take_snapshots([name])
    engine.hold(names, "one")
    engine.hold(names[:1], "two é")
    found = engine.holds(names[0])
    assert found.keys() == {"one", "two é"}
    assert abs(found["one"] - datetime.now(UTC)) < timedelta(minutes=2)
    with pytest.raises(BatchError, match="exists already"):
        engine.hold(names, "two é")
    assert engine.holds(names[1]).keys() == {"one"}
    with pytest.raises(BatchError):
        engine.hold([f"{tree}@none"], "x")
    engine.release(names, "one")
    assert engine.holds(names[1]) == {}
    with pytest.raises(BatchError) as caught:
        engine.release(names, "one")
    assert set(refused(caught.value).values()) == {NotFound}
    engine.release(names[:1], "two é")
    with pytest.raises(NotFound):
        engine.holds(f"{tree}@none")


def test_holds_that_end_with_a_block(engine: Engine, tree: str) -> None:
    """They end with it, however it ends; one that cannot be made leaves none."""
    names = [f"{tree}@a", f"{tree}@b"]
    engine.take_snapshots(names[:1])
    engine.take_snapshots(names[1:])
    with engine.holding(names, "one"), engine.holding(names[:1], "two é"):
        assert engine.holds(names[0]).keys() == {"one", "two é"}
        with pytest.raises(BatchError, match="held"):
            engine.destroy_snapshots(names)
        with (
            pytest.raises(BatchError, match="exists already"),
            engine.holding(names, "two é"),
        ):
            pass
        assert engine.holds(names[0]).keys() == {"one", "two é"}
        assert engine.holds(names[1]).keys() == {"one"}
    assert [engine.holds(name) for name in names] == [{}, {}]
    engine.hold(names, "stays")
    with pytest.raises(ValueError, match="from within"), engine.holding(names, "one"):
        raise ValueError("from within")
    with (
        pytest.raises(BatchError) as caught,
        engine.holding([*names, f"{tree}@none"], "one"),
    ):
        pass
    assert refused(caught.value) == {f"{tree}@none": NotFound}
    assert [engine.holds(name).keys() for name in names] == [{"stays"}, {"stays"}]
    with engine.holding([], "none"):
        pass
    engine.release(names, "stays")


def test_each_snapshot_has_tags_of_its_own(engine: Engine, tree: str) -> None:
    """One call holds and releases many by different tags; each that fails is named."""
    names = [f"{tree}@{short}" for short in "ab"]
    for name in names:
        engine.take_snapshots([name])
    engine.hold_all({names[0]: "one", names[1]: "two"})
    engine.hold_all({names[0]: "three"})
    with pytest.raises(BatchError, match="exists already"):
        engine.hold_all({names[0]: "four", names[1]: "two"})
    with pytest.raises(BatchError) as caught:
        engine.hold_all({names[0]: "five", f"{tree}@none": "five"})
    assert refused(caught.value) == {f"{tree}@none": NotFound}
    assert [set(engine.holds(name)) for name in names] == [
        {"one", "three", "five"},
        {"two"},
    ]
    engine.release_all({names[0]: ["one", "three"], names[1]: ["two"]})
    with pytest.raises(BatchError, match="no hold with this tag"):
        engine.release_all({names[0]: ["five", "six"]})
    assert [set(engine.holds(name)) for name in names] == [set(), set()]
    engine.hold_all({})
    engine.release_all({})


def test_bookmarks(engine: Engine, tree: str) -> None:
    """A bookmark keeps its snapshot's guid, createtxg and time when that is gone."""
    engine.take_snapshots([f"{tree}@a"])
    taken = engine.snapshot(f"{tree}@a")
    for short in "xy":
        engine.bookmark(f"{tree}@a", f"{tree}#{short}")
    with pytest.raises((BatchError, AlreadyExists)):
        engine.bookmark(f"{tree}@a", f"{tree}#x")
    with pytest.raises((BatchError, NotFound)):
        engine.bookmark(f"{tree}@none", f"{tree}#z")
    engine.destroy_snapshots([f"{tree}@a"])
    assert engine.bookmarks(tree) == {
        name: Bookmark(
            name,
            taken.guid,
            taken.createtxg,
            taken.creation or 0,
            referenced_bytes=int(taken.value("referenced") or 0),
        )
        for name in (f"{tree}#x", f"{tree}#y")
    }
    engine.destroy_bookmarks([f"{tree}#x", f"{tree}#none"])
    assert engine.bookmarks(tree).keys() == {f"{tree}#y"}
    engine.destroy_bookmarks([])
    with pytest.raises(NotFound):
        engine.bookmarks(f"{tree}/none")


def test_bookmarks_are_made_all_or_none(engine: Engine, tree: str) -> None:
    """Of snapshots and of other bookmarks in one call; one that fails stops all."""
    child = f"{tree}/child"
    engine.create(child)
    engine.take_snapshots([f"{tree}@a", f"{child}@a"])
    engine.bookmark_all({f"{tree}#a": f"{tree}@a", f"{child}#a": f"{child}@a"})
    engine.destroy_snapshots([f"{child}@a"])
    engine.take_snapshots([f"{tree}@b"])
    engine.clone(f"{tree}@b", f"{tree}/clone")
    engine.bookmark_all(
        {
            f"{child}#copy": f"{child}#a",
            f"{tree}#b": f"{tree}@b",
            f"{tree}/clone#b": f"{tree}#a",
        }
    )
    made = engine.bookmarks(child)
    assert made.keys() == {f"{child}#a", f"{child}#copy"}
    first, copy = made.values()
    assert (copy.guid, copy.createtxg) == (first.guid, first.createtxg)
    assert engine.bookmarks(tree)[f"{tree}#b"].guid == engine.snapshot(f"{tree}@b").guid
    assert engine.bookmarks(f"{tree}/clone").keys() == {f"{tree}/clone#b"}
    before = engine.bookmarks(tree)
    with pytest.raises(BatchError) as caught:
        engine.bookmark_all(
            {
                f"{tree}#new": f"{tree}@a",
                f"{tree}#a": f"{tree}@b",
                f"{tree}#gone": f"{tree}#none",
                f"{tree}#other": f"{child}#a",
                f"{child}#missing": f"{child}@none",
            }
        )
    assert refused(caught.value) == {
        f"{tree}#a": AlreadyExists,
        f"{tree}#gone": NotFound,
        f"{tree}#other": RefusedValue,
        f"{child}#missing": NotFound,
    }
    assert (
        "bookmark to copy"
        in {f.target: f.reason for f in caught.value.failures}[f"{tree}#gone"]
    )
    with pytest.raises((BatchError, RefusedValue), match=r"one pool|its snapshot's"):
        engine.bookmark_all({f"{tree}#new": f"{tree}@a", "another/x#y": "another/x@y"})
    assert engine.bookmarks(tree) == before
    with pytest.raises(RefusedValue, match="of one pool"):
        engine.destroy_bookmarks([f"{tree}#a", "another/x#y"])
    assert engine.bookmarks(tree) == before
    engine.bookmark_all({})


def test_what_exists(engine: Engine, tree: str) -> None:
    """Reading what is not there says so; a listing of nothing is empty."""
    engine.take_snapshots([f"{tree}@a"])
    assert engine.exists(tree)
    assert engine.exists(f"{tree}@a")
    assert not engine.exists(f"{tree}/none")
    assert not engine.exists(f"{tree}@none")
    assert engine.find_snapshots([f"{tree}@none", f"{tree}@a"]).keys() == {f"{tree}@a"}
    assert engine.find_snapshots([]) == {}
    assert engine.datasets(tree, recursive=False) == [engine.dataset(tree)]
    for call in (
        lambda: engine.dataset(f"{tree}/none"),
        lambda: engine.datasets(f"{tree}/none"),
        lambda: engine.snapshot(f"{tree}@none"),
        lambda: engine.snapshots(f"{tree}/none"),
    ):
        with pytest.raises(NotFound):
            call()


def test_destroying_exactly(engine: Engine, tree: str) -> None:
    """Only what is what it was goes, in one transaction; each that stays has a reason."""
    other = f"{tree}/other"
    engine.create(other)
    names = [f"{tree}@{short}" for short in "abcdefg"]
    for each in [*names, f"{other}@x", f"{other}@y"]:
        engine.take_snapshots([each])
    guids = {s.name: s.guid for d in (tree, other) for s in engine.snapshots(d)}
    engine.hold([names[1]], "keep")
    engine.clone(names[2], f"{tree}/clone")
    engine.destroy_snapshots([names[3], names[4], f"{other}@y"])
    engine.take_snapshots([names[4]])
    stay = engine.destroy_exactly(
        {n: guids[n] for n in [*names[:6], f"{other}@x"]},
        survivors=[names[6], f"{other}@y"],
        marks={tree: {"org.x:left": "1"}, other: {"org.x:left": "2"}},
    )
    assert {name: type(why) for name, why in stay.items()} == {
        names[1]: Busy,
        names[2]: Busy,
        names[3]: NotFound,
        names[4]: EngineError,
        f"{other}@x": EngineError,
    }
    assert "held" in stay[names[1]].reason
    assert "clones" in stay[names[2]].reason
    assert "made anew" in stay[names[4]].reason
    assert "outlive" in stay[f"{other}@x"].reason
    assert shorts(engine, tree) == [*"bcge"]
    assert shorts(engine, other) == ["x"]
    assert engine.dataset(tree).local("org.x:left") == "1"
    assert engine.dataset(other).local("org.x:left") == "2"
    assert engine.destroy_exactly({f"{other}@x": guids[f"{other}@x"]}) == {}
    assert engine.destroy_exactly({}) == {}
    engine.release([names[1]], "keep")


def test_destroying_exactly_knows_every_guid(engine: Engine, tree: str) -> None:
    """A guid has 64 bits, and Lua's numbers a sign: any of them is met."""
    for number in range(40):
        engine.take_snapshots([f"{tree}@{number}"])
    guids = {s.name: s.guid for s in engine.snapshots(tree)}
    assert any(guid >> 63 for guid in guids.values())
    off_by_one = {name: guid ^ 1 for name, guid in guids.items()}
    assert len(engine.destroy_exactly(off_by_one)) == 40
    assert engine.destroy_exactly(guids) == {}
    assert shorts(engine, tree) == []
