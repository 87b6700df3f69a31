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
from zfstune.errors import BatchError, Busy, NotFound, PlanError, PolicyError
from zfstune.policy import POLICY_PROPERTY, Never, Policy
from zfstune.pools import choose_pool, ready_pool
from zfstune.prune_plan import Pruned, PrunePlan
from zfstune.retention import DEFAULT_BATCH, Decision, decide, interleave

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from zfstune.engine import Engine
    from zfstune.state import Dataset, Snapshot

__all__ = ["PrunePlan", "Pruned", "prune"]

_MADE_ANEW = "it was made anew since it was listed"


def prune(
    *datasets: str,
    keep: int | None = None,
    match: str | None = None,
    policy: Policy | str | None = None,
    recursive: bool = False,
    all_of_them: bool = False,
    force: bool = False,
    free_target: str | None = None,
    min_keep: int | None = None,
    pool: str | None = None,
    dry_run: bool = False,
    engine: Engine | None = None,
    show: Callable[[PrunePlan], None] | None = None,
) -> Pruned:
    """Destroy the snapshots that a policy lets go.

    Args:
        datasets: Default: all of the pool that zfstune manages or that have a policy.
        keep: How many of those in scope stay, counted per dataset by createtxg.
        match: Glob of the snapshot names in scope, whoever made them; default:
            those that :func:`zfstune.snapshot` named and made. With `keep`.
        policy: More than a count. Without `keep` and `policy` each dataset follows
            the one stored on it or above.
        recursive: Also all that is below `datasets`.
        all_of_them: Consent to ``keep=0``.
        force: Go on although the plan raises alarms.
        free_target: Stop once the pool has that free, as in ``50G`` or ``20%``.
        min_keep: Whatever the policy says, keep the newest so many of its scope.
        pool: Where `datasets` is empty: see :func:`zfstune.pools.choose_pool`.
        dry_run: Stop once the plan is made; it says what would be freed.
        engine: Default: the running kernel's ZFS.
        show: Called with the plan before the first snapshot goes.

    Returns:
        The plan, what was destroyed, what was spared.

    Raises:
        PolicyError: No policy, or one that makes no sense.
        PlanError: The plan raises alarms; nothing was destroyed.
        EngineError: ZFS refused; the next call goes on from what was destroyed.
    """
    given = _given(keep, match, policy, allow_zero=all_of_them)
    for dataset in datasets:
        names.check_dataset(dataset)
    with nullcontext(engine) if engine else open_engine() as zfs:
        policies = _policies(
            zfs, given, datasets, recursive=recursive, pool=pool, allow_zero=all_of_them
        )
        if min_keep is not None:
            policies = {name: p.with_least(min_keep) for name, p in policies.items()}
        # Whoever says a number has seen it; no clock and no stored text is in it.
        counted = keep is not None
        plan = _plan(zfs, policies, counted, free_target, measure=dry_run)
        if show is not None:
            show(plan)
        if dry_run:
            return Pruned(plan, (), plan.spared)
        return _run(zfs, plan, force=force)


def _given(
    keep: int | None, match: str | None, policy: Policy | str | None, *, allow_zero: bool
) -> Policy | None:
    """Give the policy of the call; None: each dataset has its own."""
    if keep is not None:
        if policy is not None:
            raise PolicyError("cannot prune by 'keep' and 'policy' at once: say it in one")
        return Policy.last(keep, match, allow_zero=allow_zero)
    if match is not None:
        raise PolicyError("cannot prune by 'match' alone: no rule says what to keep")
    if isinstance(policy, str):
        from zfstune.policy_text import parse_policy  # noqa: PLC0415 (not for a count)

        return parse_policy(policy, allow_zero=allow_zero)
    return policy


def _policies(
    engine: Engine,
    given: Policy | None,
    datasets: Iterable[str],
    *,
    recursive: bool,
    pool: str | None,
    allow_zero: bool,
) -> dict[str, Policy]:
    """Choose the datasets to prune, and for each what it is to follow."""
    wanted = list(dict.fromkeys(datasets))
    pools = {names.pool_of(name) for name in wanted} or {choose_pool(engine, pool)}
    for name in sorted(pools):
        ready_pool(engine, name, operation="prune pool")
    if given is not None and wanted and not recursive:
        return dict.fromkeys(wanted, given)
    found: dict[str, Dataset] = {}
    for name in wanted or pools:
        below = engine.datasets(name, recursive=recursive or not wanted)
        found.update({dataset.name: dataset for dataset in below})
    if given is not None and not wanted:
        found = {name: d for name, d in found.items() if _is_managed(d)}
        for name in _audited(engine, found):
            del found[name]
    if given is not None:
        return dict.fromkeys(found, given)
    from zfstune.policies import stored_policies  # noqa: PLC0415 (not for a count)

    stored = stored_policies(engine, found.values(), allow_zero=allow_zero)
    without = [name for name in wanted if name not in stored]
    if without or not stored:
        where = f" '{without[0]}'" if without else ""
        raise PolicyError(
            f"cannot prune{where}: no rule says what to keep",
            hint="say it, as in --keep 48, or store it: zfstune policy set DATASET keep=48",
        )
    return {name: policy for name, (policy, _) in stored.items()}


def _audited(engine: Engine, datasets: Mapping[str, Dataset]) -> list[str]:
    """Give those whose own policy is that nothing ever goes.

    What is said on the command line wins, but only over a dataset that it names.
    """
    ruled = [d for d in datasets.values() if d.value(POLICY_PROPERTY) is not None]
    if not ruled:
        return []
    from zfstune.policies import stored_policies  # noqa: PLC0415 (not for a count)

    stored = stored_policies(engine, ruled, allow_zero=True)
    return [name for name, (policy, _) in stored.items() if Never() in policy.rules]


def _plan(
    engine: Engine,
    policies: Mapping[str, Policy],
    counted: bool,  # noqa: FBT001 (of one caller)
    free_target: str | None,
    *,
    measure: bool,
) -> PrunePlan:
    timed = any(policy.needs_time for policy in policies.values())
    listings = {
        name: engine.snapshots(name, properties=policy.needs_time or bool(free_target))
        for name, policy in policies.items()
    }
    # Read after the listings: what was taken meanwhile is not from the future.
    now = _now() if timed else None
    decided = [
        decision
        for name, policy in policies.items()
        for decision in _decide(listings[name], policy, now)
    ]
    decisions = tuple(_examine(engine, decided, policies))
    if free_target is not None:
        from zfstune.freeing import FreeTarget  # noqa: PLC0415 (few ask for it)
        from zfstune.reclaiming import only_as_needed  # noqa: PLC0415 (as above)

        decisions = only_as_needed(engine, decisions, FreeTarget.parse(free_target))
    alarmed: list[str] = []
    if not counted:
        from zfstune.breakers import alarms  # noqa: PLC0415 (not for a count)

        alarmed += alarms(decisions, policies, now)
    frees = None
    if measure:
        from zfstune.reclaiming import reclaims  # noqa: PLC0415 (not for a real run)

        frees = reclaims(engine, policies, decisions)
    return PrunePlan(policies, decisions, tuple(alarmed), frees)


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


def _is_managed(dataset: Dataset) -> bool:
    """Tell whether zfstune made or adopted a dataset.

    Those that only hold others count too: `zfstune snapshot -r` takes them along.
    """
    return any(
        dataset.local(name) for name in (names.PROFILE_PROPERTY, names.APPLIED_PROPERTY)
    )


def _examine(
    engine: Engine, decisions: Iterable[Decision], policies: Mapping[str, Policy]
) -> Iterator[Decision]:
    """Read what is to go, and spare what is not ours or is held."""
    decisions = list(decisions)
    victims = [d.snapshot.name for d in decisions if not d.keep]
    scopes: dict[str, Callable[[str], bool]] = {}
    read = engine.find_snapshots(victims, properties=True)
    for decision in decisions:
        if decision.keep:
            yield decision
            continue
        now = read.get(decision.snapshot.name)
        if now is not None:  # else somebody destroyed it meanwhile
            if now.dataset not in scopes:
                scopes[now.dataset] = policies[now.dataset].scope(named=True)
            ours = not scopes[now.dataset](now.short_name)
            reason = _reason_to_spare(decision.snapshot, now, ours=ours)
            yield _spare(decision, reason) if reason else decision


def _reason_to_spare(listed: Snapshot, now: Snapshot, *, ours: bool) -> str:
    if now.guid != listed.guid:
        return _MADE_ANEW
    if ours and now.local(names.SNAPSHOT_PROPERTY) is None:
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


def _run(engine: Engine, plan: PrunePlan, *, force: bool) -> Pruned:
    if plan.alarms and not force:
        raise PlanError(
            f"cannot prune: {'; '.join(plan.alarms)}",
            hint="look at `zfstune prune -n`; what is meant so takes --force",
        )
    destroyed: list[str] = []
    spared = list(plan.spared)
    for batch in _batches(plan.victims):
        _destroy(engine, batch, destroyed, spared)
    return Pruned(plan, tuple(destroyed), tuple(spared))


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
