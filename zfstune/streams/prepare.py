"""Prepare a replication: read both sides once, and make the plan of all datasets."""

from __future__ import annotations

from contextlib import suppress

from zfstune.streams.decide import Planner
from zfstune.streams.ends import missing_end
from zfstune.streams.refusals import WRITTEN
from zfstune.streams.replication_plan import check_room
from zfstune.streams.selection import orphans, read_filter, select
from zfstune.streams.tree import pair_up
from zfstune.streams.unfinished import aside_name, find_unfinished
from zfstune.values.errors import NotFound, NotPermitted, PlanError
from zfstune.values.frozen import replace
from zfstune.values.marks import BEGUN
from zfstune.values.names import check_dataset, parent_of
from zfstune.values.text import for_shell, making_hint, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from zfstune.streams.ends import End
    from zfstune.streams.replication_plan import Choices, ReplicationPlan
    from zfstune.streams.selection import ChosenTree
    from zfstune.streams.side import Side

__all__ = ["plan_replication", "prepare_plan", "read_end"]


def read_end(side: Side, name: str) -> End:
    """Read what a side has of one dataset, which need not exist."""
    return next(iter(side.ends(name)), None) or missing_end(name)


def prepare_plan(
    source: str,
    target: str,
    sending: Side,
    receiving: Side,
    choices: Choices,
    *,
    dry_run: bool,
) -> ReplicationPlan:
    """Read both sides and make the plan of a replication; take the snapshots first.

    Args:
        source: The dataset to send.
        target: The dataset that receives.
        sending: The source's side.
        receiving: The target's side; it is only asked.
        choices: The caller's.
        dry_run: Take no snapshot.

    Raises:
        PlanError: See :func:`zfstune.replicate`.
    """
    selection = _read_sources(sending, source, choices)
    sources: Sequence[End] = selection.chosen
    if choices.snapshot is not None and not dry_run:
        sources = _with_new_snapshots(sending, sources, choices.snapshot)
    plan = plan_replication(sources, target, sending, receiving, choices, out=selection.out)
    return replace(plan, left_out=selection.left_out)


def _read_sources(sending: Side, source: str, choices: Choices) -> ChosenTree:
    """Read the datasets of the tree, and choose those to send.

    Raises:
        NotFound: The source does not exist.
        PlanError: It is left out.
    """
    check_dataset(source)
    found = sending.ends(source, recursive=choices.recursive)
    if not found:
        host = sending.host
        raise NotFound(
            operation="send",
            target=source,
            reason=f"it does not exist on '{host}'" if host else "it does not exist",
            hint=f"ssh {for_shell(host)} zfs list" if host else "see `zfstune list`",
        )
    for pattern in choices.exclude:
        _check_pattern(pattern, source)
    filters = [read_filter(text) for text in choices.exclude_properties]
    if filters:
        also = [each.name for each in filters]
        found = _with_own(sending, found, recursive=choices.recursive, also=also)
    selection = select(found, choices.exclude, filters)
    if not selection.chosen:
        reason = selection.left_out[0].reason
        raise PlanError(f"cannot send '{source}': it is to be left out: {reason}")
    return selection


def _check_pattern(pattern: str, source: str) -> None:
    """Refuse a plain word that no dataset of the tree can have as its full name."""
    plain = not any(letter in pattern for letter in "*?[")
    if plain and not f"{pattern}/".startswith(f"{source}/"):
        full = f"{source}/{pattern}"
        raise PlanError(
            f"cannot exclude '{shown(pattern)}': no dataset of '{source}' has that name",
            hint=f"a pattern stands for full names: --exclude {for_shell(full)}",
        )


def _with_new_snapshots(sending: Side, sources: Sequence[End], name: str) -> list[End]:
    """Take a snapshot of all datasets at one instant; return them with it.

    Raises:
        EngineError, BatchError: No snapshot was taken.
    """
    taken = sending.take_snapshots(
        [source.name for source in sources if not source.damaged], name
    )
    new = {snapshot.dataset: snapshot for snapshot in taken}
    return [
        replace(s, snapshots=(*s.snapshots, new[s.name])) if s.name in new else s
        for s in sources
    ]


def plan_replication(
    sources: Sequence[End],
    target: str,
    sending: Side,
    receiving: Side,
    choices: Choices,
    *,
    out: Sequence[End] = (),
) -> ReplicationPlan:
    """Make the plan of a replication.

    Args:
        sources: The datasets to send, parents before children; the first is the root.
        target: The dataset that receives the root.
        sending: The source's side; it is only asked.
        receiving: The target's side; it is only asked.
        choices: The caller's.
        out: The datasets of the source tree that are left out.

    Raises:
        PlanError: See :func:`zfstune.replicate`.
    """
    check_dataset(target, creating=True)
    if choices.keep_aside and choices.lose:
        raise PlanError(
            "cannot keep the target aside and lose its snapshots at once",
            hint="--keep-aside alone loses nothing (in Python: keep_aside=True)",
        )
    if choices.recursive and choices.lose:
        raise PlanError(
            f"cannot lose snapshots of the tree '{target}': each loss is of one dataset",
            hint="replicate that dataset alone, without -r",
        )
    choices = replace(choices, lose=[_full_name(name, target) for name in choices.lose])
    if sending is receiving:
        _check_apart(sources, target, choices)
    targets = receiving.ends(target, recursive=choices.recursive)
    if choices.take_properties:
        sources = _with_own(sending, sources, recursive=choices.recursive)
        targets = _with_own(receiving, targets, recursive=choices.recursive)
    available_bytes = _available_bytes(receiving, targets, target)
    beside = _read_beside(sources, targets, target, receiving)
    unfinished = find_unfinished(sources, targets, beside, target)
    pairing = pair_up(sources, unfinished.targets, target)
    plan = Planner(pairing, unfinished, sending, receiving, choices).plan()
    check_room(plan, available_bytes)
    return replace(plan, orphans=orphans(pairing, out, sources[0].name, target))


def _with_own(
    side: Side, ends: Sequence[End], *, recursive: bool, also: Collection[str] = ()
) -> list[End]:
    """Read the properties that copies may take from their sources, and those named."""
    if not ends:
        return []
    own = side.own_properties(ends[0].name, recursive=recursive, also=also)
    return [replace(end, own=own.get(end.name, {})) for end in ends]


def _read_beside(
    sources: Sequence[End], targets: Sequence[End], target: str, receiving: Side
) -> list[End]:
    """Read what an earlier run may have put aside, if a target is not where it was noted.

    A host that shows no more than the target has its datasets aside hidden.
    """
    parent, there = parent_of(target), {end.identity for end in targets}
    below = len(sources[0].name)
    missing = any(
        f":{place}".endswith(f":{target}{source.name[below:]}")
        for source in sources
        for identity, place in source.places.items()
        if identity not in there
    )
    if parent is None or not missing:
        return []
    with suppress(NotPermitted):
        found = receiving.ends(parent, recursive=True)
        return [end for end in found if end.name.startswith(aside_name(target, ""))]
    return []


def _full_name(loss: str, target: str) -> str:
    """Return a loss as refusals name it: a snapshot in full, or ``written``."""
    if loss == WRITTEN or "@" in loss[1:]:
        return loss
    return f"{target}@{loss.removeprefix('@')}"


def _check_apart(sources: Sequence[End], target: str, choices: Choices) -> None:
    """Refuse a target that is the source, or one of the two as a part of the other."""
    source = sources[0].name
    if source == target:
        raise PlanError(
            f"cannot send '{source}' to itself",
            hint="name another dataset as TARGET; the one that is named becomes the copy",
        )
    if (choices.recursive or choices.keep_aside) and source.startswith(f"{target}/"):
        raise PlanError(
            f"cannot send '{source}' to '{target}': the source lies in the target tree, "
            "and would be renamed as a part of it",
            hint="choose a target that the source does not lie below",
        )
    below = choices.recursive and target.startswith(f"{source}/")
    if below and select([sources[0], missing_end(target)], choices.exclude).chosen[1:]:
        raise PlanError(
            f"cannot send '{source}' to '{target}': the target lies in the source tree, "
            "and would be sent as well",
            hint=f"add --exclude {for_shell(target)}",
        )


def _available_bytes(receiving: Side, targets: Sequence[End], target: str) -> int:
    """Return the space that the target, or its parent, may still fill."""
    if targets and targets[0].kind != BEGUN:
        return targets[0].available_bytes or receiving.available_bytes(target)
    parent = parent_of(target)
    if parent is None:
        raise PlanError(
            f"cannot send to '{target}': a receive makes no pool",
            hint=making_hint(target),
        )
    try:
        return receiving.available_bytes(parent)
    except NotFound:
        raise PlanError(
            f"cannot send to '{target}': '{parent}' does not exist",
            hint=making_hint(parent),
        ) from None
