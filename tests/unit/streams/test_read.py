"""Reading an end: whatever the engine says of a dataset, its snapshots and bookmarks."""

from __future__ import annotations

import json

from stream_engine import StreamEngine
from zfstune.streams.ends import missing_end
from zfstune.streams.read import origin_copies, read_end, with_properties
from zfstune.values.state import Partial


def test_a_dataset_that_is_not_there() -> None:
    """It is an end, too: a target is made by its first receive."""
    assert read_end(StreamEngine("tank").zfs, "tank/none") == missing_end("tank/none")


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
    end = read_end(tank.zfs, "tank/b")
    assert (end.exists, end.name, end.guid) == (True, "tank/b", tank.guids["tank/b"])
    assert end.snapshots == tuple(tank.taken["tank/b"])
    assert end.bookmarks == tuple(tank.marks["tank/b"].values())
    assert end.origin == tank.taken["tank/a"][0]
    assert end.partial == Partial("x/y@4", 4, 3)
    assert end.written_bytes == 5
    assert with_properties(tank.zfs, end) == end


def test_a_copy_of_an_origin_is_found_by_its_guid() -> None:
    """Its name does not matter; only a clone's origin is looked for."""
    tank, back = StreamEngine("tank"), StreamEngine("back")
    tank.add("tank/a", "1")
    tank.add("tank/b")
    tank.origins["tank/b"] = "tank/a@1"
    back.add("back/other", "0")
    origin = tank.taken["tank/a"][0]
    source = read_end(tank.zfs, "tank/b")
    assert origin_copies(back.zfs, source, "back/b") == {}
    back.take("back/other@renamed", origin.guid)
    copies = origin_copies(back.zfs, source, "back/b")
    assert {guid: s.name for guid, s in copies.items()} == {
        origin.guid: "back/other@renamed"
    }
    assert origin_copies(back.zfs, read_end(tank.zfs, "tank/a"), "back/b") == {}
