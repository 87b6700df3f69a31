"""Plans of stamping: which clones are made, finished or left, and with what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from zfstune.clones.seal import GoldenImage, Seal, StampMark
from zfstune.clones.stamp_plan import Owner, StampChoices, make_stamp_plan
from zfstune.values.errors import InvalidValue, PlanError
from zfstune.values.frozen import replace
from zfstune.values.marks import STAMP_PROPERTY
from zfstune.values.state import LOCAL, NONE, Dataset, PropertyValue

if TYPE_CHECKING:
    from zfstune.clones.stamp_plan import StampPlan

IMAGE = GoldenImage("tank/a", "filesystem", Seal(7), "tank/a@golden", True, (), 1, 2)
VOLUME = replace(IMAGE, kind="volume")


def clone(mark: str = "", *, written: str = "0") -> Dataset:
    """Give a clone of the image."""
    values = {
        "origin": PropertyValue("tank/a@golden", NONE),
        "written": PropertyValue(written, NONE),
    }
    if mark:
        values[STAMP_PROPERTY] = PropertyValue(mark, LOCAL)
    return Dataset("tank/x", "filesystem", 1, 1, values)


def plan(
    *names: str,
    image: GoldenImage = IMAGE,
    there: dict[str, Dataset] | None = None,
    in_use: tuple[str, ...] = (),
    properties: dict[str, str] | None = None,
    **choices: Any,
) -> StampPlan:
    """Plan clones."""
    parent = Dataset("tank", "filesystem", 1, 1)
    return make_stamp_plan(
        image,
        names,
        StampChoices(properties or {}, **choices),
        there={"tank": parent, **(there or {})},
        in_use=in_use,
    )


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        (clone("7"), "there"),
        (clone("7", written="5"), "there"),
        (clone("7 unfinished"), "unfinished"),
        (clone("7 unfinished", written="5"), "unfinished"),
        (clone(), "unfinished"),  # a power cut came before its mark
    ],
)
def test_clones_that_are_there(dataset: Dataset, expected: str) -> None:
    """A finished one stays; one that a run left is finished."""
    made = plan("tank/x", there={"tank/x": dataset})
    assert getattr(made, expected) == ("tank/x",)
    assert (*made.new, *made.unfinished, *made.there) == ("tank/x",)


@pytest.mark.parametrize(
    ("dataset", "in_use"),
    [(clone(written="1"), ()), (clone(), ("tank/x",)), (clone("8"), ())],
)
def test_a_clone_of_somebody_else_is_left_alone(
    dataset: Dataset, in_use: tuple[str, ...]
) -> None:
    """Its identity may be in use; and then nothing is made at all."""
    with pytest.raises(PlanError, match="cannot stamp 'tank/x': somebody else cloned it"):
        plan("tank/x", "tank/new", there={"tank/x": dataset}, in_use=in_use)


def test_a_clone_is_born_where_nobody_mounts_it() -> None:
    """All that the caller chose comes when it is finished, in one call with the mark."""
    made = plan("tank/x", properties={"mountpoint": "/srv/{}", "atime": "off"})
    assert made.at_birth == {"canmount": "noauto", STAMP_PROPERTY: "7 unfinished"}
    assert made.at_end("tank/x") == {
        "mountpoint": "/srv/x",
        "atime": "off",
        "canmount": "on",
        STAMP_PROPERTY: "7",
    }
    assert made.mark == StampMark(7)
    chosen = plan("tank/x", properties={"canmount": "noauto", "mountpoint": "/"})
    assert chosen.at_end("tank/x")["canmount"] == "noauto"


def test_a_volume_is_born_with_its_nodes() -> None:
    """What shows it to this machine is chosen before it is there."""
    made = plan("tank/x", image=VOLUME, properties={"volmode": "none", "readonly": "on"})
    assert made.at_birth == {"volmode": "none", STAMP_PROPERTY: "7 unfinished"}
    assert made.at_end("tank/x") == {
        "volmode": "none",
        "readonly": "on",
        STAMP_PROPERTY: "7",
    }


@pytest.mark.parametrize(
    ("choices", "resets", "to_open"),
    [
        ({}, True, True),
        ({"keep_identity": True}, False, False),
        ({"keep_identity": True, "owner": Owner(uid=1)}, False, True),
    ],
)
def test_what_has_to_be_opened(
    choices: dict[str, Any],
    resets: bool,  # noqa: FBT001 (a table)
    to_open: bool,  # noqa: FBT001 (a table)
) -> None:
    """A clone is mounted for its identity or its owner, and else not."""
    made = plan("tank/x", **choices)
    assert (made.resets, made.to_open) == (resets, to_open)
    assert not plan("tank/x", image=VOLUME).to_open


@pytest.mark.parametrize(
    ("image", "names", "choices", "reason"),
    [
        (VOLUME, ("tank/x",), {"owner": Owner(uid=1)}, "a volume has no owner"),
        (IMAGE, ("tank/x",), {"new_uuid": True}, "only a file system on a volume"),
        (
            IMAGE,
            ("tank/x", "tank/y"),
            {"properties": {"mountpoint": "/srv"}},
            "several clones cannot be mounted at '/srv'",
        ),
        (
            IMAGE,
            ("tank/x", "tank/p/x"),
            {"properties": {"mountpoint": "/srv/{}"}},
            "several clones cannot be mounted at '/srv/x'",
        ),
        (
            IMAGE,
            ("tank/x",),
            {"properties": {"mountpoint": "/"}},
            "the next boot would mount the clone over this system",
        ),
    ],
)
def test_choices_that_make_no_sense(
    image: GoldenImage, names: tuple[str, ...], choices: dict[str, Any], reason: str
) -> None:
    """They are refused before anything is made."""
    with pytest.raises(InvalidValue, match=reason):
        plan(*names, image=image, **choices)


def test_one_name_given_twice_is_one_clone() -> None:
    """It has one mountpoint."""
    made = plan("tank/x", "tank/x", properties={"mountpoint": "/srv"})
    assert made.new == ("tank/x",)


@pytest.mark.parametrize(
    ("image", "choices", "last"),
    [
        (IMAGE, {}, "reset machine-id"),
        (IMAGE, {"keep_identity": True}, "keep the identity of the image"),
        (VOLUME, {}, "keep the UUID of the file system, and what lies in it"),
        (VOLUME, {"new_uuid": True}, "give the file system another UUID"),
    ],
)
def test_words(image: GoldenImage, choices: dict[str, Any], last: str) -> None:
    """A line for each clone, and one for what is done in each."""
    there = {"tank/old": clone("7 unfinished"), "tank/done": clone("7")}
    made = plan("tank/x", "tank/old", "tank/done", image=image, there=there, **choices)
    lines = made.lines()
    assert lines[:3] == [
        "clone tank/a@golden as tank/x",
        "finish tank/old, which a run left unfinished",
        "tank/done is there already",
    ]
    assert lines[3].startswith(f"in each: {last}")
    assert made.to_dict()["unfinished"] == ["tank/old"]
    assert plan("tank/done", there=there).lines() == ["tank/done is there already"]
