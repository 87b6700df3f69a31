"""The two ways past a refusal: keep the target aside, or lose what the caller names."""

from __future__ import annotations

from zfstune.streams.base import find_base
from zfstune.streams.ends import missing_end
from zfstune.streams.refusals import (
    Diverged,
    NameTaken,
    NoSnapshot,
    PlaceholderStays,
    TargetIsOther,
    TookOver,
)
from zfstune.streams.steps import Abort, Incremental, Resume, Transfer
from zfstune.streams.transfer import NO_ORIGINS, decide_transfer
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zfstune.streams.ends import End
    from zfstune.streams.refusals import Refusal
    from zfstune.values.state import Snapshot

__all__ = ["beside", "in_place_of", "over"]

# No loss of a snapshot is a way past these.
_WITHOUT_LOSS = (NameTaken, NoSnapshot, PlaceholderStays, TargetIsOther, TookOver)


def beside(
    source: End,
    target: End,
    refusal: Refusal,
    aside: str,
    *,
    every: bool,
    raw: bool | None = None,
    origins: Mapping[int, Snapshot] = NO_ORIGINS,
) -> Transfer:
    """Decide the transfer to a new dataset, once the target has another name.

    Where both have a common base, the new dataset becomes a clone of the one that was
    renamed, at the base: nothing before it is sent again.

    Args:
        source: The source.
        target: The target.
        refusal: The reason why nothing can be sent to it.
        aside: The target's name afterwards.
        every: As for :func:`zfstune.streams.transfer.decide_transfer`.
        raw: As for that, where a first stream is sent.
        origins: As for that.

    Raises:
        PlanError: That does not help.
    """
    if isinstance(refusal, (NameTaken, NoSnapshot, TookOver)) or "/" not in target.name:
        raise refusal.error()
    if not isinstance(refusal, Diverged):
        new = missing_end(target.name)
        decided = decide_transfer(source, new, raw=raw, every=every, origins=origins)
        return _transfer(decided)
    return in_place_of(source, target.renamed(aside), missing_end(target.name), every=every)


def in_place_of(source: End, aside: End, target: End, *, every: bool) -> Transfer:
    """Decide the transfer to a dataset that takes the place of one with a common base.

    Args:
        source: The source.
        aside: The dataset that was put aside, or is about to be, under its new name.
        target: The new dataset, which does not exist, or is but a part of a stream.
        every: As for :func:`zfstune.streams.transfer.decide_transfer`.

    Raises:
        PlanError: No stream can go on from the base.
    """
    until_base = _until_base(source, aside.renamed(target.name))
    left = replace(until_base, partial=target.partial)
    transfer = _transfer(decide_transfer(source, left, every=every))
    base = find_base(source, aside)
    steps = list(transfer.steps)
    for position, step in enumerate(steps):
        if isinstance(step, Resume):
            break
        if isinstance(step, Incremental) and base is not None:
            steps[position] = replace(step, origin=base.received.name)
            break
    return replace(transfer, steps=tuple(steps))


def over(
    source: End,
    target: End,
    refusal: Refusal,
    accepted: Iterable[str],
    *,
    every: bool,
    raw: bool | None = None,
) -> Transfer:
    """Decide the transfer to the target, once it has lost what the caller names.

    Args:
        source: The source.
        target: The target.
        refusal: The reason why nothing can be sent to it.
        accepted: Full names of snapshots that may go, and ``written`` for the bytes that
            were written since the newest one.
        every: As for :func:`zfstune.streams.transfer.decide_transfer`.
        raw: As for that, where a first stream is sent.

    Raises:
        PlanError: More would go than the caller named, or that does not help.
    """
    named = frozenset(accepted)
    if isinstance(refusal, _WITHOUT_LOSS):
        raise refusal.error()
    more = [name for name in refusal.losses if name not in named]
    if more:
        raise refusal.error()
    foreign = sorted(named - {*refusal.losses})
    if foreign:
        raise PlanError(
            f"cannot lose '{foreign[0]}': '{target.name}' has no such loss to take",
            hint=refusal.hint,
        )
    if isinstance(refusal, Diverged):
        left = _until_base(source, target)
        transfer = _transfer(decide_transfer(source, left, every=every))
    else:
        # What a run before has begun to send in its place goes on.
        left = replace(missing_end(target.name), partial=target.partial)
        transfer = _transfer(decide_transfer(source, left, raw=raw, every=every))
        _check_replaceable(target, transfer)
    # A loss goes only once the first stream has arrived, so that one needs a free name.
    first = next((s.received for s in transfer.steps if not isinstance(s, Abort)), "")
    taken = tuple(victim for victim in refusal.victims if victim.name == first)
    if taken:
        raise NameTaken(source.name, target.name, taken).error()
    return transfer


def _check_replaceable(target: End, transfer: Transfer) -> None:
    """Refuse a first stream that no receive by force puts in the place of a target.

    The rule is that of recv_begin_check_existing_impl() in module/zfs/dmu_recv.c.
    """
    raw = any(not isinstance(step, Abort) and step.raw for step in transfer.steps)
    if raw or target.encrypted:
        what = "a raw stream" if raw else "a stream"
        where = "an encrypted dataset" if target.encrypted else "another dataset"
        raise PlanError(
            f"cannot send '{transfer.source}' to '{target.name}': ZFS does not let {what} "
            f"take the place of {where}",
            hint="use --keep-aside instead of --lose, or choose another target",
        )


def _until_base(source: End, target: End) -> End:
    """Return the target as it is once nothing comes after the common base."""
    base = find_base(source, target)
    if base is None:
        return target
    newest = base.received.createtxg
    kept = tuple(s for s in target.snapshots if s.createtxg <= newest)
    return replace(target, snapshots=kept, written_bytes=0)


def _transfer(decided: Transfer | Refusal) -> Transfer:
    if not isinstance(decided, Transfer):
        raise decided.error()
    return decided
