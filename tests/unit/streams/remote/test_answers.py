"""Answers: the same on both hosts, and checked by the one that asked."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remote_messages import JSON, REQUESTS
from stream_ends import broken, mark, snap, source
from zfstune.streams.ends import Replica, missing_end
from zfstune.streams.remote.answers import read_answer, write_answer
from zfstune.streams.remote.fields import BadMessageError, parse_json, write_json
from zfstune.streams.remote.requests import SideCall
from zfstune.values.errors import Damaged, InvalidValue
from zfstune.values.frozen import replace
from zfstune.values.state import LOCAL, RECEIVED, Limits, PropertyValue

ENDS = SideCall("ends", {"root": "tank/a", "recursive": False})
TREE = SideCall("ends", {"root": "tank/a", "recursive": True})
END = replace(
    source(
        snap(1),
        snap(2, ivsetguid=9, written=0),
        marks=[1, 7],
        origin=snap(3, "1", dataset="tank/b"),
    ),
    encrypted=True,
    written_bytes=512,
    partial=broken(8, 2, raw=True),
    replica=Replica(5, raw=True),
    bookmarks=(mark(1, ivsetguid=4), mark(7)),
    available_bytes=1 << 40,
    createtxg=77,
    unsent=True,
    places={5: "far:back/a", 6: "back/b"},
)
PLACEHOLDER = replace(source(), stands_for=99)
DAMAGED = replace(missing_end("tank/a/b"), exists=True, damaged="its label is gone")
OWN = SideCall("own_properties", {"root": "tank/a", "recursive": True, "also": ["exec"]})
BELOW = {"tank/a/b": {"atime": PropertyValue("off", LOCAL)}}
NOW = SideCall("take_snapshots", {"datasets": ["tank/a"], "name": "now"})


def answered(request: SideCall, value: object) -> Any:
    """Give what arrives of a returned value."""
    return read_answer(request, parse_json(write_json(write_answer(request.call, value))))


@pytest.mark.parametrize(
    ("request_", "value"),
    [
        (ENDS, [END]),
        (ENDS, [source()]),
        (ENDS, []),
        (TREE, [source(), replace(source(), name="tank/a/b", guid=9)]),
        (TREE, [PLACEHOLDER, DAMAGED]),
        (TREE, [replace(source(), replica=Replica(5, raw=False, live=True))]),
        (TREE, [replace(source(), aside=True)]),
        (NOW, [snap(3, "now")]),
        (SideCall("digest", {"snapshot": "tank/a@1", "raw": False}), "v1:abc"),
        (SideCall("rename", {"name": "tank/a", "new": "tank/b", "mark": None}), None),
        (SideCall("with_properties", {"name": "tank/a"}), [snap(1, written=3)]),
        (OWN, {"tank/a/b": {"com.x:y": PropertyValue("1", RECEIVED)}}),
        (OWN, {}),
        (SideCall("copies", {"pool": "tank", "guids": [1, 2]}), {2: snap(2)}),
        (SideCall("bookmarks", {"name": "tank/a"}), [mark(1), mark(2)]),
        (SideCall("limits", {}), Limits(1 << 24, 1 << 24, (2, 4, 1))),
        (SideCall("limits", {}), Limits(release=(2, 4))),
        (SideCall("guid", {"snapshot": "tank/a@1"}), (1 << 64) - 1),
        (SideCall("token", {"name": "tank/a"}), "1-a-b-c"),
        (SideCall("token", {"name": "tank/a"}), ""),
        (SideCall("take_over", {"name": "tank/a"}), None),
    ],
)
def test_there_and_back(request_: SideCall, value: object) -> None:
    """What a side returns arrives as it was."""
    assert answered(request_, value) == value


@pytest.mark.parametrize(
    ("request_", "value"),
    [
        (ENDS, [replace(source(), name="tank/other")]),
        (ENDS, [source(), replace(source(), name="tank/a/b")]),
        (TREE, [source(), source()]),
        (TREE, [replace(source(), name="tank/a/b")]),
        (TREE, [source(), replace(source(), name="tank/ab")]),
        (ENDS, [replace(source(), kind="pool")]),
        (ENDS, [replace(source(), guid=0)]),
        (ENDS, [replace(source(), snapshots=(snap(1), snap(1)))]),
        (ENDS, [replace(source(), snapshots=(snap(1, dataset="tank/b"),))]),
        (ENDS, [replace(source(), snapshots=(snap(1, "$(x)"),))]),
        (ENDS, [replace(source(), partial=replace(broken(1), toname="-x"))]),
        (SideCall("with_properties", {"name": "tank/b"}), [snap(1)]),
        (SideCall("bookmarks", {"name": "tank/b"}), [mark(1)]),
        (SideCall("copies", {"pool": "tank", "guids": [1]}), {2: snap(2)}),
        (SideCall("copies", {"pool": "back", "guids": [1]}), {1: snap(1)}),
        (OWN, {"tank/ab": {"atime": PropertyValue("off", LOCAL)}}),
        (replace(OWN, arguments={**OWN.arguments, "recursive": False}), BELOW),
        (SideCall("limits", {}), Limits(1 << 62)),
        (SideCall("limits", {}), Limits(release=(2,))),
        (ENDS, [replace(source(), available_bytes=-1)]),
        (ENDS, [replace(source(), createtxg=1 << 64)]),
        (NOW, []),
        (NOW, [snap(3, "then")]),
        (NOW, [snap(3, "now", dataset="tank/b")]),
        (SideCall("guid", {"snapshot": "tank/a@1"}), 0),
        (SideCall("guid", {"snapshot": "tank/a@1"}), 1 << 64),
        (SideCall("available_bytes", {"name": "tank/a"}), -1),
        (SideCall("token", {"name": "tank/a"}), "1-$(x)"),
        (SideCall("send", {}), "done"),
    ],
)
def test_what_was_not_asked(request_: SideCall, value: object) -> None:
    """A name from elsewhere, a guid that cannot be, a row twice: refused."""
    with pytest.raises((BadMessageError, InvalidValue)):
        answered(request_, value)


@pytest.mark.parametrize(
    "places", [{"readonly": "off"}, {"org.zfstune:replica-target-1": "x"}, ["x"]]
)
def test_only_places_are_noted(places: object) -> None:
    """No other property comes by way of them."""
    answer = json.loads(write_json(write_answer("ends", [END])))
    answer[0]["places"] = places
    with pytest.raises(BadMessageError):
        read_answer(ENDS, answer)


def test_only_what_may_travel_is_told() -> None:
    """What another host says of other properties counts for nothing."""
    told = {"sharenfs": ["on", "local"], "atime": ["off", "local"], "mountpoint": ["/", ""]}
    value = {"tank/a": {**told, "recordsize": ["131072", "default"]}}
    assert read_answer(OWN, value) == {"tank/a": {"atime": PropertyValue("off", LOCAL)}}
    value["tank/a"] = {"exec": ["off", "local"]}  # it was asked for
    assert read_answer(OWN, value) == {"tank/a": {"exec": PropertyValue("off", LOCAL)}}


@given(st.sampled_from(REQUESTS), JSON)
def test_any_json(request: SideCall, value: object) -> None:
    """It is refused, or it is an answer; no other error escapes."""
    with suppress(BadMessageError, InvalidValue, Damaged):
        read_answer(request, value)


@given(st.data())
def test_a_changed_answer(data: st.DataObject) -> None:
    """An answer with one value changed, somewhere in it, is refused or is one."""
    answer = json.loads(write_json(write_answer("ends", [END])))
    place: Any = answer
    while isinstance(place, list | dict) and place:
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(list(keys)))
        if not isinstance(place[key], list | dict) or data.draw(st.booleans()):
            place[key] = data.draw(JSON)
            break
        place = place[key]
    try:
        (end,) = read_answer(ENDS, answer)
    except (BadMessageError, InvalidValue, Damaged, ValueError):
        return
    assert end.name == "tank/a"
