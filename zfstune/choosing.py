"""Which snapshots a prune is to destroy: list, decide, read each victim.

Without a glob a victim must carry zfstune's own property, set on the snapshot itself;
in any case it must be the one that was listed, have no clones, and nobody may hold it.
"""

from __future__ import annotations

from contextlib import suppress

from zfstune import names
from zfstune.destroying import MADE_ANEW, spare
from zfstune.noting import Notes, cache_folder
from zfstune.prune_plan import KEPT_PROPERTY, PrunePlan
from zfstune.retention import clones_on, decide
from zfstune.whole_number import NumberError, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from zfstune.engine import Engine
    from zfstune.free_target import FreeTarget
    from zfstune.policy import Policy
    from zfstune.retention import Decision
    from zfstune.state import Dataset, Snapshot

__all__ = ["choose"]

# All properties of a snapshot take some 20 KiB here: so many are looked at together.
_AT_ONCE = 1000


def choose(
    engine: Engine,
    followed: Mapping[str, tuple[Policy, str]],
    read: Mapping[str, Dataset],
    quiet: bool,  # noqa: FBT001 (of one caller)
    free_target: str | None,
    *,
    show: bool,
    waits: bool,
) -> PrunePlan:
    """Make the plan of a prune.

    Args:
        engine: Asked; nothing changes.
        followed: Dataset to its policy, and to the dataset that has it.
        read: What was read of datasets already.
        quiet: Raise no alarms: whoever said a number has seen it, and no clock and no
            stored text is in it.
        free_target: What is to be free of the pool; None: what policies say.
        show: The plan is for show: clones are told of what stays, too.
        waits: What was freed will be compared with what is foretold.
    """
    policies = {name: policy for name, (policy, _) in followed.items()}
    targets = _targets(followed, free_target)
    dated = {n for n, policy in policies.items() if policy.needs_time or n in targets}
    notes = Notes(cache_folder())
    # for show, of what stays too; what is to go is read anew
    listings = notes.listings(engine, policies, read, dated=dated, clones=show)
    # Read after the listings: what was taken meanwhile is not from the future.
    now = _now() if any(p.needs_time for p in policies.values()) else None
    decided = [
        decision
        for name, policy in policies.items()
        for decision in _decide(listings[name], policy, now)
    ]
    decisions = tuple(_examine(engine, decided, policies, notes))
    notes.save()
    if targets:
        from zfstune.reclaiming import only_as_needed  # noqa: PLC0415 (few ask for it)

        decisions = only_as_needed(engine, decisions, targets)
    alarmed: list[str] = []
    remember: dict[str, int] = {}
    if not quiet:
        from zfstune.breakers import alarms, to_remember  # noqa: PLC0415 (as above)

        before = _remembered(engine, decisions, read)
        alarmed += alarms(decisions, policies, now, before)
        remember = to_remember(decisions, policies, before)
    frees = None
    if show or waits:
        from zfstune.reclaiming import reclaims  # noqa: PLC0415 (as above)

        frees = reclaims(engine, policies, decisions)
    return PrunePlan(policies, decisions, tuple(alarmed), frees, remember)


def _targets(
    followed: Mapping[str, tuple[Policy, str]], free_target: str | None
) -> dict[str, tuple[str, FreeTarget]]:
    """Give where space is looked at for each dataset that has a target, and the target.

    What the call says is of the whole pool; what a policy says, of where it was set.
    """
    if free_target is None:
        return {
            name: (origin, policy.free_target)
            for name, (policy, origin) in followed.items()
            if policy.free_target is not None
        }
    from zfstune.free_target import FreeTarget  # noqa: PLC0415 (few ask for it)

    target = FreeTarget.parse(free_target)
    return {name: (names.pool_of(name), target) for name in followed}


def _remembered(
    engine: Engine, decisions: Iterable[Decision], read: Mapping[str, Dataset]
) -> dict[str, int]:
    """Read how many a prune before left, of the datasets that are to lose some."""
    found = {}
    for name in dict.fromkeys(d.snapshot.dataset for d in decisions if not d.keep):
        dataset = read[name] if name in read else engine.dataset(name)
        text = dataset.local(KEPT_PROPERTY) or ""
        with suppress(NumberError):  # what is no count was noted by somebody else
            found[name] = read_whole(text)
    return found


def _decide(
    listing: Iterable[Snapshot], policy: Policy, now: datetime | None
) -> tuple[Decision, ...]:
    if now is None or not policy.needs_time:
        return decide(listing, policy)
    from zfstune.policies import zone  # noqa: PLC0415 (not for a count)

    return decide(listing, policy, now, zone(policy))


def _now() -> datetime:
    from datetime import UTC, datetime  # noqa: PLC0415 (slow, and a count needs none)

    return datetime.now(UTC)


def _examine(
    engine: Engine,
    decisions: Iterable[Decision],
    policies: Mapping[str, Policy],
    notes: Notes,
) -> Iterator[Decision]:
    """Read what is to go, and spare what is not ours, is held or has clones."""
    decisions = list(decisions)
    victims = [d.snapshot.name for d in decisions if not d.keep]
    scopes: dict[str, Callable[[str], bool]] = {}
    read: dict[str, Snapshot] = {}
    number = 0
    for decision in decisions:
        if decision.keep:
            yield decision
            continue
        if number % _AT_ONCE == 0:
            some = victims[number : number + _AT_ONCE]
            read = engine.find_snapshots(some, properties=True)
        number += 1
        now = read.get(decision.snapshot.name)
        if now is not None:  # else somebody destroyed it meanwhile
            if now.dataset not in scopes:
                scopes[now.dataset] = policies[now.dataset].scope(named=True)
            ours = not scopes[now.dataset](now.short_name)
            reason = _reason_to_spare(decision.snapshot, now, ours=ours)
            if reason == MADE_ANEW:
                notes.forget(now.dataset)
            yield spare(decision, reason) if reason else decision


def _reason_to_spare(listed: Snapshot, now: Snapshot, *, ours: bool) -> str:
    if now.guid != listed.guid:
        return MADE_ANEW
    if ours and now.local(names.SNAPSHOT_PROPERTY) is None:
        return (
            f"it has no {names.SNAPSHOT_PROPERTY} of its own: zfstune did not make it here"
        )
    if now.value("userrefs") not in (None, "0"):
        return "it is held: see `zfs holds`"
    return "; ".join(clones_on(now))
