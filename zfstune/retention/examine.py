"""Make the plan of a prune: list the snapshots, decide, and read each victim.

Where no glob or regular expression covers its name, a victim must carry zfstune's own
property, set on the snapshot itself. In any case it must be the snapshot that was
listed, and have neither clones nor holds.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from zfstune.host.files import cache_folder
from zfstune.retention.alarms import alarms, to_remember
from zfstune.retention.bases import keep_bases
from zfstune.retention.decision import (
    CHECKPOINT,
    FOREIGN,
    FUTURE,
    Decision,
    clones_on,
    decide,
    is_future,
    is_spared_checkpoint,
    spare,
)
from zfstune.retention.destroy import MADE_ANEW
from zfstune.retention.free_target import FreeTarget
from zfstune.retention.known_targets import replicated_to_all
from zfstune.retention.plan import PrunePlan
from zfstune.retention.read_targets import read_noted_targets, read_targets
from zfstune.retention.reclaim import only_as_needed, reclaims
from zfstune.snapshots.list import READ_AT_ONCE, Notes
from zfstune.values import names
from zfstune.values.errors import EngineError, PolicyError, PoolSuspended
from zfstune.values.marks import KEPT_PROPERTY, SNAPSHOT_PROPERTY
from zfstune.values.text import for_shell
from zfstune.values.whole_number import NumberError, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Iterable,
        Iterator,
        Mapping,
        MutableMapping,
    )
    from datetime import datetime
    from typing import TypeVar

    from zfstune.engine.protocol import Engine
    from zfstune.retention.follow import Selection
    from zfstune.retention.known_targets import KnownTarget, Replicated
    from zfstune.retention.policy import Followed, Policy
    from zfstune.values.errors import ZfstuneError
    from zfstune.values.state import Dataset, Snapshot

    _Answer = TypeVar("_Answer")

__all__ = ["plan_prune"]


def plan_prune(
    engine: Engine,
    selection: Selection,
    *,
    free_target: str | None,
    raise_alarms: bool,
    for_show: bool,
    foretell: bool,
) -> PrunePlan:
    """Make the plan of a prune.

    Args:
        engine: Asked; nothing changes.
        selection: The datasets, and the policy that each of them follows.
        free_target: How much of the pool is to be free; None: as the policies say.
        raise_alarms: Whether to look for signs that the plan is wrong. A count that was
            given in the call needs no alarms: its author has just seen it, and neither
            a clock nor a stored text can make it wrong.
        for_show: Whether the plan is shown, and nothing is destroyed: clones are read
            of the snapshots that stay, too.
        foretell: Whether to ask ZFS how much the plan would free.
    """
    policies = {name: each.policy for name, each in selection.followed.items()}
    failed = dict(selection.failed)
    targets = _targets(selection.followed, free_target)
    dated = {n for n, policy in policies.items() if policy.needs_time or n in targets}
    notes = Notes(cache_folder())
    # Without `for_show` the listing needs no clones: each victim is read anew.
    read = selection.read
    list_some = partial(notes.listings, engine, read=read, dated=dated, clones=for_show)
    listings = _ask_each(list_some, list(policies), failed)
    replicated = _replicated(engine, selection, listings, failed)
    # The clock is read after the listings, so that nothing new seems from the future.
    now = _now() if any(p.needs_time for p in policies.values()) else None
    decided = _decide_each(listings, selection.followed, now, replicated, failed)
    decisions = _without_failed(_examine(engine, decided, policies, notes, failed), failed)
    notes.save()
    pruned = _read_pruned(engine, decisions, read, failed)
    kept = _spare_bases(engine, decisions, pruned, failed)
    decisions = _without_failed(kept, failed)
    if targets:
        decisions = only_as_needed(engine, decisions, targets, failed)
    before = _remembered(pruned) if raise_alarms else {}
    decisions = _without_failed(decisions, failed)
    policies = {name: policy for name, policy in policies.items() if name not in failed}
    alarmed: dict[str, tuple[str, ...]] = {}
    remember: dict[str, int] = {}
    if raise_alarms:
        alarmed = alarms(decisions, policies, now, before)
        remember = to_remember(decisions, policies, before)
    frees = None
    if foretell:
        frees = reclaims(engine, policies, decisions)
    return PrunePlan(policies, decisions, alarmed, frees, remember, failed)


def _without_failed(
    decisions: Iterable[Decision], failed: Mapping[str, ZfstuneError]
) -> tuple[Decision, ...]:
    """Return the decisions on datasets that did not fail, once all of them are made."""
    made = tuple(decisions)  # this may add to `failed`
    if not failed:
        return made
    return tuple(d for d in made if d.snapshot.dataset not in failed)


def _decide_each(
    listings: Mapping[str, Iterable[Snapshot]],
    followed: Mapping[str, Followed],
    now: datetime | None,
    replicated: Mapping[str, Replicated],
    failed: MutableMapping[str, ZfstuneError],
) -> list[Decision]:
    """Decide on each dataset whose policy can be followed, and note the others."""
    decided: list[Decision] = []
    for name, listing in listings.items():
        try:
            decided += _decide(listing, followed[name].policy, now, replicated)
        except PolicyError as error:
            from zfstune.retention.store import (  # noqa: PLC0415 (not for a count)
                not_followed,
            )

            failed[name] = not_followed(followed[name].set_on, error)
    return decided


def _ask_each(
    ask: Callable[[list[str]], dict[str, _Answer]],
    datasets: list[str],
    failed: MutableMapping[str, ZfstuneError],
) -> dict[str, _Answer]:
    """Ask for all datasets at once, and for one after the other where that fails.

    Args:
        ask: Gives answers by the name of a dataset, or of its snapshots.
        datasets: The datasets to ask for.
        failed: Gets each dataset that has no answer, and the error.
    """
    try:
        return ask(datasets)
    except PoolSuspended:
        raise
    except EngineError as error:
        if len(datasets) == 1:
            failed[datasets[0]] = error
            return {}
    answers: dict[str, _Answer] = {}
    for dataset in datasets:
        answers |= _ask_each(ask, [dataset], failed)
    return answers


def _targets(
    followed: Mapping[str, Followed], free_target: str | None
) -> dict[str, tuple[str, FreeTarget]]:
    """Return for each dataset with a target the place where it is measured, and the target.

    The target of the call is for the whole pool; that of a policy is for the dataset
    that the policy was set on.
    """
    if free_target is None:
        return {
            name: (each.set_on, each.policy.free_target)
            for name, each in followed.items()
            if each.policy.free_target is not None
        }
    target = FreeTarget.parse(free_target)
    return {name: (names.pool_of(name), target) for name in followed}


def _replicated(
    engine: Engine,
    selection: Selection,
    datasets: Iterable[str],
    failed: MutableMapping[str, ZfstuneError],
) -> dict[str, Replicated]:
    """Read what the targets of datasets have, where their policies ask for it."""
    asking = [n for n in datasets if selection.followed[n].policy.needs_targets]
    found = _read_datasets(engine, asking, selection.read, failed)
    targets = _targets_of(read_targets, engine, found, failed)
    return {name: replicated_to_all(known) for name, known in targets.items()}


def _targets_of(
    read: Callable[[Engine, Dataset], tuple[KnownTarget, ...]],
    engine: Engine,
    datasets: Mapping[str, Dataset],
    failed: MutableMapping[str, ZfstuneError],
) -> dict[str, tuple[KnownTarget, ...]]:
    def ask(names: list[str]) -> dict[str, tuple[KnownTarget, ...]]:
        return {name: read(engine, datasets[name]) for name in names}

    return _ask_each(ask, list(datasets), failed)


def _read_pruned(
    engine: Engine,
    decisions: Iterable[Decision],
    read: Mapping[str, Dataset],
    failed: MutableMapping[str, ZfstuneError],
) -> dict[str, Dataset]:
    """Read the datasets that have victims, unless they were read on the way."""
    pruned = dict.fromkeys(d.snapshot.dataset for d in decisions if not d.keep)
    return _read_datasets(engine, list(pruned), read, failed)


def _read_datasets(
    engine: Engine,
    names: list[str],
    read: Mapping[str, Dataset],
    failed: MutableMapping[str, ZfstuneError],
) -> dict[str, Dataset]:
    def ask(some: list[str]) -> dict[str, Dataset]:
        return {n: read[n] if n in read else engine.dataset(n) for n in some}

    return _ask_each(ask, names, failed)


def _spare_bases(
    engine: Engine,
    decisions: Iterable[Decision],
    pruned: Mapping[str, Dataset],
    failed: MutableMapping[str, ZfstuneError],
) -> tuple[Decision, ...]:
    """Spare the victims without which a stream to a target would have no base."""
    targets = _targets_of(read_noted_targets, engine, pruned, failed)
    of_dataset: dict[str, list[Decision]] = {}
    for decision in decisions:
        of_dataset.setdefault(decision.snapshot.dataset, []).append(decision)
    kept: list[Decision] = []
    for name, its_decisions in of_dataset.items():
        if name in targets:
            kept += keep_bases(its_decisions, pruned[name], targets[name])
        else:
            kept += its_decisions
    return tuple(kept)


def _remembered(pruned: Mapping[str, Dataset]) -> dict[str, int]:
    """Return how many snapshots the last prune left of each dataset that has victims."""
    counts = {}
    for name, dataset in pruned.items():
        with suppress(NumberError):  # another program wrote a text that is no count
            counts[name] = read_whole(dataset.local(KEPT_PROPERTY) or "")
    return counts


def _decide(
    listing: Iterable[Snapshot],
    policy: Policy,
    now: datetime | None,
    replicated: Mapping[str, Replicated],
) -> tuple[Decision, ...]:
    if now is None or not policy.needs_time:
        return decide(listing, policy, replicated=replicated)
    from zfstune.retention.store import zone  # noqa: PLC0415 (not for a count)

    return decide(listing, policy, now, zone(policy), replicated)


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
    """Read the victims, and spare the foreign, held and cloned ones."""
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
        if number % READ_AT_ONCE == 0:
            read = _read(engine, victims[number : number + READ_AT_ONCE], failed)
            now = int(_now().timestamp())
        number += 1
        victim = read.get(decision.snapshot.name)
        if victim is not None:  # otherwise somebody has destroyed it by now
            dataset = victim.dataset
            if dataset not in scopes:
                scopes[dataset] = policies[dataset].scope(named=True)
            must_be_own = not scopes[dataset](victim.short_name)
            reason = _reason_to_spare(decision.snapshot, victim, must_be_own=must_be_own)
            if reason == MADE_ANEW:
                notes.forget(dataset)
            if not reason and is_spared_checkpoint(victim, policies[dataset]):
                yield Decision(decision.snapshot, keep=True, reasons=(CHECKPOINT,))
            elif reason:
                yield spare(decision.snapshot, reason)
            elif is_future(victim, now):
                # A count was decided without times of creation; here is the time.
                yield Decision(decision.snapshot, keep=True, reasons=(FUTURE,))
            else:
                yield decision


def _read(
    engine: Engine, victims: list[str], failed: MutableMapping[str, ZfstuneError]
) -> dict[str, Snapshot]:
    """Read snapshots with all their properties; note the datasets that cannot be read."""
    of_dataset: dict[str, list[str]] = {}
    for name in victims:
        of_dataset.setdefault(name.partition("@")[0], []).append(name)

    def ask(datasets: list[str]) -> dict[str, Snapshot]:
        some = [name for dataset in datasets for name in of_dataset[dataset]]
        return engine.find_snapshots(some, properties=True)

    return _ask_each(ask, list(of_dataset), failed)


def _reason_to_spare(listed: Snapshot, victim: Snapshot, *, must_be_own: bool) -> str:
    """Return the reason to keep a victim that was read anew; empty where there is none.

    Args:
        listed: The snapshot as it was when the decision was made.
        victim: The snapshot of that name now.
        must_be_own: Whether only a snapshot that zfstune made may go.
    """
    if victim.guid != listed.guid:
        return MADE_ANEW
    if must_be_own and victim.local(SNAPSHOT_PROPERTY) is None:
        return FOREIGN
    if victim.value("userrefs") not in (None, "0"):
        return f"it is held: `zfs holds {for_shell(victim.name)}` shows by which tags"
    return "; ".join(clones_on(victim))
