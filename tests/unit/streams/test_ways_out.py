"""Past a refusal: a new dataset beside the old one, or the named loss, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stream_ends import MISSING, SOURCE, TARGET, snap, source, target, there, words
from zfstune.streams.refusals import (
    NameTaken,
    NoSnapshot,
    PlaceholderStays,
    TookOver,
)
from zfstune.streams.steps import Transfer
from zfstune.streams.transfer import decide_transfer
from zfstune.streams.ways_out import beside, over
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from zfstune.streams.refusals import Refusal


def refusal(sent: object, received: object) -> Refusal:
    """Return the refusal of a transfer."""
    decided = decide_transfer(sent, received)  # type: ignore[arg-type]
    assert not isinstance(decided, Transfer)
    return decided


def test_beside_a_diverged_target() -> None:
    """The first stream makes a clone of the old dataset at the base; nothing is resent."""
    sent, received = source(1, 2, 3, 4), target(1, 2, there(9))
    made = beside(sent, received, refusal(sent, received), "backup/old", every=True)
    assert words(made) == [
        "incremental @3 from @2 -> @3 as a clone of backup/old@2",
        "incremental @4 from @3 -> @4",
    ]
    newest = beside(sent, received, refusal(sent, received), "backup/old", every=False)
    assert words(newest) == ["incremental @4 from @2 -> @4 as a clone of backup/old@2"]


@pytest.mark.parametrize("received", [target(8, 9), target()])
def test_beside_what_is_no_copy(received: object) -> None:
    """Without a common base all of it is sent."""
    sent = source(1, 2)
    made = beside(sent, received, refusal(sent, received), "backup/old", every=True)  # type: ignore[arg-type]
    assert words(made) == ["full @1 -> @1", "incremental @2 from @1 -> @2"]


def test_over_a_diverged_target() -> None:
    """Once all that goes was named, the transfer begins at the base."""
    sent, received = source(1, 2, 3), target(1, 2, there(9), written=5)
    refused = refusal(sent, received)
    named = [f"{TARGET}@9", "written"]
    assert words(over(sent, received, refused, named, every=True)) == [
        "incremental @3 from @2 -> @3"
    ]
    for less in ([], named[:1], named[1:]):
        with pytest.raises(PlanError, match="snapshots of its own"):
            over(sent, received, refused, less, every=True)
    with pytest.raises(PlanError, match=f"cannot lose '{TARGET}@1'"):
        over(sent, received, refused, [*named, f"{TARGET}@1"], every=True)


def test_over_what_has_no_common_base() -> None:
    """All of its snapshots have to be named, and all of the source is sent."""
    sent, received = source(1, 2), target(8, 9)
    refused = refusal(sent, received)
    named = [f"{TARGET}@8", f"{TARGET}@9"]
    assert words(over(sent, received, refused, named, every=True)) == [
        "full @1 -> @1",
        "incremental @2 from @1 -> @2",
    ]
    with pytest.raises(PlanError, match="the source has none of its snapshots"):
        over(sent, received, refused, named[:1], every=True)


@pytest.mark.parametrize(
    ("encrypted", "raw", "into", "refused"),
    [
        (False, None, False, ""),
        (False, None, True, "a stream take the place of an encrypted dataset"),
        (True, None, False, "a raw stream take the place of another dataset"),
        (True, None, True, "a raw stream take the place of an encrypted dataset"),
        (True, False, False, ""),
        (True, False, True, "a stream take the place of an encrypted dataset"),
    ],
)
def test_over_an_encrypted_dataset(
    *, encrypted: bool, raw: bool | None, into: bool, refused: str
) -> None:
    """ZFS puts nothing in its place, and no raw stream in the place of another one."""
    sent = source(1, 2, encrypted=encrypted)
    received = replace(target(9), encrypted=into)
    no_base, named = refusal(sent, received), [f"{TARGET}@9"]
    if refused:
        with pytest.raises(PlanError, match=refused) as no:
            over(sent, received, no_base, named, every=True, raw=raw)
        assert "--keep-aside instead" in no.value.hint
    else:
        made = over(sent, received, no_base, named, every=True, raw=raw)
        assert not any(step.raw for step in made.steps)  # type: ignore[union-attr]
    beside_it = beside(sent, received, no_base, "backup/old", every=True, raw=raw)
    assert {step.raw for step in beside_it.steps} == {encrypted and raw is None}  # type: ignore[union-attr]


def test_what_was_never_a_copy_is_not_lost() -> None:
    """A dataset without snapshots is renamed or left alone, whatever was named."""
    sent, received = source(1), target()
    with pytest.raises(PlanError, match="it is no copy of the source"):
        over(sent, received, refusal(sent, received), ["written"], every=True)


def test_a_name_that_is_taken_has_its_own_way_out() -> None:
    """Neither a rename of the dataset nor a loss is needed: the snapshot is renamed."""
    taken = NameTaken(SOURCE, TARGET, (there(9, "3"),))
    sent, received = source(1, 3), replace(MISSING)
    with pytest.raises(PlanError, match="have their names"):
        beside(sent, received, taken, "backup/old", every=True)
    with pytest.raises(PlanError, match="have their names"):
        over(sent, received, taken, [f"{TARGET}@3"], every=True)


def test_no_way_past_a_source_without_a_snapshot() -> None:
    """There is nothing to receive, beside the target or over it."""
    refused = NoSnapshot(SOURCE, TARGET)
    with pytest.raises(PlanError, match="no snapshot"):
        over(source(), MISSING, refused, (), every=True)
    with pytest.raises(PlanError, match="no snapshot"):
        beside(source(), MISSING, refused, "backup/old", every=True)


def test_no_way_past_a_target_that_took_over() -> None:
    """It is in use: neither a loss nor another name is for the other side to choose."""
    refused = TookOver(SOURCE, TARGET)
    with pytest.raises(PlanError, match="taken over"):
        over(source(1, 2), target(1, 3), refused, [f"{TARGET}@3"], every=True)
    with pytest.raises(PlanError, match="taken over"):
        beside(source(1, 2), target(1), refused, "backup/old", every=True)


def test_beside_a_placeholder() -> None:
    """A clone finds its origin there, too; nothing replaces the placeholder by force."""
    sent, held = (
        source(8, origin=snap(7, dataset="tank/o")),
        replace(target(), stands_for=1),
    )
    origins = {7: snap(7, dataset="backup/o")}
    refused = PlaceholderStays(SOURCE, TARGET)
    made = beside(sent, held, refused, "backup/old", every=True, origins=origins)
    assert [step.origin for step in made.steps] == ["backup/o@7"]  # type: ignore[union-attr]
    with pytest.raises(PlanError, match="placeholder"):
        over(sent, held, refused, (), every=True)


def test_a_loss_that_has_the_name_of_what_arrives() -> None:
    """It goes only after the first stream, which therefore needs another name."""
    sent, received = source(1, 2), target(there(8), 9)
    renamed = replace(received, snapshots=(replace(snap(9), name=f"{TARGET}@1"),))
    refused = refusal(sent, renamed)
    with pytest.raises(PlanError, match=f"have their names: {TARGET}@1") as caught:
        over(sent, renamed, refused, [f"{TARGET}@1"], every=True)
    assert f"zfs rename {TARGET}@1 {TARGET}@1-target" in caught.value.hint


def test_the_hint_within_a_tree() -> None:
    """There --lose does not go."""
    hint = refusal(source(1, 2, 3), target(1, 2, there(9))).tree_hint
    assert hint.endswith(f"or, alone, without -r, --lose {TARGET}@9 to give that up")
