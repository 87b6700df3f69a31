"""Transfers of encrypted datasets and clones, and the role of the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stream_ends import MISSING, SOURCE, TARGET, broken, mark, snap, source, target, words
from zfstune.streams.ends import Replica
from zfstune.streams.refusals import NoCommonBase, RawMismatch, TookOver
from zfstune.streams.steps import Abort, Full, Incremental, Transfer
from zfstune.streams.transfer import decide_transfer
from zfstune.streams.ways_out import over
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from zfstune.streams.refusals import Refusal


def raws(decided: Transfer | Refusal) -> list[bool]:
    """Tell of each stream whether it is raw."""
    assert isinstance(decided, Transfer), decided
    return [step.raw for step in decided.steps if not isinstance(step, Abort)]


@pytest.mark.parametrize(
    ("encrypted", "asked", "expected"),
    [
        (True, None, True),
        (True, True, True),
        (True, False, False),
        (False, None, False),
        (False, True, False),
        (False, False, False),
    ],
)
def test_the_first_stream_is_raw_where_there_is_a_key(
    encrypted: bool,  # noqa: FBT001 (a parameter)
    asked: bool | None,  # noqa: FBT001 (a parameter)
    expected: bool,  # noqa: FBT001 (a parameter)
) -> None:
    """Only the blocks of an encrypted source can be raw; the others are what they are."""
    sending = source(1, 2, encrypted=encrypted)
    assert raws(decide_transfer(sending, MISSING, raw=asked)) == [expected, expected]


@pytest.mark.parametrize("came_raw", [True, False])
def test_later_streams_are_as_the_first(came_raw: bool) -> None:  # noqa: FBT001 (a parameter)
    """The kind of a pair is kept unasked, and the other kind is refused."""
    sending = source(1, 2, encrypted=True)
    receiving = target(1, encrypted=True, replica=Replica(7, came_raw))
    for asked in (None, came_raw):
        assert raws(decide_transfer(sending, receiving, raw=asked)) == [came_raw]
    decided = decide_transfer(sending, receiving, raw=not came_raw)
    assert isinstance(decided, RawMismatch)
    assert decided.raw is came_raw
    assert (decided.received, decided.victims) == (TARGET, receiving.snapshots)


def test_a_mismatch_is_told_even_where_nothing_is_new() -> None:
    """What the caller asks for can never be done."""
    receiving = target(1, encrypted=False)
    decided = decide_transfer(source(1, encrypted=True), receiving, raw=True)
    assert isinstance(decided, RawMismatch)
    assert decided.raw is False


@pytest.mark.parametrize("kind", [True, False])
def test_what_broke_off_decides_the_kind_of_a_first_transfer(kind: bool) -> None:  # noqa: FBT001 (a parameter)
    """The first stream has begun; the caller's word comes before that."""
    sending = source(1, 2, encrypted=True)
    receiving = target(partial=broken(1, raw=kind))
    assert raws(decide_transfer(sending, receiving)) == [kind, kind]
    decided = decide_transfer(sending, receiving, raw=not kind)
    assert isinstance(decided, Transfer)
    assert [type(step) for step in decided.steps] == [Abort, Full, Incremental]
    assert raws(decided) == [not kind, not kind]


def test_raw_means_nothing_to_what_broke_off_without_a_key() -> None:
    """A stream without a key goes on, though the caller asks for raw ones."""
    decided = decide_transfer(source(1), target(partial=broken(1)), raw=True)
    assert words(decided) == ["resume @1 -> @1"]


# Clones.

ORIGIN = snap(1, "x", dataset="tank/o", ivsetguid=70)
COPY = snap(1, "renamed", dataset="backup/p", txg=44)


def test_a_clone_stays_a_clone() -> None:
    """Only the changes since the origin travel, whatever its copy is called."""
    sending = source(2, 3, origin=ORIGIN)
    decided = decide_transfer(sending, MISSING, origins={1: COPY})
    assert words(decided) == [
        "incremental @2 from tank/o@x -> @2 as a clone of backup/p@renamed",
        "incremental @3 from @2 -> @3",
    ]
    assert isinstance(decided, Transfer)
    assert decided.unshared == ""


def test_a_clone_without_its_origin_is_told() -> None:
    """Where the other side lacks the origin, its blocks are sent once more."""
    sending = source(2, origin=ORIGIN)
    decided = decide_transfer(sending, MISSING, origins={5: COPY})
    assert words(decided) == ["full @2 -> @2"]
    assert isinstance(decided, Transfer)
    assert decided.unshared == "tank/o@x"
    decided = decide_transfer(sending, target(partial=broken(2)), origins={1: COPY})
    assert words(decided) == ["resume @2 -> @2"]
    assert isinstance(decided, Transfer)
    assert decided.unshared == "tank/o@x"


def test_a_clone_that_exists_needs_no_origin() -> None:
    """Further streams of a clone are like those of any dataset."""
    sending = source(2, 3, origin=ORIGIN)
    decided = decide_transfer(sending, target(2), origins={1: COPY})
    assert words(decided) == ["incremental @3 from @2 -> @3"]
    assert isinstance(decided, Transfer)
    assert decided.unshared == ""


def test_a_clone_is_as_raw_as_its_origin() -> None:
    """The clone of a copy that came raw takes raw streams only, and the other way."""
    sending = source(2, origin=ORIGIN, encrypted=True)
    for ivset, came_raw in [(70, True), (71, False)]:
        copy = snap(1, dataset="backup/p", ivsetguid=ivset, encryption=8)
        for asked in (None, came_raw):
            decided = decide_transfer(sending, MISSING, raw=asked, origins={1: copy})
            assert raws(decided) == [came_raw]
        decided = decide_transfer(sending, MISSING, raw=not came_raw, origins={1: copy})
        assert isinstance(decided, RawMismatch)
        assert (decided.raw, decided.received) == (came_raw, "backup/p@1")
        assert decided.victims == ()


def test_a_target_that_has_taken_over() -> None:
    """No stream fits, whatever the two have in common; as a source it is like another."""
    live = Replica(5, raw=False, live=True)
    for left in (target(2), target(1, 2, 9), target(2, partial=broken(3, 2))):
        receiving = replace(left, replica=live)
        assert decide_transfer(source(1, 2, 3), receiving) == TookOver(SOURCE, TARGET)
    sending = replace(source(1, 2), replica=live)
    assert words(decide_transfer(sending, target(1))) == ["incremental @2 from @1 -> @2"]


def test_a_target_that_only_remembers_the_base() -> None:
    """Its prune went too far, before roles were changed: the refusal says so."""
    marks = tuple(mark(guid, dataset=TARGET) for guid in (1, 2, 7))
    receiving = replace(target(8), bookmarks=marks)
    found = decide_transfer(source(1, 2, 3), receiving)
    assert isinstance(found, NoCommonBase)
    assert found.remembered == f"{TARGET}#2"
    assert decide_transfer(source(4), receiving) == NoCommonBase(
        SOURCE, TARGET, receiving.snapshots
    )


@pytest.mark.parametrize(
    ("sealed_source", "sealed_target", "raw", "forcible"),
    [
        (False, False, None, True),
        (True, False, False, True),
        (True, False, None, False),
        (True, False, True, False),
        (False, True, None, False),
        (True, True, False, False),
    ],
)
def test_what_no_loss_makes_room_for(
    *, sealed_source: bool, sealed_target: bool, raw: bool | None, forcible: bool
) -> None:
    """A raw stream replaces nothing, and an encrypted dataset is replaced by nothing.

    So a loss is named as a way on only where `over` then takes it.
    """
    sending = source(1, encrypted=sealed_source)
    receiving = replace(target(9), encrypted=sealed_target)
    found = decide_transfer(sending, receiving, raw=raw)
    assert isinstance(found, NoCommonBase)
    assert ("--lose" in found.hint) == forcible
    if forcible:
        over(sending, receiving, found, found.losses, every=True, raw=raw)
        return
    with pytest.raises(PlanError, match="take the place of"):
        over(sending, receiving, found, found.losses, every=True, raw=raw)
