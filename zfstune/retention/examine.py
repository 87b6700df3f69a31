"""Which snapshots a prune is to destroy: list, decide, read each victim.

Without a glob a victim must carry zfstune's own property, set on the snapshot itself;
in any case it must be the one that was listed, have no clones, and nobody may hold it.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from zfstune.host.files import cache_folder
from zfstune.retention.decision import FUTURE, Decision, clones_on, decide, is_future
from zfstune.retention.destroy import MADE_ANEW, spare
from zfstune.retention.plan import PrunePlan
from zfstune.snapshots.list import Notes
from zfstune.values import marks, names
from zfstune.values.errors import EngineError, PolicyError, PoolSuspended
from zfstune.values.marks import KEPT_PROPERTY
from zfstune.values.whole_number import NumberError, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Container,
        Iterable,
        Iterator,
        Mapping,
        MutableMapping,
    )
    from datetime import datetime
    from typing import TypeVar

    from zfstune.engine.protocol import Engine
    from zfstune.retention.follow import Selection
    from zfstune.retention.free_target import FreeTarget
    from zfstune.retention.policy import Followed, Policy
    from zfstune.values.errors import ZfstuneError
    from zfstune.values.state import Dataset, Snapshot

    _Answer = TypeVar("_Answer")

__all__ = ["choose"]

# All properties of a snapshot take some 20 KiB here: so many are looked at together.
_AT_ONCE = 1000


def choose(
    engine: Engine,
    selection: Selection,
    quiet: bool,  # noqa: FBT001 (of one caller)
    free_target: str | None,
    *,
    show: bool,
    waits: bool,
) -> PrunePlan:
    """Make the plan of a prune.

    Args:
        engine: Asked; nothing changes.
        selection: The datasets, and the policy that each of them follows.
        quiet: Raise no alarms: whoever said a number has seen it, and no clock and no
            stored text is in it.
        free_target: What is to be free of the pool; None: what policies say.
        show: The plan is for show: clones are told of what stays, too.
        waits: What was freed will be compared with what is foretold.
    """
    policies = {name: each.policy for name, each in selection.followed.items()}
    failed = dict(selection.failed)
    targets = _targets(selection.followed, free_target)
    dated = {n for n, policy in policies.items() if policy.needs_time or n in targets}
    notes = Notes(cache_folder())
    # for show, of what stays too; what is to go is read anew
    list_some = partial(
        notes.listings, engine, read=selection.read, dated=dated, clones=show
    )
    listings = _each(list_some, list(policies), failed)
    # Read after the listings: what was taken meanwhile is not from the future.
    now = _now() if any(p.needs_time for p in policies.values()) else None
    decided = _decide_each(listings, selection.followed, now, failed)
    decisions = _of_others(_examine(engine, decided, policies, notes, failed), failed)
    notes.save()
    if targets:
        from zfstune.retention.reclaim import (  # noqa: PLC0415 (few ask for it)
            only_as_needed,
        )

        decisions = only_as_needed(engine, decisions, targets, failed)
    before = {} if quiet else _remembered(engine, decisions, selection.read, failed)
    decisions = _of_others(decisions, failed)
    policies = {name: policy for name, policy in policies.items() if name not in failed}
    alarmed: dict[str, tuple[str, ...]] = {}
    remember: dict[str, int] = {}
    if not quiet:
        from zfstune.retention.alarms import alarms, to_remember  # noqa: PLC0415 (as above)

        alarmed = alarms(decisions, policies, now, before)
        remember = to_remember(decisions, policies, before)
    frees = None
    if show or waits:
        from zfstune.retention.reclaim import reclaims  # noqa: PLC0415 (as above)

        frees = reclaims(engine, policies, decisions)
    return PrunePlan(policies, decisions, alarmed, frees, remember, failed)


def _of_others(
    decisions: Iterable[Decision], failed: Container[str]
) -> tuple[Decision, ...]:
    """Give the decisions on other datasets, once all of them are made."""
    made = tuple(decisions)
    return tuple(d for d in made if d.snapshot.dataset not in failed)


def _decide_each(
    listings: Mapping[str, Iterable[Snapshot]],
    followed: Mapping[str, Followed],
    now: datetime | None,
    failed: MutableMapping[str, ZfstuneError],
) -> list[Decision]:
    """Decide on the snapshots of each dataset, past policies that cannot be followed."""
    decided: list[Decision] = []
    for name, listing in listings.items():
        try:
            decided += _decide(listing, followed[name].policy, now)
        except PolicyError as error:
            from zfstune.retention.store import (  # noqa: PLC0415 (not for a count)
                not_followed,
            )

            failed[name] = not_followed(followed[name].set_on, error)
    return decided


def _each(
    ask: Callable[[list[str]], dict[str, _Answer]],
    datasets: list[str],
    failed: MutableMapping[str, ZfstuneError],
) -> dict[str, _Answer]:
    """Ask for all datasets at once, and for one after the other where that fails.

    Args:
        ask: Gives an answer by dataset, or by a snapshot of one.
        datasets: What to ask for.
        failed: Gets those that cannot be asked for, and why.
    """
    try:
        return ask(datasets)
    except PoolSuspended:
        raise
    except EngineError as error:
        if len(datasets) == 1:
            failed[datasets[0]] = error
            return {}
    found: dict[str, _Answer] = {}
    for dataset in datasets:
        found |= _each(ask, [dataset], failed)
    return found


def _targets(
    followed: Mapping[str, Followed], free_target: str | None
) -> dict[str, tuple[str, FreeTarget]]:
    """Give where space is looked at for each dataset that has a target, and the target.

    What the call says is of the whole pool; what a policy says, of where it was set.
    """
    if free_target is None:
        return {
            name: (each.set_on, each.policy.free_target)
            for name, each in followed.items()
            if each.policy.free_target is not None
        }
    from zfstune.retention.free_target import FreeTarget  # noqa: PLC0415 (few ask for it)

    target = FreeTarget.parse(free_target)
    return {name: (names.pool_of(name), target) for name in followed}


def _remembered(
    engine: Engine,
    decisions: Iterable[Decision],
    read: Mapping[str, Dataset],
    failed: MutableMapping[str, ZfstuneError],
) -> dict[str, int]:
    """Read how many a prune before left, of the datasets that are to lose some."""
    found = {}
    for name in dict.fromkeys(d.snapshot.dataset for d in decisions if not d.keep):
        try:
            dataset = read[name] if name in read else engine.dataset(name)
        except PoolSuspended:
            raise
        except EngineError as error:
            failed[name] = error
            continue
        text = dataset.local(KEPT_PROPERTY) or ""
        with suppress(NumberError):  # what is no count was noted by somebody else
            found[name] = read_whole(text)
    return found


def _decide(
    listing: Iterable[Snapshot], policy: Policy, now: datetime | None
) -> tuple[Decision, ...]:
    if now is None or not policy.needs_time:
        return decide(listing, policy)
    from zfstune.retention.store import zone  # noqa: PLC0415 (not for a count)

    return decide(listing, policy, now, zone(policy))


def _now() -> datetime:
    from datetime import UTC, datetime  # noqa: PLC0415 (slow, and a count needs none)

    return datetime.now(UTC)


def _examine(
    engine: Engine,
    decisions: Iterable[Decision],
    policies: Mapping[str, Policy],
    notes: Notes,
    failed: MutableMapping[str, ZfstuneError],
) -> Iterator[Decision]:
    """Read what is to go, and spare what is not ours, is held or has clones."""
    decisions = list(decisions)
    victims = [d.snapshot.name for d in decisions if not d.keep]
    scopes: dict[str, Callable[[str], bool]] = {}
    read: dict[str, Snapshot] = {}
    now = 0
    number = 0
    for decision in decisions:
        if decision.keep:
            yield decision
            continue
        if number % _AT_ONCE == 0:
            read = _read(engine, victims[number : number + _AT_ONCE], failed)
            now = int(_now().timestamp())
        number += 1
        found = read.get(decision.snapshot.name)
        if found is not None:  # else somebody destroyed it meanwhile
            if found.dataset not in scopes:
                scopes[found.dataset] = policies[found.dataset].scope(named=True)
            ours = not scopes[found.dataset](found.short_name)
            reason = _reason_to_spare(decision.snapshot, found, ours=ours)
            if reason == MADE_ANEW:
                notes.forget(found.dataset)
            if reason:
                yield spare(decision, reason)
            elif is_future(found, now):
                # a count is decided without the times of creation, which are known now
                yield Decision(decision.snapshot, keep=True, reasons=(FUTURE,))
            else:
                yield decision


def _read(
    engine: Engine, victims: list[str], failed: MutableMapping[str, ZfstuneError]
) -> dict[str, Snapshot]:
    """Read snapshots with all their properties, past datasets that cannot be read."""
    of_dataset: dict[str, list[str]] = {}
    for name in victims:
        of_dataset.setdefault(name.partition("@")[0], []).append(name)

    def ask(datasets: list[str]) -> dict[str, Snapshot]:
        some = [name for dataset in datasets for name in of_dataset[dataset]]
        return engine.find_snapshots(some, properties=True)

    return _each(ask, list(of_dataset), failed)


def _reason_to_spare(listed: Snapshot, found: Snapshot, *, ours: bool) -> str:
    if found.guid != listed.guid:
        return MADE_ANEW
    if ours and found.local(marks.SNAPSHOT_PROPERTY) is None:
        return (
            f"it has no {marks.SNAPSHOT_PROPERTY} of its own: zfstune did not make it here"
        )
    if found.value("userrefs") not in (None, "0"):
        return "it is held: see `zfs holds`"
    return "; ".join(clones_on(found))
