"""Thin out snapshots: list, decide, check each victim, destroy in few calls.

What may go is decided three times. The policy decides by name and age. The plan
then reads each victim: without a glob it must carry zfstune's own property, set on
the snapshot itself, and nobody may hold it. Just before a batch goes, its guids
are read once more, so that a snapshot made anew under an old name is not taken
for the one that was planned; and ZFS itself refuses what is held or cloned.
"""

from __future__ import annotations

from contextlib import nullcontext

from zfstune import names
from zfstune.engine import open_engine
from zfstune.errors import BatchError, Busy, NotFound
from zfstune.frozen import frozen
from zfstune.pools import choose_pool, ready_pool
from zfstune.retention import DEFAULT_BATCH, Decision, Policy, decide, interleave

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from zfstune.engine import Engine
    from zfstune.state import Dataset, Snapshot

__all__ = ["PrunePlan", "Pruned", "prune"]

_MADE_ANEW = "it was made anew since it was listed"


@frozen
class PrunePlan:
    """What is to go, what stays, and why.

    Attributes:
        policy: What was asked for.
        datasets: The datasets looked at.
        decisions: One a snapshot, by dataset, newest first.
    """

    policy: Policy
    datasets: tuple[str, ...]
    decisions: tuple[Decision, ...]

    @property
    def victims(self) -> tuple[Snapshot, ...]:
        """The snapshots to destroy."""
        return tuple(d.snapshot for d in self.decisions if not d.keep)

    @property
    def spared(self) -> tuple[Decision, ...]:
        """The snapshots that the policy lets go and something else keeps."""
        return tuple(d for d in self.decisions if d.spared)

    def to_dict(self) -> dict[str, object]:
        """Give the plan as JSON takes it."""
        return {
            "keep": self.policy.keep,
            "match": self.policy.match,
            "datasets": list(self.datasets),
            "snapshots": [
                {
                    "name": d.snapshot.name,
                    "guid": d.snapshot.guid,
                    "createtxg": d.snapshot.createtxg,
                    "action": "keep" if d.keep else "destroy",
                    "spared": d.spared,
                    "reasons": list(d.reasons),
                }
                for d in self.decisions
            ],
        }


@frozen
class Pruned:
    """What became of a plan.

    Attributes:
        plan: The plan.
        destroyed: Names of the snapshots destroyed, in that order.
        spared: Snapshots that the policy lets go and something kept: known when
            the plan was made, or found out while it ran.
    """

    plan: PrunePlan
    destroyed: tuple[str, ...]
    spared: tuple[Decision, ...]

    def to_dict(self) -> dict[str, object]:
        """Give the plan as JSON takes it, and what was done of it."""
        return {
            **self.plan.to_dict(),
            "destroyed": list(self.destroyed),
            "spared": [
                {"name": d.snapshot.name, "reasons": list(d.reasons)} for d in self.spared
            ],
        }


def prune(
    *datasets: str,
    keep: int,
    match: str | None = None,
    recursive: bool = False,
    all_of_them: bool = False,
    pool: str | None = None,
    dry_run: bool = False,
    engine: Engine | None = None,
    show: Callable[[PrunePlan], None] | None = None,
) -> Pruned:
    """Destroy all but the newest `keep` snapshots of each dataset.

    Args:
        datasets: Default: every dataset of the pool that zfstune manages.
        keep: How many of those in scope stay, counted per dataset by createtxg.
        match: Glob of the snapshot names in scope, whoever made them; default:
            those that :func:`zfstune.snapshot` named and made.
        recursive: Also all that is below `datasets`.
        all_of_them: Consent to ``keep=0``.
        pool: Where `datasets` is empty: see :func:`zfstune.pools.choose_pool`.
        dry_run: Stop once the plan is made.
        engine: Default: the running kernel's ZFS.
        show: Called with the plan before the first snapshot goes.

    Returns:
        The plan, what was destroyed, what was spared.

    Raises:
        PolicyError: `keep` or `match` says nothing, or everything without consent.
        NotFound: No such dataset or pool.
        EngineError: ZFS refused to list or to destroy; what was destroyed before
            is gone, and the next call goes on from there.
    """
    policy = Policy.last(keep, match, allow_zero=all_of_them)
    for dataset in datasets:
        names.check_dataset(dataset)
    with nullcontext(engine) if engine else open_engine() as zfs:
        plan = _plan(zfs, policy, datasets, recursive=recursive, pool=pool)
        if show is not None:
            show(plan)
        if dry_run:
            return Pruned(plan, (), plan.spared)
        destroyed: list[str] = []
        spared = list(plan.spared)
        for batch in _batches(plan.victims):
            _destroy(zfs, batch, destroyed, spared)
        return Pruned(plan, tuple(destroyed), tuple(spared))


def _plan(
    engine: Engine,
    policy: Policy,
    datasets: Iterable[str],
    *,
    recursive: bool,
    pool: str | None,
) -> PrunePlan:
    wanted = list(dict.fromkeys(datasets))
    pools = {names.pool_of(name) for name in wanted} or {choose_pool(engine, pool)}
    for name in sorted(pools):
        ready_pool(engine, name, operation="prune pool")
    if not wanted:
        (only,) = pools
        wanted = [d.name for d in engine.datasets(only) if _is_managed(d)]
    elif recursive:
        found = (d.name for name in wanted for d in engine.datasets(name))
        wanted = list(dict.fromkeys(found))
    decisions = [d for name in wanted for d in decide(engine.snapshots(name), policy)]
    return PrunePlan(policy, tuple(wanted), tuple(_examine(engine, decisions, policy)))


def _is_managed(dataset: Dataset) -> bool:
    """Tell whether zfstune made or adopted a dataset.

    Those that only hold others count too: `zfstune snapshot -r` takes them along.
    """
    return any(
        dataset.local(name) for name in (names.PROFILE_PROPERTY, names.APPLIED_PROPERTY)
    )


def _examine(
    engine: Engine, decisions: Iterable[Decision], policy: Policy
) -> Iterator[Decision]:
    """Read what is to go, and spare what is not ours or is held."""
    decisions = list(decisions)
    victims = [d.snapshot.name for d in decisions if not d.keep]
    read = engine.find_snapshots(victims, properties=True)
    for decision in decisions:
        if decision.keep:
            yield decision
            continue
        now = read.get(decision.snapshot.name)
        if now is not None:  # else somebody destroyed it meanwhile
            reason = _reason_to_spare(decision.snapshot, now, policy)
            yield _spare(decision, reason) if reason else decision


def _reason_to_spare(listed: Snapshot, now: Snapshot, policy: Policy) -> str:
    if now.guid != listed.guid:
        return _MADE_ANEW
    if policy.match is None and now.local(names.SNAPSHOT_PROPERTY) is None:
        return (
            f"it has no {names.SNAPSHOT_PROPERTY} of its own: zfstune did not make it here"
        )
    if now.value("userrefs") not in (None, "0"):
        return "it is held: see `zfs holds`"
    return ""


def _spare(decision: Decision, reason: str) -> Decision:
    return Decision(decision.snapshot, keep=True, reasons=(reason,), spared=True)


def _batches(victims: Iterable[Snapshot]) -> Iterator[list[Snapshot]]:
    """Deal victims out into calls; one call reaches one pool."""
    pools: dict[str, dict[str, list[Snapshot]]] = {}
    for victim in victims:
        of_pool = pools.setdefault(names.pool_of(victim.name), {})
        of_pool.setdefault(victim.dataset, []).append(victim)
    for of_pool in pools.values():
        yield from interleave(of_pool, DEFAULT_BATCH)


def _destroy(
    engine: Engine, batch: list[Snapshot], destroyed: list[str], spared: list[Decision]
) -> None:
    """Destroy one batch, without those that ZFS will not let go."""
    now = engine.find_snapshots(snapshot.name for snapshot in batch)
    going: dict[str, Snapshot] = {}
    for snapshot in batch:
        found = now.get(snapshot.name)
        if found is not None and found.guid != snapshot.guid:
            spared.append(_spare(Decision(snapshot, keep=False, reasons=()), _MADE_ANEW))
        elif found is not None:
            going[snapshot.name] = snapshot
    # ZFS destroys all of a batch or nothing, and names what stands in the way: each
    # round goes without at least one of them, so this ends.
    while going:
        try:
            engine.destroy_snapshots(going)
        except BatchError as error:
            for failure in error.failures:
                if not isinstance(failure, (Busy, NotFound)):
                    raise failure from None
                snapshot = going.pop(failure.target)
                decision = Decision(snapshot, keep=False, reasons=())
                spared.append(_spare(decision, failure.reason))
        else:
            destroyed += going
            return
