"""Raw or not: what tells how a copy came, and which wish fits it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stream_ends import mark, snap, source, target, there
from zfstune.streams.base import find_base
from zfstune.streams.ends import Replica
from zfstune.streams.raw_kind import came_raw, clone_came_raw, is_mismatch
from zfstune.values.state import NONE, PropertyValue, Snapshot

if TYPE_CHECKING:
    from zfstune.streams.ends import End


def told(sending: End, receiving: End) -> bool | None:
    """Tell whether the target came raw."""
    base = find_base(sending, receiving)
    assert base is not None
    return came_raw(sending, receiving, base)


@pytest.mark.parametrize(
    ("sends", "receives"), [(False, False), (False, True), (True, False)]
)
def test_raw_takes_a_key_on_both_sides(sends: bool, receives: bool) -> None:  # noqa: FBT001 (parameters)
    """A pair with one side in the clear was never raw, whatever else is known."""
    sending = source(snap(1, ivsetguid=5), encrypted=sends)
    replica = Replica(1, raw=True)
    receiving = target(there(1, ivsetguid=5), encrypted=receives, replica=replica)
    assert told(sending, receiving) is False


@pytest.mark.parametrize(("ivset", "expected"), [(5, True), (6, False)])
def test_the_base_tells(ivset: int, expected: bool) -> None:  # noqa: FBT001 (a parameter)
    """The next stream builds on the base, so its set comes before all other signs."""
    sending = source(snap(1, ivsetguid=3), snap(2, ivsetguid=5), encrypted=True)
    before = there(1, ivsetguid=3 if ivset == 6 else 4)
    replica = Replica(1, raw=not expected)
    receiving = target(before, there(2, ivsetguid=ivset), encrypted=True, replica=replica)
    assert told(sending, receiving) is expected


@pytest.mark.parametrize(("ivset", "expected"), [(5, True), (6, False)])
def test_a_bookmark_tells_as_well(ivset: int, expected: bool) -> None:  # noqa: FBT001 (a parameter)
    """Where the base is only a bookmark, and no mark of ours is there, its set counts."""
    sending = source(3, marks=[mark(2, ivsetguid=5)], encrypted=True)
    assert told(sending, target(there(2, ivsetguid=ivset), encrypted=True)) is expected


@pytest.mark.parametrize("raw", [True, False])
def test_the_mark_tells_where_the_base_does_not(raw: bool) -> None:  # noqa: FBT001 (a parameter)
    """A bookmark may have no set of IVs, and a listing may lack it."""
    replica = Replica(1, raw)
    older, copy = snap(1, ivsetguid=3), there(1, ivsetguid=4 if raw else 3)
    receiving = target(copy, 2, encrypted=True, replica=replica)
    assert told(source(older, 9, marks=[2], encrypted=True), receiving) is raw
    assert told(source(older, 2, encrypted=True), receiving) is raw


def test_other_common_snapshots_tell_the_rest() -> None:
    """The newest that both sides have with their sets counts."""
    sending = source(
        snap(1, ivsetguid=1),
        snap(2, ivsetguid=2),
        snap(3),
        encrypted=True,
        marks=[mark(4)],
    )
    for ivset, expected in [(2, True), (8, False)]:
        receiving = target(
            there(1, ivsetguid=9 if expected else 1),
            there(2, ivsetguid=ivset),
            there(3, ivsetguid=3),
            4,
            there(7, ivsetguid=7),
            encrypted=True,
        )
        assert told(sending, receiving) is expected


def test_without_a_sign_nobody_can_tell() -> None:
    """Two sets that nobody knows are not equal."""
    empty = Snapshot("tank/a@1", 1, 1, 0, {"ivsetguid": PropertyValue("", NONE)})
    for ours in (snap(1), empty, snap(1, ivsetguid=4)):
        assert told(source(ours, encrypted=True), target(1, encrypted=True)) is None


ORIGIN = snap(1, dataset="tank/o", ivsetguid=5)


@pytest.mark.parametrize(
    ("copy", "expected"),
    [
        (snap(1, ivsetguid=5, encryption=8), True),
        (snap(1, ivsetguid=6, encryption=8), False),
        (snap(1, written=0), False),
        (Snapshot("x/p@1", 1, 1, 0, {"encryption": PropertyValue("off", NONE)}), False),
        (snap(1), None),
        (snap(1, encryption=8), None),
    ],
)
def test_a_clone_is_of_its_origins_kind(copy: Snapshot, expected: bool | None) -> None:  # noqa: FBT001 (a parameter)
    """A copy in the clear did not come raw; one that was not read tells nothing."""
    assert clone_came_raw(source(2, encrypted=True), ORIGIN, copy) is expected
    assert clone_came_raw(source(2), ORIGIN, copy) is False


@pytest.mark.parametrize(
    ("raw", "fixed", "expected"),
    [
        (None, None, False),
        (None, True, False),
        (None, False, False),
        (True, True, False),
        (False, False, False),
        (True, None, False),
        (True, False, True),
        (False, True, True),
        (False, None, True),
    ],
)
def test_which_wishes_do_not_fit(
    raw: bool | None,  # noqa: FBT001 (a parameter)
    fixed: bool | None,  # noqa: FBT001 (a parameter)
    expected: bool,  # noqa: FBT001 (a parameter)
) -> None:
    """Where nobody can tell, only the wish that could break a raw chain is refused."""
    assert is_mismatch(source(encrypted=True), raw=raw, fixed=fixed) is expected
    assert is_mismatch(source(), raw=raw, fixed=fixed) is False
