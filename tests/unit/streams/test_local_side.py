"""A side that an engine reaches: whatever it says of a dataset, and its changes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from stream_engine import StreamEngine
from zfstune.streams.ends import missing_end
from zfstune.streams.local_side import LocalSide
from zfstune.streams.prepare import read_end
from zfstune.values.errors import Damaged, InvalidValue
from zfstune.values.state import LOCAL, Partial, PropertyValue


def test_a_dataset_that_is_not_there() -> None:
    """It is an end, too: a target is made by its first receive."""
    side = LocalSide(StreamEngine("tank").zfs)
    assert side.ends("tank/none") == side.ends("tank/none", recursive=True) == []
    assert read_end(side, "tank/none") == missing_end("tank/none")


def test_all_of_a_dataset() -> None:
    """Snapshots, bookmarks, the origin and a stream that broke off."""
    tank = StreamEngine("tank")
    tank.add("tank/a", "1")
    tank.add("tank/b", "2", "3")
    tank.bookmark("tank/b@2", "tank/b#2")
    tank.origins["tank/b"] = "tank/a@1"
    stream = {"toname": "x/y@4", "toguid": 4, "fromguid": 3, "raw": False}
    tank.local["tank/b"]["receive_resume_token"] = json.dumps(stream)
    tank.written["tank/b"] = 5
    side = LocalSide(tank.zfs)
    end = read_end(side, "tank/b")
    assert [e.name for e in side.ends("tank", recursive=True)] == [
        "tank",
        "tank/a",
        "tank/b",
    ]
    assert side.ends("tank", recursive=True)[2] == end
    assert (end.exists, end.name, end.guid) == (True, "tank/b", tank.guids["tank/b"])
    assert end.snapshots == tuple(tank.taken["tank/b"])
    assert end.bookmarks == tuple(tank.marks["tank/b"].values())
    assert end.origin == tank.taken["tank/a"][0]
    assert end.partial == Partial("x/y@4", 4, 3)
    assert end.written_bytes == 5
    assert side.with_properties(end) == end


def test_properties_of_its_own() -> None:
    """What was set, as far as a copy may take it; changes are made, the note last."""
    tank = StreamEngine("tank")
    tank.add("tank/a", "1")
    tank.add("tank/a/b")
    tank.local["tank/a"] |= {"atime": "off", "quota": "5"}
    side = LocalSide(tank.zfs)
    found = {"tank/a": {"atime": PropertyValue("off", LOCAL)}}
    assert side.own_properties("tank/a", recursive=True) == found
    assert side.own_properties("tank/a") == found
    assert side.own_properties("tank/none") == side.own_properties("tank/a/b") == {}
    side.change_properties("tank/a", {"copies": "2"}, ["atime"])
    side.change_properties("tank/a", {}, [])
    assert tank.local["tank/a"] == {"copies": "2", "quota": "5"}


def test_copies_are_found_by_guid() -> None:
    """Their names do not matter, and without a guid nothing is read."""
    back = StreamEngine("back")
    back.add("back/other", "0")
    side = LocalSide(back.zfs)
    assert side.copies("back", {77}) == {}
    back.take("back/other@renamed", 77)
    back.take("back@again", 77)
    found = side.copies("back", {77, 78})
    assert {guid: snapshot.name for guid, snapshot in found.items()} == {77: "back@again"}
    assert side.copies("none", ()) == {}


def test_nothing_to_change_is_no_call() -> None:
    """An empty transaction would wait for the pool, too."""
    tank = StreamEngine("tank")
    tank.left = 0
    LocalSide(tank.zfs).change_bookmarks({}, iter(()))


def test_a_damaged_dataset_of_a_tree() -> None:
    """It is listed with its reason; alone it cannot be read."""
    tank = StreamEngine("tank")
    tank.add("tank/a", "1")
    tank.damaged.add("tank/a")
    side = LocalSide(tank.zfs)
    assert [(e.name, e.damaged) for e in side.ends("tank", recursive=True)] == [
        ("tank", ""),
        ("tank/a", "it is damaged"),
    ]
    with pytest.raises(Damaged):
        side.ends("tank/a")


def test_what_is_held_for_a_run_is_not_held_again() -> None:
    """A send holds the others itself, and lets go of those alone."""
    tank = StreamEngine("tank")
    tank.add("tank/a", "1", "2")
    side = LocalSide(tank.zfs)
    with Path(os.devnull).open("wb") as sink:
        with side.holding(["tank/a@1"]):
            side.send(
                "tank/a@2", sink.fileno(), base="tank/a@1", held=["tank/a@1", "tank/a@2"]
            )
            assert tank.held == {"tank/a@1"}
            tank.calls.clear()
            side.send("tank/a@1", sink.fileno(), held=["tank/a@1"])
            assert "holding" not in tank.calls
        assert tank.held == set()
        side.send("tank/a@1", sink.fileno(), held=["tank/a@1"])
        assert "holding" in tank.calls


@pytest.mark.parametrize(
    "other",
    [{"toguid": 1}, {"fromguid": 0}, {"fromguid": 1}, {"raw": False}],
)
def test_a_token_of_another_stream(other: dict[str, object]) -> None:
    """A token comes from the other side; it cannot ask for what was not chosen here."""
    tank = StreamEngine("tank")
    tank.add("tank/a", "1", "2")
    tank.bookmark("tank/a@1", "tank/a#1")
    base, snapshot = (found.guid for found in tank.taken["tank/a"])
    stream = {"toname": "x/y@4", "toguid": snapshot, "fromguid": base, "raw": True}
    side = LocalSide(tank.zfs)
    read, write = os.pipe()
    for name in ("tank/a@1", "tank/a#1"):
        chosen = {"snapshot": "tank/a@2", "base": name, "raw": True}
        side.send_resumed(json.dumps(stream), write, **chosen)  # type: ignore[arg-type]
        assert os.read(read, 999)
        with pytest.raises(InvalidValue, match="of another stream"):
            side.send_resumed(json.dumps({**stream, **other}), write, **chosen)  # type: ignore[arg-type]
    os.close(read)
    os.close(write)
