"""Transfers: the streams that a pair needs, case by case, and what stands against them.

The steps' texts and the refusals' words have tests of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stream_ends import (
    MISSING,
    SOURCE,
    TARGET,
    broken,
    mark,
    snap,
    source,
    target,
    there,
    words,
)
from zfstune.streams.ends import Replica, missing_end
from zfstune.streams.refusals import (
    Diverged,
    NameTaken,
    NoCommonBase,
    NoSnapshot,
    PlaceholderStays,
    TargetIsOther,
)
from zfstune.streams.steps import Abort, Full, Incremental, Resume, Transfer
from zfstune.streams.transfer import decide_transfer
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace
from zfstune.values.marks import BEGUN

if TYPE_CHECKING:
    from zfstune.streams.ends import End


def test_a_first_transfer_brings_the_history() -> None:
    """The oldest snapshot goes whole, and each later one as its changes."""
    assert words(decide_transfer(source(1, 2, 3), MISSING)) == [
        "full @1 -> @1",
        "incremental @2 from @1 -> @2",
        "incremental @3 from @2 -> @3",
    ]
    assert words(decide_transfer(source(1, 2, 3), MISSING, every=False)) == [
        "full @3 -> @3"
    ]


def test_a_later_transfer_brings_what_is_new() -> None:
    """Snapshots older than the base are history that the target does without."""
    sending, receiving = source(1, 2, 3, 4), target(2)
    assert words(decide_transfer(sending, receiving)) == [
        "incremental @3 from @2 -> @3",
        "incremental @4 from @3 -> @4",
    ]
    assert words(decide_transfer(sending, receiving, every=False)) == [
        "incremental @4 from @2 -> @4"
    ]


def test_a_bookmark_is_a_base_without_its_snapshot() -> None:
    """The source may have pruned all that the target has."""
    sending = source(3, 4, marks=[mark(1), mark(2, "kept")])
    assert words(decide_transfer(sending, target(1, 2))) == [
        "incremental @3 from #kept -> @3",
        "incremental @4 from @3 -> @4",
    ]


def test_names_may_differ() -> None:
    """The base is found by guid, and what arrives keeps the source's name."""
    sending = source(snap(1, "x"), snap(2, "y"))
    assert words(decide_transfer(sending, target(there(1, "z")))) == [
        "incremental @y from @x -> @y"
    ]


def test_nothing_to_do() -> None:
    """A target that has the newest snapshot is up to date."""
    for sending, receiving in [
        (source(1, 2), target(1, 2)),
        (source(1, marks=[2]), target(2)),
    ]:
        decided = decide_transfer(sending, receiving)
        assert isinstance(decided, Transfer)
        assert decided.up_to_date
        assert decided.blocked is None
        assert (decided.source, decided.target) == (SOURCE, TARGET)


def test_a_source_that_is_missing_is_an_error() -> None:
    """A dataset that does not exist has nothing to send."""
    with pytest.raises(PlanError, match="cannot send 'tank/a': there is no such dataset"):
        decide_transfer(missing_end(SOURCE), target(1))


def test_a_snapshot_of_its_own_makes_a_target_diverge() -> None:
    """All snapshots after the common one are named, and none before it."""
    decided = decide_transfer(source(1, 2, 9), target(1, 2, 4, 5))
    assert isinstance(decided, Diverged)
    assert [s.name for s in decided.victims] == ["backup/a@4", "backup/a@5"]
    assert (decided.base, decided.written_bytes) == ("backup/a@2", 0)
    assert (decided.raw, decided.empty) == (False, False)


@pytest.mark.parametrize("encrypted", [False, True])
def test_an_empty_snapshot_of_its_own_is_enough(encrypted: bool) -> None:  # noqa: FBT001 (a parameter)
    """A raw stream fits no newer snapshot, and zfstune appends to the common one only."""
    replica = Replica(7, raw=True) if encrypted else None
    for written, empty in [(0, True), (512, False)]:
        receiving = target(
            1, there(5, written=written), encrypted=encrypted, replica=replica
        )
        decided = decide_transfer(source(1, 2, encrypted=encrypted), receiving)
        assert isinstance(decided, Diverged)
        assert [s.guid for s in decided.victims] == [5]
        assert (decided.raw, decided.empty) == (encrypted, empty)


def test_empty_means_all_and_known() -> None:
    """One snapshot with changes, one that was not read, or later writes are a loss."""
    for snapshots, written in [
        ([there(5, written=0), there(6, written=8)], 0),
        ([there(5, written=0), there(6)], 0),
        ([there(5, written=0)], 1),
        ([], 1),
    ]:
        decided = decide_transfer(source(1, 9), target(1, *snapshots, written=written))
        assert isinstance(decided, Diverged)
        assert not decided.empty


def test_what_was_written_blocks() -> None:
    """A change since the newest snapshot would be overwritten, so it is named."""
    decided = decide_transfer(source(1, 2), target(1, written=4096))
    assert isinstance(decided, Diverged)
    assert (decided.victims, decided.written_bytes) == ((), 4096)


def test_a_block_ahead_is_told_before_it_matters() -> None:
    """Where nothing is new, the target is up to date and the next refusal is known."""
    decided = decide_transfer(source(1), target(1, 5))
    assert isinstance(decided, Transfer)
    assert decided.up_to_date
    assert decided.blocked is not None
    assert [s.guid for s in decided.blocked.victims] == [5]


def test_no_common_base() -> None:
    """All of the target's snapshots are in the way of a new first transfer."""
    decided = decide_transfer(source(3, marks=[4]), target(1, 2, written=5))
    assert isinstance(decided, NoCommonBase)
    assert [s.guid for s in decided.victims] == [1, 2]
    assert decided.written_bytes == 5


def test_another_kind_of_dataset_is_no_target() -> None:
    """A volume is not received over a filesystem, even one with a common snapshot."""
    decided = decide_transfer(source(1, 2, kind="volume"), target(1))
    assert isinstance(decided, TargetIsOther)
    assert (decided.kind, decided.wanted) == ("filesystem", "volume")
    assert [s.guid for s in decided.victims] == [1]


def test_a_dataset_without_snapshots_is_no_copy() -> None:
    """A dataset that somebody made in the target's place stays."""
    decided = decide_transfer(source(1), target(written=9))
    assert isinstance(decided, TargetIsOther)
    assert (decided.victims, decided.written_bytes) == ((), 9)


def test_a_name_that_is_taken() -> None:
    """Any snapshot that would arrive under the name of another one is in the way."""
    receiving = target(there(1, "daily"), there(2, "x"), there(3, "b"))
    sending = source(snap(3, "b"), snap(4, "x"), snap(5, "daily"))
    decided = decide_transfer(sending, receiving)
    assert isinstance(decided, NameTaken)
    assert [s.name for s in decided.taken] == ["backup/a@daily", "backup/a@x"]
    assert decided.victims == ()
    sending = source(snap(3, "b"), snap(5, "daily"), snap(6, "e"))
    assert words(decide_transfer(sending, receiving, every=False)) == [
        "incremental @e from @b -> @e"
    ]


# Streams that broke off.


def test_a_first_stream_goes_on() -> None:
    """The rest of it comes first, then what is newer than its snapshot."""
    sending, receiving = source(1, 2, 3), target(partial=broken(2))
    assert words(decide_transfer(sending, receiving)) == [
        "resume @2 -> @2",
        "incremental @3 from @2 -> @3",
    ]
    decided = decide_transfer(source(1, 2), receiving)
    assert words(decided) == ["resume @2 -> @2"]


def test_the_kind_of_what_broke_off_may_be_unknown() -> None:
    """A dataset that is but a part of a stream is taken for no other dataset."""
    receiving = replace(target(partial=broken(1)), kind="")
    assert words(decide_transfer(source(1, kind="volume"), receiving)) == [
        "resume @1 -> @1"
    ]


@pytest.mark.parametrize(
    ("sending", "base"),
    [
        (source(1, 3), "@1"),
        (source(3, marks=[mark(1, "kept")]), "#kept"),
    ],
)
def test_an_incremental_goes_on(sending: End, base: str) -> None:
    """The base may be a bookmark by now."""
    receiving = target(1, partial=broken(3, 1))
    assert words(decide_transfer(sending, receiving)) == [f"resume @3 from {base} -> @3"]
    # A straight way to the newest begins with what is half done, too.
    sending = replace(sending, snapshots=(*sending.snapshots, snap(5), snap(6)))
    assert words(decide_transfer(sending, receiving, every=False)) == [
        f"resume @3 from {base} -> @3",
        "incremental @6 from @3 -> @6",
    ]


def test_a_clone_goes_on_from_its_origin() -> None:
    """The base of the first stream of a clone is in another dataset."""
    sending = source(3, origin=snap(1, "x", dataset="tank/o"))
    decided = decide_transfer(sending, target(partial=broken(3, 1)))
    assert words(decided) == ["resume @3 from tank/o@x -> @3"]
    assert isinstance(decided, Transfer)
    assert decided.unshared == ""


ABORTS = {
    "gone": (source(1, 4), target(1, partial=broken(3, 1)), "its snapshot is gone", ["@4"]),
    "its bookmark": (
        source(1, marks=[3]),
        target(1, partial=broken(3, 1)),
        "its snapshot is gone from the source",
        [],
    ),
    "no base": (
        source(3),
        target(partial=broken(3, 1)),
        "the source has neither its base nor a bookmark of it",
        ["@3"],
    ),
    "a base that came later": (
        source(3, 5),
        target(partial=broken(3, 5)),
        "the source has neither its base",
        ["@3", "@5"],
    ),
    "its own base": (
        source(3),
        target(partial=broken(3, 3)),
        "the source has neither its base",
        ["@3"],
    ),
    "another base": (
        source(1, 2, 3),
        target(1, 2, partial=broken(3, 1)),
        "it does not build on the target's newest snapshot",
        ["@3"],
    ),
    "a full one": (
        source(1, 2),
        target(1, partial=broken(2)),
        "it does not build on the target's newest snapshot",
        ["@2"],
    ),
    "arrived": (
        source(1, 2),
        target(1, 2, partial=broken(2, 1)),
        "its snapshot has arrived in the meantime",
        [],
    ),
    "raw": (
        source(1, 2),
        target(1, partial=broken(2, 1, raw=True)),
        "it is raw, and the streams of this pair are not",
        ["@2"],
    ),
    "nothing but begun": (
        source(2, encrypted=True),
        replace(target(), kind=BEGUN),
        "it broke off before anything was there",
        ["@2"],
    ),
    "not raw": (
        source(1, 2, encrypted=True),
        target(1, encrypted=True, partial=broken(2, 1), replica=Replica(7, raw=True)),
        "it is not raw, and the streams of this pair are",
        ["@2"],
    ),
}


@pytest.mark.parametrize(
    ("sending", "receiving", "reason", "then"), ABORTS.values(), ids=ABORTS
)
def test_what_cannot_go_on_is_aborted_with_a_reason(
    sending: End, receiving: End, reason: str, then: list[str]
) -> None:
    """Whatever the token asks for and the source lacks is told; then the rest follows."""
    decided = decide_transfer(sending, receiving)
    assert isinstance(decided, Transfer)
    abort, *steps = decided.steps
    assert isinstance(abort, Abort)
    assert abort.target == TARGET
    assert abort.reason.startswith(reason)
    assert [step.received for step in steps if not isinstance(step, Abort)] == [
        f"{TARGET}{name}" for name in then
    ]


def test_what_broke_off_helps_no_target_that_diverged() -> None:
    """The kernel takes the end of a stream only while the target is as it was."""
    for receiving in [
        target(1, 5, partial=broken(3, 1)),
        target(1, partial=broken(3, 1), written=1),
    ]:
        assert isinstance(decide_transfer(source(1, 3), receiving), Diverged)


def test_the_name_of_what_goes_on_is_looked_at_too() -> None:
    """The source's snapshot may have got the name of another one in the meantime."""
    receiving = target(there(1, "x"), there(2), partial=broken(3, 2))
    decided = decide_transfer(source(2, snap(3, "x")), receiving)
    assert isinstance(decided, NameTaken)
    assert [s.guid for s in decided.taken] == [1]


def test_the_steps_hold_what_a_sender_needs() -> None:
    """A step has the snapshot and base themselves, so that their guids can be checked."""
    decided = decide_transfer(source(2, 3, marks=[1]), target(1, partial=broken(2, 1)))
    assert isinstance(decided, Transfer)
    assert decided.steps == (
        Resume(snap(2), mark(1), "backup/a@2", raw=False),
        Incremental(snap(3), snap(2), "backup/a@3", raw=False),
    )
    assert decide_transfer(source(1), MISSING) == Transfer(
        SOURCE, TARGET, (Full(snap(1), "backup/a@1", raw=False),)
    )


def test_nothing_that_could_be_sent() -> None:
    """A source without a snapshot makes no target, except that one is there."""
    assert decide_transfer(source(), MISSING) == NoSnapshot(SOURCE, TARGET)
    assert words(decide_transfer(source(), replace(target(), stands_for=1))) == []


def test_a_placeholder_makes_way() -> None:
    """For a full stream in plain; ZFS lets nothing else take its place."""
    held = replace(target(), stands_for=1)
    assert words(decide_transfer(source(1, 2), held, every=False)) == ["full @2 -> @2"]
    stays = PlaceholderStays(SOURCE, TARGET)
    assert decide_transfer(source(1, encrypted=True), held) == stays
    assert words(decide_transfer(source(1, encrypted=True), held, raw=False)) == [
        "full @1 -> @1"
    ]
    assert decide_transfer(source(1), replace(held, encrypted=True)) == stays
    origin = snap(7, dataset="tank/o")
    clone = source(8, origin=origin)
    assert decide_transfer(clone, held, origins={7: snap(7, dataset="backup/o")}) == stays


def test_snapshots_that_clones_need() -> None:
    """They are sent although they are not the newest."""
    sent = source(1, 2, 3, 4)
    for receiving, expected in (
        (MISSING, ["full @2 -> @2", "incremental @4 from @2 -> @4"]),
        (target(1), ["incremental @2 from @1 -> @2", "incremental @4 from @2 -> @4"]),
    ):
        decided = decide_transfer(sent, receiving, every=False, needed={2, 77})
        assert words(decided) == expected


def test_snapshots_that_another_dataset_has() -> None:
    """The newest of them that has a successor becomes the origin."""
    elsewhere = {guid: snap(guid, dataset="backup/o") for guid in (1, 2, 4, 7)}
    sent = source(1, 2, 3, 4, origin=snap(7, dataset="tank/o", txg=1))
    assert words(decide_transfer(sent, MISSING, origins=elsewhere)) == [
        "incremental @3 from @2 -> @3 as a clone of backup/o@2",
        "incremental @4 from @3 -> @4",
    ]
    assert words(decide_transfer(source(4), MISSING, origins=elsewhere)) == [
        "full @4 -> @4"
    ]
