"""The streams that bring a target up to its source, or the reason why none may.

A transfer only appends. It needs a common base that is the target's newest snapshot
with nothing written since, and it never rolls back, renames or destroys anything. The
one thing that it may take away is the part of a stream that can never be completed, and
that is a step with a reason. Each decision is a value; the rules are those of
``module/zfs/dmu_recv.c``, and where zfstune is stricter the refusal says so.
"""

from __future__ import annotations

from types import MappingProxyType

from zfstune.streams.base import find_base
from zfstune.streams.raw_kind import came_raw, clone_came_raw, is_mismatch
from zfstune.streams.refusals import (
    Diverged,
    NameTaken,
    NoCommonBase,
    NoSnapshot,
    PlaceholderStays,
    RawMismatch,
    TargetIsOther,
    TookOver,
)
from zfstune.streams.steps import Abort, Full, Incremental, Resume, Transfer
from zfstune.values.errors import PlanError
from zfstune.values.marks import BEGUN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from zfstune.streams.base import Base
    from zfstune.streams.ends import End
    from zfstune.streams.refusals import Refusal
    from zfstune.streams.steps import TransferStep
    from zfstune.values.state import Bookmark, Snapshot

__all__ = ["NO_ORIGINS", "decide_transfer"]

NO_ORIGINS: Mapping[int, Snapshot] = MappingProxyType({})


def decide_transfer(
    source: End,
    target: End,
    *,
    raw: bool | None = None,
    every: bool = True,
    origins: Mapping[int, Snapshot] = NO_ORIGINS,
    needed: Collection[int] = (),
) -> Transfer | Refusal:
    """Decide how a target gets what its source has.

    Args:
        source: The dataset to send; it exists.
        target: The dataset to receive into, which may not exist.
        raw: Send encrypted blocks as they are, or not; None: as the first stream was,
            and raw if this is the first. It means nothing for a source that is not
            encrypted.
        every: Send each snapshot after the base, as ``zfs send -I`` does; a first
            transfer begins at the oldest. Otherwise the newest alone is sent.
        origins: Snapshots on the target's pool by guid, with their properties, of which
            the target may become a clone. Their names need not be those on the source.
            A copy of an earlier snapshot of the source serves, too: after a promotion
            the target's pool may have that in another dataset.
        needed: Guids of snapshots that are sent even where the newest alone would be.

    Returns:
        The transfer, or the reason against it. A target that has the source's newest
        snapshot is up to date, whatever it has besides, unless it has taken over.

    Raises:
        PlanError: The source does not exist.
    """
    if not source.exists:
        raise PlanError(
            f"cannot send '{source.name}': there is no such dataset",
            hint="`zfstune list` on its host shows those that there are",
        )
    if target.live:
        return TookOver(source.name, target.name)
    only = None if every else needed
    begun = target.partial is not None or target.placeholder or target.kind == BEGUN
    if target.exists and (target.snapshots or not begun):
        # The kind of a dataset that is but a part of a stream may not be known yet.
        if target.kind != source.kind or not target.snapshots:
            return TargetIsOther(*_losing_all(source, target), target.kind, source.kind)
        return _continued(source, target, raw=raw, only=only)
    return _begun(source, target, _origin(source, origins), raw=raw, only=only)


def _origin(
    source: End, origins: Mapping[int, Snapshot]
) -> tuple[Snapshot, Snapshot] | None:
    """Choose the snapshot that a new target becomes a clone of; return its copy as well.

    Of the source's own snapshots the newest cannot be it, for a stream has to follow.
    """
    own = [s for s in source.snapshots[:-1] if s.guid in origins]
    origin = own[-1] if own else source.origin
    if origin is None or origin.guid not in origins:
        return None
    return origin, origins[origin.guid]


def _begun(
    source: End,
    target: End,
    shared: tuple[Snapshot, Snapshot] | None,
    *,
    raw: bool | None,
    only: Collection[int] | None,
) -> Transfer | Refusal:
    """Decide on the first streams, for a target that has no snapshot.

    Args:
        source: The source.
        target: The target.
        shared: The snapshot that the target becomes a clone of, on the source, and its
            copy on the target's side.
        raw: As for :func:`decide_transfer`.
        only: As for :func:`_after`.
    """
    origin, copy = shared or (None, None)
    chosen = raw
    if origin is not None and copy is not None:
        fixed = clone_came_raw(source, origin, copy)
        if is_mismatch(source, raw=raw, fixed=fixed):
            return RawMismatch(source.name, target.name, (), 0, copy.name, fixed)
        chosen = raw if fixed is None else fixed
    steps, raw_stream = _unfinished(source, target, chosen=chosen)
    if target.placeholder and (shared or raw_stream or target.encrypted):
        return PlaceholderStays(source.name, target.name)
    done: Snapshot | None = _resumed(steps)
    snapshots = _after(source, done or origin, only=only)
    if done is None and snapshots:
        done, *snapshots = snapshots
        received = _received(target, done)
        if origin is not None and copy is not None:
            steps.append(Incremental(done, origin, received, raw_stream, copy.name))
        else:
            steps.append(Full(done, received, raw_stream))
    if done is not None:
        steps += _chain(target, done, snapshots, raw=raw_stream)
    if not steps and not target.placeholder:
        return NoSnapshot(source.name, target.name)
    whole = any(not isinstance(step, Abort) and step.base is None for step in steps)
    unshared = source.origin.name if source.origin is not None and whole else ""
    return Transfer(source.name, target.name, tuple(steps), unshared=unshared)


def _continued(
    source: End, target: End, *, raw: bool | None, only: Collection[int] | None
) -> Transfer | Refusal:
    """Decide on further streams, for a target that has snapshots."""
    base = find_base(source, target)
    if base is None:
        sealed = target.encrypted or (source.encrypted and raw is not False)
        remembered = _remembered(source, target)
        return NoCommonBase(*_losing_all(source, target), remembered, forcible=not sealed)
    fixed = came_raw(source, target, base)
    if is_mismatch(source, raw=raw, fixed=fixed):
        return RawMismatch(*_losing_all(source, target), target.name, fixed)
    steps, raw_stream = _unfinished(source, target, chosen=raw if fixed is None else fixed)
    done = _resumed(steps) or base.sent
    steps += _chain(target, done, _after(source, done, only=only), raw=raw_stream)
    blocked = _divergence(source, target, base, raw=raw_stream)
    arriving = {step.received for step in steps if not isinstance(step, Abort)}
    if blocked is not None and arriving:
        return blocked
    taken = tuple(s for s in target.snapshots if s.name in arriving)
    if taken:
        return NameTaken(source.name, target.name, taken)
    return Transfer(source.name, target.name, tuple(steps), blocked)


def _remembered(source: End, target: End) -> str:
    """Name the target's newest bookmark of a snapshot that the source has; empty: none."""
    sent = {snapshot.guid for snapshot in source.snapshots}
    names = [mark.name for mark in target.bookmarks if mark.guid in sent]
    return names[-1] if names else ""


def _divergence(source: End, target: End, base: Base, *, raw: bool) -> Diverged | None:
    """Return the refusal for all that the target has beyond the base, or None."""
    victims = tuple(s for s in target.snapshots if s.createtxg > base.received.createtxg)
    if not victims and not target.written_bytes:
        return None
    empty = {s.value("written") for s in victims} == {"0"}
    return Diverged(
        source=source.name,
        target=target.name,
        base=base.received.name,
        victims=victims,
        written_bytes=target.written_bytes,
        raw=raw,
        empty=empty and not target.written_bytes,
    )


def _unfinished(
    source: End, target: End, *, chosen: bool | None
) -> tuple[list[TransferStep], bool]:
    """Decide what becomes of a stream that broke off.

    Args:
        source: The source.
        target: The target.
        chosen: Whether streams are raw; None: a first stream decides that.

    Returns:
        The step, if one is needed; and whether this and all further streams are raw.
    """
    otherwise = source.encrypted if chosen is None else chosen and source.encrypted
    partial = target.partial
    if target.kind == BEGUN:
        return [Abort(target.name, "it broke off before anything was there")], otherwise
    if partial is None:
        return [], otherwise
    snapshot = next((s for s in source.snapshots if s.guid == partial.toguid), None)
    base = None if snapshot is None else _earlier(source, snapshot, partial.fromguid)
    reason = ""
    if any(s.guid == partial.toguid for s in target.snapshots):
        reason = "its snapshot has arrived in the meantime"
    elif target.newest is not None and target.newest.guid != partial.fromguid:
        reason = "it does not build on the target's newest snapshot"
    elif snapshot is None:
        reason = "its snapshot is gone from the source"
    elif partial.fromguid and base is None:
        reason = "the source has neither its base nor a bookmark of it"
    elif partial.raw and not otherwise:
        reason = "it is raw, and the streams of this pair are not"
    elif not partial.raw and source.encrypted and chosen:
        reason = "it is not raw, and the streams of this pair are"
    if reason or snapshot is None:
        return [Abort(target.name, reason)], otherwise
    return [Resume(snapshot, base, _received(target, snapshot), partial.raw)], partial.raw


def _earlier(source: End, snapshot: Snapshot, guid: int) -> Snapshot | Bookmark | None:
    """Find the base of that guid for a snapshot: a snapshot, a bookmark, or the origin."""
    found: Iterable[Snapshot | Bookmark] = (*source.snapshots, *source.bookmarks)
    for item in found:
        if item.guid == guid and item.createtxg < snapshot.createtxg:
            return item
    origin = source.origin
    return origin if origin is not None and origin.guid == guid else None


def _resumed(steps: Iterable[TransferStep]) -> Snapshot | None:
    """Return the snapshot whose stream is resumed, or None."""
    return next((step.snapshot for step in steps if isinstance(step, Resume)), None)


def _after(
    source: End, base: Snapshot | Bookmark | None, *, only: Collection[int] | None
) -> list[Snapshot]:
    """Return the snapshots to send that are newer than a base.

    Args:
        source: The source.
        base: The base; None: send from the oldest on.
        only: Guids of the snapshots to send beside the newest; None: send all.
    """
    newer = [s for s in source.snapshots if base is None or s.createtxg > base.createtxg]
    return [s for s in newer if only is None or s is newer[-1] or s.guid in only]


def _chain(
    target: End, base: Snapshot | Bookmark, snapshots: Iterable[Snapshot], *, raw: bool
) -> Iterator[Incremental]:
    """Yield a step for each snapshot, which has the one before as its base."""
    for snapshot in snapshots:
        yield Incremental(snapshot, base, _received(target, snapshot), raw)
        base = snapshot


def _received(target: End, snapshot: Snapshot) -> str:
    return f"{target.name}@{snapshot.short_name}"


def _losing_all(source: End, target: End) -> tuple[str, str, tuple[Snapshot, ...], int]:
    """Return the first four fields of a refusal that concerns all of the target."""
    return source.name, target.name, target.snapshots, target.written_bytes
