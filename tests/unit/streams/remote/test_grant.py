"""The rights of a key: what is granted, and nothing beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remote_messages import PLACEHOLDER_VALUES, REQUESTS
from stream_ends import snap, source
from zfstune.streams.remote.grant import Grant, is_inert, is_placeholder, verb_of
from zfstune.streams.remote.requests import CALLS, SideCall, names_in
from zfstune.values.frozen import replace
from zfstune.values.inert import INERT
from zfstune.values.marks import REPLICA_PROPERTY, TAKEN_PROPERTY

ALL = Grant("tank", sends=True, receives=True, loses=True)
MARK = f"tank/a#zfstune-base-{1:016x}-{2:016x}"
CHANGE: dict[str, object] = {"values": {}, "inherited": []}
INERT_FILESYSTEM = {name: value for name, (value, _) in INERT["filesystem"].items()}


def receive(properties: dict[str, str] | None, **more: object) -> SideCall:
    """Give a receive with these properties."""
    arguments = {"snapshot": "tank/a@1", "origin": "", "losing": None, "raw": False}
    return SideCall("receive", {**arguments, "properties": properties, **more})


@pytest.mark.parametrize(
    ("grant", "calls"),
    [
        (Grant("tank"), set()),
        (
            Grant("tank", sends=True),
            {"send_size", "send", "send_resumed", "take_snapshots", "note_target"},
        ),
        (
            Grant("tank", receives=True),
            {
                *("available_bytes", "token", "abort_receive", "put_aside", "take_over"),
                *("rename", "make_placeholder", "change_properties"),
            },
        ),
    ],
)
def test_calls_by_right(grant: Grant, calls: set[str]) -> None:
    """Reading what is there goes with either right; all else with its own."""
    reading = {"limits", "ends", "with_properties", "copies", "pool_guid", "bookmarks"}
    reading |= {"own_properties"}
    granted = {request.call for request in REQUESTS if not grant.refusal(request)}
    assert granted == calls | reading | {"guid", "digest"}


def test_each_call_is_known() -> None:
    """A new call is refused until somebody has thought about it."""
    assert {request.call for request in REQUESTS if ALL.refusal(request)} == {
        "change_bookmarks"
    }
    assert {verb_of(call) for call in CALLS} >= {"read", "send", "receive", "promote"}


@given(
    st.sampled_from(REQUESTS),
    st.lists(st.sampled_from(["tank", "a", "ab", "b"]), min_size=1, max_size=3),
)
def test_all_names_lie_within(request: SideCall, parts: list[str]) -> None:
    """Nothing outside is named in a request that is granted; `a` does not hold `ab`."""
    grant = Grant("/".join(["tank", *parts]), sends=True, receives=True, loses=True)
    if not grant.refusal(request):
        for name in names_in(request):
            dataset = name.partition("@")[0].partition("#")[0]
            assert f"{dataset}/".startswith(f"{grant.dataset}/")


def test_components_are_compared() -> None:
    """A dataset whose name begins alike lies elsewhere."""
    grant = Grant("tank/a", sends=True)
    assert grant.covers("tank/a@x")
    assert grant.covers("tank/a/b#c")
    assert not grant.covers("tank/ab@x")
    assert not grant.covers("tank")
    assert "not within 'tank/a'" in grant.refusal(
        SideCall("guid", {"snapshot": "tank/ab@1"})
    )
    assert "alone" in grant.refusal(SideCall("pool_guid", {"pool": "other"}))


@pytest.mark.parametrize(
    ("make", "drop", "granted"),
    [
        ({MARK: "tank/a@1"}, [], True),
        ({}, [MARK], True),
        ({"tank/a#mine": "tank/a@1"}, [], False),
        ({}, ["tank/a#mine"], False),
        ({}, [f"tank/a#zfstune-base-{1:016x}-{2:015x}_"], False),
        ({}, [f"tank/a#zfstune-base-{0:016x}-{2:016x}"], False),
    ],
)
def test_bookmarks(make: dict[str, str], drop: list[str], *, granted: bool) -> None:
    """Only those that zfstune makes for itself are made and destroyed."""
    request = SideCall("change_bookmarks", {"make": make, "drop": drop})
    assert (not ALL.refusal(request)) == granted


@pytest.mark.parametrize(
    ("properties", "granted"),
    [
        (None, True),
        (INERT_FILESYSTEM, True),
        ({REPLICA_PROPERTY: f"raw:{7:016x}", "compression": "zstd"}, True),
        ({REPLICA_PROPERTY: "anything"}, False),
        ({REPLICA_PROPERTY: f"raw:{7:016x}:live"}, False),
        ({"exec": "on"}, False),
        ({"mountpoint": "/etc"}, False),
        ({"sharenfs": "on"}, False),
        ({"quota": "1G"}, False),
        ({"org.zfstune:policy": "keep=1"}, False),
        ({"com.example:x": "y"}, False),
        ({"checksum": "off"}, False),
    ],
)
def test_properties(properties: dict[str, str] | None, *, granted: bool) -> None:
    """Those that make a copy inert, and those that say how its blocks are stored."""
    assert (not ALL.refusal(receive(properties))) == granted


@pytest.mark.parametrize(
    ("values", "inherited", "granted"),
    [
        ({"atime": "off", TAKEN_PROPERTY: "atime=0123abcd"}, ["recordsize"], True),
        ({}, [TAKEN_PROPERTY], True),
        ({TAKEN_PROPERTY: "readonly=0123abcd"}, [], False),
        ({TAKEN_PROPERTY: "anything"}, [], False),
        ({"readonly": "off"}, [], False),
        ({"checksum": "off"}, [], False),
        ({REPLICA_PROPERTY: f"raw:{7:016x}"}, [], False),
        ({"org.zfstune:policy": "keep=1"}, [], False),
        ({}, ["readonly"], False),
        ({}, [REPLICA_PROPERTY], False),
        ({}, ["mountpoint"], False),
    ],
)
@pytest.mark.parametrize("user", [True, False])
def test_changes(
    values: dict[str, str], inherited: list[str], *, user: bool, granted: bool
) -> None:
    """Those that say how blocks are stored, and zfstune's note of them; never a role."""
    arguments = {"name": "tank/a", "values": values, "inherited": inherited}
    request = SideCall("change_properties", arguments)
    assert (not replace(ALL, properties=user).refusal(request)) == granted


@pytest.mark.parametrize("name", ["com.example:x", "com.sun:auto-snapshot"])
def test_user_properties(name: str) -> None:
    """They take a right of their own, since other tools here may act on them."""
    for request in (
        receive({name: "y"}),
        SideCall("change_properties", {"name": "tank/a", "values": {name: "y"}}),
        SideCall("change_properties", {"name": "tank/a", "inherited": [name]}),
    ):
        asked = replace(request, arguments={**CHANGE, **request.arguments})
        assert f"'{name}'" in ALL.refusal(asked)
        may = not replace(ALL, properties=True).refusal(asked)
        assert may == (name == "com.example:x")
    assert "-x com.example:x" in ALL.refusal(receive({"com.example:x": "y"}))


def test_losses() -> None:
    """A roll-back takes a right of its own, even where no snapshot is lost."""
    grant = Grant("tank", receives=True)
    assert "may not roll" in grant.refusal(receive(None, losing=[]))
    assert not ALL.refusal(receive(None, losing=["tank/a@2"]))


def test_aside() -> None:
    """A target is put aside beside itself, by a name with the time."""
    for aside in (
        "tank/b",
        "tank/a",
        "tank/a-aside-now",
        "tank/a/b-aside-20300101T000000Z",
        "tank/a-aside-20300101T000000Z-",
        "tank/a-aside-20300101T000000Z-x",
    ):
        request = SideCall("put_aside", {"name": "tank/a", "aside": aside})
        assert ALL.refusal(request)
    aside = "tank/a-aside-20300101T000000Z-ffffffffffffffff"
    request = SideCall("put_aside", {"name": "tank/a", "aside": aside})
    assert not ALL.refusal(request)


@pytest.mark.parametrize(
    "changed",
    [
        {"canmount": "noauto"},
        {"mountpoint": "/etc"},
        {"quota": "1G"},
        {REPLICA_PROPERTY: "plain:0000000000000005"},
        {REPLICA_PROPERTY: ""},
        {"org.zfstune:policy": "x"},
    ],
)
def test_a_parent_without_data(changed: dict[str, str]) -> None:
    """It has the properties of one, all of them and no others."""
    assert is_placeholder(PLACEHOLDER_VALUES)
    assert not is_placeholder({**PLACEHOLDER_VALUES, **changed})
    for name in PLACEHOLDER_VALUES:
        assert not is_placeholder(
            {n: v for n, v in PLACEHOLDER_VALUES.items() if n != name}
        )
    arguments = {"name": "tank/a", "properties": {**PLACEHOLDER_VALUES, **changed}}
    assert "no dataset" in ALL.refusal(SideCall("make_placeholder", arguments))


def renamed(name: str, new: str) -> SideCall:
    """Give a rename."""
    return SideCall("rename", {"name": name, "new": new, "mark": None})


def test_names_of_both_sides_of_a_rename() -> None:
    """Nothing leaves the dataset that the key is for, and nothing comes in."""
    grant = Grant("tank/a", receives=True)
    for name, new in (("tank/a/x", "tank/b"), ("tank/b", "tank/a/x"), ("tank/a", "tank/c")):
        assert grant.refusal(renamed(name, new))
    assert not grant.refusal(renamed("tank/a/x", "tank/a/y"))


def test_inert() -> None:
    """All of the properties for that kind of dataset, not those of the other kind."""
    assert is_inert("filesystem", {**INERT_FILESYSTEM, "compression": "zstd"})
    assert not is_inert("volume", INERT_FILESYSTEM)
    assert not is_inert("filesystem", None)
    for name in INERT_FILESYSTEM:
        fewer = {n: value for n, value in INERT_FILESYSTEM.items() if n != name}
        assert not is_inert("filesystem", fewer)
        assert not is_inert("filesystem", {**INERT_FILESYSTEM, name: "other"})


def test_an_origin_elsewhere_is_not_shown() -> None:
    """The name of somebody else's snapshot is no business of the client's."""
    end = source()
    inside = replace(end, origin=snap(3, "1", dataset=f"{end.name}/x"))
    outside = replace(end, origin=snap(3, "1", dataset="tank/secret"))
    grant = Grant(end.name)
    assert grant.visible(inside).origin is not None
    assert grant.visible(outside).origin is None
    assert grant.visible(end) == end
    for root, seen in (("tank/a", "tank/a"), ("tank/other", "tank"), ("", "")):
        assert grant.visible(replace(end, key_root=root)).key_root == seen
