"""The marks of replication: written and read alike, and never taken for another's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ends import mark
from zfstune.values.errors import InvalidName
from zfstune.values.marks import OWN_PREFIX, REPLICA_PROPERTY
from zfstune.values.names import MAX_NAME_BYTES
from zfstune.values.replication_marks import (
    MOST_SOURCE_BYTES,
    BaseMark,
    Replica,
    noted_target,
    notes_on,
    read_mark,
    read_replica,
    target_property,
)
from zfstune.values.state import INHERITED, LOCAL, RECEIVED, Dataset, PropertyValue

GUIDS = st.integers(1, (1 << 64) - 1)


def test_the_names_of_bookmarks() -> None:
    """The format is documented, for it stays on people's pools."""
    assert BaseMark(255, 16).on("tank/a") == (
        "tank/a#zfstune-base-00000000000000ff-0000000000000010"
    )
    assert BaseMark(1, 2, tentative=True).short_name == (
        "zfstune-tentative-0000000000000001-0000000000000002"
    )


@pytest.mark.parametrize("tentative", [False, True])
def test_the_longest_name_of_a_source(*, tentative: bool) -> None:
    """It has room for either bookmark; a longer one is refused with a way on."""
    mark = BaseMark(1, 2, tentative=tentative)
    longest = "tank/" + "x" * (MOST_SOURCE_BYTES - 5)
    assert len(mark.on(longest)) <= MAX_NAME_BYTES
    assert len(BaseMark(1, 2, tentative=True).on(longest)) == MAX_NAME_BYTES
    with pytest.raises(InvalidName, match="leaves room for 203") as caught:
        mark.on(f"{longest}x")
    assert f"--exclude {longest}x" in caught.value.hint


@given(GUIDS, GUIDS, st.booleans())
def test_a_name_is_read_as_it_is_written(identity: int, guid: int, tentative: bool) -> None:  # noqa: FBT001 (given)
    """Each name is read back, from a bookmark of that very snapshot alone."""
    made = BaseMark(identity, guid, tentative)
    assert read_mark(mark(guid, made.short_name)) == made
    assert read_mark(mark(guid ^ 1, made.short_name)) is None


@pytest.mark.parametrize(
    "name",
    [
        "zfstune-base-0000000000000001-00000000000000ff-",
        "zfstune-base-0000000000000001-00000000000000FF",
        "zfstune-base-0000000000000001-ff",
        "zfstune-base-1-00000000000000ff",
        "zfstune-base-0000000000000000-00000000000000ff",
        "zfstune-base-00000000000000ff",
        "xzfstune-base-0000000000000001-00000000000000ff",
        "zfstune-bases-0000000000000001-00000000000000ff",
        "zrepl_CURSOR_G_00000000000000ff_J_x",
        "255",
    ],
)
def test_no_other_bookmark_is_taken_for_one(name: str) -> None:
    """A bookmark of somebody else is nothing to rename or destroy."""
    assert read_mark(mark(255, name)) is None


@given(GUIDS, st.booleans(), st.booleans())
def test_a_mark_is_read_as_it_is_written(identity: int, raw: bool, live: bool) -> None:  # noqa: FBT001 (given)
    """Each mark is read back."""
    replica = Replica(identity, raw, live)
    assert read_replica(replica.text) == replica


@pytest.mark.parametrize(
    "text",
    [
        "",
        "raw:",
        "raw:0000000000000000",
        "raw:ff",
        "raw:00000000000000FF",
        "raw:00000000000000ff ",
        "raw:00000000000000ff\n",
        "raw:000000000000000ff",
        "cooked:00000000000000ff",
        "raw:00000000000000ff:",
        "raw:00000000000000ff:dead",
        "raw:00000000000000ff:live:live",
        "aside",
        "00000000000000ff",
        "plain:00000000000000f\N{DEVANAGARI DIGIT ONE}",
    ],
)
def test_no_other_text_is_a_mark(text: str) -> None:
    """A value that somebody else wrote is not half understood."""
    assert read_replica(text) is None


@given(GUIDS)
def test_a_property_names_its_target(identity: int) -> None:
    """The name has the form of a user property, and gives the number back."""
    name = target_property(identity)
    assert name == f"org.zfstune:replica-target-{identity:016x}"
    assert noted_target(name) == identity


@pytest.mark.parametrize(
    "name",
    [
        "org.zfstune:replica",
        "org.zfstune:replica-target-",
        "org.zfstune:replica-target-ff",
        "org.zfstune:replica-target-00000000000000FF",
        "org.zfstune:replica-target-00000000000000ff0",
        "com.example:replica-target-00000000000000ff",
        "org.zfstune:replica-target-0000000000000000",
    ],
)
def test_no_other_property_names_a_target(name: str) -> None:
    """A property that somebody mistyped tells of no target."""
    assert noted_target(name) == 0


def test_the_notes_on_a_dataset() -> None:
    """Only those that were set on itself, and no other property of zfstune's."""
    own = (REPLICA_PROPERTY, target_property(1), f"{OWN_PREFIX}policy")
    properties = {name: PropertyValue("x", LOCAL) for name in own}
    properties[target_property(2)] = PropertyValue("x", INHERITED, "tank")
    properties[target_property(3)] = PropertyValue("x", RECEIVED)
    dataset = Dataset("tank/a", "filesystem", 1, 1, properties)
    assert notes_on(dataset) == (target_property(1),)
