"""Plans of clones: every name is judged before the first is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.clones.clone_plan import ENCRYPTION, make_clone_plan, mountpoint_of
from zfstune.values.errors import InvalidName, InvalidProperty, InvalidValue, PlanError
from zfstune.values.state import NONE, Dataset, PropertyValue

if TYPE_CHECKING:
    from zfstune.clones.clone_plan import ClonePlan

SNAPSHOT = "tank/a@1"


def dataset(name: str, *, kind: str = "filesystem", origin: str = "") -> Dataset:
    """Give a dataset, a clone where it has an origin."""
    return Dataset(name, kind, 1, 1, {"origin": PropertyValue(origin, NONE)})


THERE = {
    "tank": dataset("tank"),
    "tank/other": dataset("tank/other"),
    "tank/volume": dataset("tank/volume", kind="volume"),
    "tank/clone": dataset("tank/clone", origin=SNAPSHOT),
    "tank/far": dataset("tank/far", origin="tank/b@1"),
}


def plan(*names: str, **properties: str) -> ClonePlan:
    """Plan clones."""
    return make_clone_plan(
        SNAPSHOT, "filesystem", names, there=THERE, properties=properties
    )


def test_new_and_there() -> None:
    """A clone of this very snapshot stays; a name that is given twice is made once."""
    made = plan("tank/x", "tank/clone", "tank/x", atime="off")
    assert (made.new, made.there) == (("tank/x",), ("tank/clone",))
    assert made.lines() == [
        "clone tank/a@1 as tank/x (atime=off)",
        "tank/clone is there already",
    ]
    assert made.to_dict() == {
        "snapshot": "tank/a@1",
        "new": ["tank/x"],
        "there": ["tank/clone"],
        "properties": {"atime": "off"},
    }


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("tank/other", "'tank/other' exists and is no clone of it"),
        ("tank/far", "'tank/far' exists and is no clone of it"),
        ("tank/no/x", "'tank/no/x' has no parent 'tank/no'"),
        ("tank/volume/x", "'tank/volume/x' would lie below the volume 'tank/volume'"),
        ("back/x", "'back/x' lies in another pool"),
    ],
)
def test_one_bad_name_stops_all(name: str, reason: str) -> None:
    """The good names are not made; the bad ones are named with the reason."""
    with pytest.raises(PlanError, match=reason):
        plan("tank/x", name)


def test_all_bad_names_are_named() -> None:
    """With a command that makes the first missing parent."""
    with pytest.raises(PlanError) as caught:
        plan("tank/other", "tank/no pe/x")
    assert "'tank/other' exists" in caught.value.message
    assert "'tank/no pe/x' has no parent" in caught.value.message
    assert caught.value.hint.endswith("zfs create -p -o canmount=off 'tank/no pe'`")


def test_names_are_checked() -> None:
    """None, and one that ZFS does not take."""
    with pytest.raises(InvalidValue, match="no name was given"):
        plan()
    with pytest.raises(InvalidName):
        plan("tank/x", "tank/a@b")


@pytest.mark.parametrize("name", sorted(ENCRYPTION))
def test_encryption_is_never_set(name: str) -> None:
    """A clone has that of its origin."""
    with pytest.raises(InvalidProperty, match="encryption of its origin"):
        plan("tank/x", **{name: "on"})


def test_marks_and_unknown_properties_are_refused() -> None:
    """Zfstune writes its marks itself; what is fixed at creation comes from the origin."""
    with pytest.raises(InvalidProperty, match="zfstune alone"):
        plan("tank/x", **{"org.zfstune:profile": "postgres"})
    for name in ("nonsense", "casesensitivity", "volsize"):
        with pytest.raises(InvalidProperty):
            plan("tank/x", **{name: "1"})


@given(st.lists(st.sampled_from(["tank/x", "tank/y", "tank/clone", "tank/z"]), min_size=1))
def test_each_name_is_new_or_there(names: list[str]) -> None:
    """Once, in the order in which it was given, and nothing else is planned."""
    made = plan(*names)
    assert {*made.new, *made.there} == set(names)
    assert list(made.new) == [n for n in dict.fromkeys(names) if n not in THERE]
    assert set(made.there) <= set(THERE)


def test_a_name_in_another_pool() -> None:
    """No parent there would help."""
    with pytest.raises(PlanError, match="lies in another pool") as caught:
        plan("back/x")
    assert caught.value.hint.endswith("choose names in 'tank'")


def test_each_has_a_place_of_its_own() -> None:
    """The last part of its name stands in its mountpoint; two in one place are refused."""
    assert mountpoint_of("tank/a/b", "/{}/{}") == "/b/b"
    made = plan("tank/x", "tank/y", mountpoint="/srv/{}")
    assert made.properties_of("tank/y") == {"mountpoint": "/srv/y"}
    assert [line.rpartition(" ")[2] for line in made.lines()] == [
        "(mountpoint=/srv/x)",
        "(mountpoint=/srv/y)",
    ]
    for mountpoint, hint in (("/srv", "/srv/{}"), ("/srv/{}", "some are alike")):
        with pytest.raises(InvalidValue, match="several clones cannot be mounted") as no:
            plan("tank/x", "tank/other/x", mountpoint=mountpoint)
        assert hint in no.value.hint
    for mountpoint in ("none", "legacy"):
        plan("tank/x", "tank/y", mountpoint=mountpoint)
    plan("tank/x", "tank/x", mountpoint="/srv")
