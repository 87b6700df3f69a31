"""Requests: written by one host, checked by the other."""

from __future__ import annotations

import ast
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remote_messages import REQUESTS
from zfstune.streams import side
from zfstune.streams.remote.fields import BadMessageError, write_json
from zfstune.streams.remote.requests import (
    CALLS,
    SideCall,
    check_token,
    names_in,
    read_request,
    write_request,
)
from zfstune.values.errors import InvalidName, InvalidValue

# What a side on another host knows or does without it, and arguments that stay here.
NO_CALLS = {"host", "file", "forces", "holding"}
UNSENT = {"self", "fd", "stopped", "on_bytes"}


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.call)
def test_there_and_back(request_: SideCall) -> None:
    """Each call arrives with its arguments, and with no others."""
    assert read_request(write_request(request_)) == request_
    for name in request_.arguments:
        fewer = {n: v for n, v in request_.arguments.items() if n != name}
        for wrong in (fewer, {**request_.arguments, "more": 1}, {**fewer, name: 1.5}):
            with pytest.raises((BadMessageError, InvalidValue)):
                read_request(write_json({"call": request_.call, "arguments": wrong}))


def test_each_call_of_a_side_has_one() -> None:
    """A side's methods are the calls, by name and by argument."""
    assert {request.call for request in REQUESTS} == set(CALLS)
    methods = [
        node
        for node in ast.walk(ast.parse(inspect.getsource(side)))
        if isinstance(node, ast.FunctionDef) and node.name not in NO_CALLS
    ]
    assert {method.name for method in methods} == set(CALLS)
    for method in methods:
        arguments = {a.arg for a in method.args.args + method.args.kwonlyargs}
        named = {"name"} if method.name == "with_properties" else arguments - UNSENT
        assert set(CALLS[method.name]) == named


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("guid", {"snapshot": "tank/../a@1"}),
        ("guid", {"snapshot": "tank/a"}),
        ("abort_receive", {"name": "tank/a/%recv"}),
        ("send_size", {"snapshot": "tank/a@1", "base": "-i", "raw": False}),
        ("send_size", {"snapshot": "tank/a@1", "base": "tank/a", "raw": False}),
        ("change_bookmarks", {"make": {"tank/a@1": "tank/a@1"}, "drop": []}),
        ("change_bookmarks", {"make": {}, "drop": ["tank/a@1"]}),
        ("take_snapshots", {"datasets": ["tank/a"], "name": "a@b"}),
        ("take_snapshots", {"datasets": ["tank/a@1"], "name": ""}),
        ("rename", {"name": "tank/a", "new": "tank/a@1", "mark": None}),
    ],
)
def test_names_are_checked(call: str, arguments: dict[str, object]) -> None:
    """A name that OpenZFS has no place for goes no further."""
    with pytest.raises(InvalidName):
        read_request(write_request(SideCall(call, arguments)))


@pytest.mark.parametrize("place", ["", "a\nb", "\x1b[2J", "x" * 1001])
def test_a_place_can_be_shown(place: str) -> None:
    """It has no control character, and an end; no target has the number 0."""
    arguments = {"name": "tank/a", "identity": 1, "place": place}
    for wrong in (arguments, {**arguments, "identity": 0, "place": "far:back/a"}):
        with pytest.raises(BadMessageError):
            read_request(write_request(SideCall("note_target", wrong)))


@pytest.mark.parametrize(
    ("mark", "fine"),
    [
        (None, True),
        ("", True),
        ("raw:0000000000000005", True),
        ("raw:0000000000000005:live", False),
        ("aside", False),
        ("placeholder:0000000000000005", False),
    ],
)
def test_a_mark_is_one_of_a_copy(mark: str | None, *, fine: bool) -> None:
    """No other role is given to a dataset that comes back."""
    request = SideCall("rename", {"name": "tank/a", "new": "tank/b", "mark": mark})
    if fine:
        assert read_request(write_request(request)) == request
    else:
        with pytest.raises(BadMessageError):
            read_request(write_request(request))


def test_names_in_a_request() -> None:
    """All of them are found, whatever argument they stand in."""
    found = {request.call: sorted(names_in(request)) for request in REQUESTS}
    assert found["send"] == ["tank/a#b", "tank/a@1", "tank/a@2"]
    assert found["receive"] == ["tank/a@1", "tank/a@2", "tank/b@1"]
    assert found["change_bookmarks"] == ["tank/a#0", "tank/a#1", "tank/a@1"]
    assert found["take_snapshots"] == ["tank/a", "tank/a/b"]
    assert found["rename"] == ["tank/a", "tank/a/c"]
    assert found["note_target"] == ["tank/a"]
    assert found["make_placeholder"] == ["tank/a/b"]
    assert found["send_size"] == ["tank/a@1"]
    assert found["put_aside"] == ["tank/a", "tank/a-aside-20300101T000000Z"]


@pytest.mark.parametrize("token", ["", "1-a b", "1-$(x)", "1-\n", "1-A", "1" * 300_000])
def test_what_is_no_token(token: str) -> None:
    """A token has digits and dashes, and an end."""
    with pytest.raises(InvalidValue):
        check_token(token)


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    """They are refused, or a request."""
    with pytest.raises((BadMessageError, InvalidValue)):
        read_request(data)
