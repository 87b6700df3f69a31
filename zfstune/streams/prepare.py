"""Make the plan of a replication: read both ends, and decide."""

from __future__ import annotations

from datetime import UTC, datetime

from zfstune.streams.arrival import decide_arrival
from zfstune.streams.ends import missing_end
from zfstune.streams.refusals import Diverged
from zfstune.streams.replication_plan import ReplicationPlan, check_room, first_replica
from zfstune.streams.steps import Abort, Transfer
from zfstune.streams.transfer import decide_transfer
from zfstune.streams.ways_out import beside, over
from zfstune.values.errors import NotFound, PlanError
from zfstune.values.names import check_dataset, parent_of, pool_of
from zfstune.values.text import for_shell, utc_stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.streams.arrival import Arrival
    from zfstune.streams.ends import End, Replica
    from zfstune.streams.refusals import Refusal
    from zfstune.streams.replication_plan import Choices
    from zfstune.streams.side import Side
    from zfstune.streams.steps import TransferStep

__all__ = ["plan_replication", "read_end"]


def plan_replication(
    source: str, target: str, sending: Side, receiving: Side, choices: Choices
) -> ReplicationPlan:
    """Make the plan of a replication.

    Args:
        source: The dataset to send.
        target: The dataset that receives.
        sending: The source's side; it is only asked.
        receiving: The target's side; it is only asked.
        choices: The caller's.

    Raises:
        PlanError: See :func:`zfstune.replicate`.
    """
    check_dataset(source)
    check_dataset(target, creating=True)
    if choices.keep_aside and choices.lose:
        raise PlanError("cannot keep the target aside and lose its snapshots at once")
    if source == target and sending is receiving:
        raise PlanError(f"cannot send '{source}' to itself")
    sent, received = read_end(sending, source), read_end(receiving, target)
    available_bytes = _available_bytes(receiving, received)
    decided, received = _decide(sent, received, receiving, choices)
    aside, losing = "", choices.lose
    if isinstance(decided, Transfer):
        transfer, losing = decided, ()
    elif choices.keep_aside:
        aside = f"{target}-aside-{utc_stamp(datetime.now(UTC))}"
        transfer = beside(sent, received, decided, aside, every=choices.every)
        received = missing_end(target)
    else:
        transfer = over(sent, received, decided, losing, every=choices.every)
    arrival, replica = _arrival(transfer, sent, received, receiving, choices)
    sizes = tuple(_size(sending, step) for step in transfer.steps)
    plan = ReplicationPlan(transfer, sizes, arrival, replica, aside, losing)
    check_room(plan, available_bytes)
    return plan


def _decide(
    source: End, target: End, receiving: Side, choices: Choices
) -> tuple[Transfer | Refusal, End]:
    """Decide the transfer; return the target as well, with what a refusal needs of it."""
    origins = () if source.origin is None else (source.origin.guid,)
    copies = receiving.copies(pool_of(target.name), origins)
    raw, every = choices.raw, choices.every
    decided = decide_transfer(source, target, raw=raw, every=every, origins=copies)
    if isinstance(decided, Diverged) and decided.victims:
        # Whether the snapshots in the way hold any change is slow to read.
        target = receiving.with_properties(target)
        decided = decide_transfer(source, target, raw=raw, every=every)
    return decided, target


def _arrival(
    transfer: Transfer,
    source: End,
    target: End,
    receiving: Side,
    choices: Choices,
) -> tuple[Arrival | None, Replica | None]:
    """Decide the properties of a new target, and its mark; an old one keeps its own.

    Args:
        transfer: The streams.
        source: The source.
        target: The target as it is before them.
        receiving: The target's side.
        choices: The caller's.
    """
    first = next((s for s in transfer.steps if not isinstance(s, Abort)), None)
    if first is None or target.snapshots:
        return None, target.replica
    pool_guid = receiving.pool_guid(pool_of(target.name))
    replica = first_replica(source, target.name, pool_guid, raw=first.raw)
    arrival = decide_arrival(
        source.kind,
        new=True,
        sealed=first.raw or bool(first.origin),
        chosen=choices.properties,
        dropped=choices.without,
        replica=replica,
        limits=receiving.limits,
    )
    return arrival, replica


def read_end(side: Side, name: str) -> End:
    """Read what a side has of one dataset, which need not exist."""
    return next(iter(side.ends(name)), None) or missing_end(name)


def _available_bytes(receiving: Side, target: End) -> int:
    """Return the space that the target, or its parent, may still fill."""
    name = target.name if target.exists else parent_of(target.name)
    if name is None:
        raise PlanError(
            f"cannot send to '{target.name}': a receive makes no pool",
            hint="name a dataset of a pool that exists; see `zfstune list`",
        )
    try:
        return receiving.available_bytes(name)
    except NotFound:
        raise PlanError(
            f"cannot send to '{target.name}': '{name}' does not exist",
            hint=f"create it: `zfs create -p -o canmount=off {for_shell(name)}`",
        ) from None


def _size(sending: Side, step: TransferStep) -> int:
    if isinstance(step, Abort):
        return 0
    # A resumed stream is shorter than this: how much has arrived is not asked.
    base = step.base.name if step.base is not None else ""
    return sending.send_size(step.snapshot.name, base=base, raw=step.raw)
