"""Thin out snapshots: list, decide, check each victim, destroy in few calls.

What may go is decided three times. The policy decides by name and age. The plan
then reads each victim: without a glob it must carry zfstune's own property, set on
the snapshot itself, and nobody may hold it. And as a batch goes,
:mod:`zfstune.destroying` looks once more, so that a snapshot made anew under an old
name is not taken for the one that was planned.
"""

from __future__ import annotations

from contextlib import nullcontext

from zfstune import names
from zfstune.destroying import MADE_ANEW, Destruction, spare
from zfstune.engine import open_engine
from zfstune.errors import PlanError, PolicyError
from zfstune.following import followed
from zfstune.policy import Policy
from zfstune.prune_plan import KEPT_PROPERTY, Pruned, PrunePlan
from zfstune.retention import decide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping
    from datetime import datetime

    from zfstune.engine import Engine
    from zfstune.free_target import FreeTarget
    from zfstune.retention import Decision
    from zfstune.state import Dataset, Snapshot

__all__ = ["PrunePlan", "Pruned", "prune"]

# All properties of a snapshot take some 20 KiB here: so many are looked at together.
_AT_ONCE = 1000


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
    wait_seconds: float | None = None,
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
            Default: what a policy has for its dataset.
        min_keep: Whatever the policy says, keep the newest so many of its scope.
        pool: Where `datasets` is empty: see :func:`zfstune.pools.choose_pool`.
        dry_run: Stop once the plan is made; it says what would be freed.
        wait_seconds: Wait up to so long until what went is freed, and say how much.
        engine: Default: the running kernel's ZFS.
        show: Called with the plan before the first snapshot goes.

    Raises:
        PolicyError: No policy, or one that makes no sense.
        PlanError: The plan raises alarms; nothing was destroyed.
        EngineError: ZFS refused; the next call goes on from what was destroyed.
    """
    given = _given(keep, match, policy, allow_zero=all_of_them)
    wanted = [names.check_dataset(dataset) for dataset in datasets]
    with nullcontext(engine) if engine else open_engine() as zfs:
        follow, read = followed(
            zfs, given, wanted, recursive=recursive, pool=pool, allow_zero=all_of_them
        )
        if min_keep is not None:
            follow = {n: (p.with_least(min_keep), at) for n, (p, at) in follow.items()}
        # Whoever says a number has seen it; no clock and no stored text is in it.
        counted, measure = keep is not None, dry_run or wait_seconds is not None
        plan = _plan(zfs, follow, read, counted, free_target, measure=measure)
        if show is not None:
            show(plan)
        if dry_run:
            return Pruned(plan, (), plan.spared)
        return _run(zfs, plan, force=force, wait_seconds=wait_seconds)


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


def _plan(
    engine: Engine,
    followed: Mapping[str, tuple[Policy, str]],
    read: Mapping[str, Dataset],
    counted: bool,  # noqa: FBT001 (of one caller)
    free_target: str | None,
    *,
    measure: bool,
) -> PrunePlan:
    policies = {name: policy for name, (policy, _) in followed.items()}
    targets = _targets(followed, free_target)
    timed = any(policy.needs_time for policy in policies.values())
    listings = _listings(engine, policies, targets)
    # Read after the listings: what was taken meanwhile is not from the future.
    now = _now() if timed else None
    decided = [
        decision
        for name, policy in policies.items()
        for decision in _decide(listings[name], policy, now)
    ]
    decisions = tuple(_examine(engine, decided, policies))
    if targets:
        from zfstune.reclaiming import only_as_needed  # noqa: PLC0415 (few ask for it)

        decisions = only_as_needed(engine, decisions, targets)
    alarmed: list[str] = []
    remember: dict[str, int] = {}
    if not counted:
        from zfstune.breakers import alarms, to_remember  # noqa: PLC0415 (as above)

        before = _remembered(engine, decisions, read)
        alarmed += alarms(decisions, policies, now, before)
        remember = to_remember(decisions, policies, before)
    frees = None
    if measure:
        from zfstune.reclaiming import reclaims  # noqa: PLC0415 (as above)

        frees = reclaims(engine, policies, decisions)
    return PrunePlan(policies, decisions, tuple(alarmed), frees, remember)


def _listings(
    engine: Engine, policies: Mapping[str, Policy], targets: Container[str]
) -> dict[str, list[Snapshot]]:
    """List the snapshots, with their times of creation where those matter."""
    dated = {n for n, policy in policies.items() if policy.needs_time or n in targets}
    if not dated:
        return {name: engine.snapshots(name) for name in policies}
    from zfstune.dating import Dates, cache_folder  # noqa: PLC0415 (not for a count)

    dates = Dates(cache_folder())
    found = {
        name: dates.snapshots(engine, name) if name in dated else engine.snapshots(name)
        for name in policies
    }
    dates.save()
    return found


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
        if text.isdecimal() and text.isascii():
            found[name] = int(text[:9])
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
    engine: Engine, decisions: Iterable[Decision], policies: Mapping[str, Policy]
) -> Iterator[Decision]:
    """Read what is to go, and spare what is not ours or is held."""
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
    return ""


def _run(
    engine: Engine, plan: PrunePlan, *, force: bool, wait_seconds: float | None
) -> Pruned:
    if plan.alarms and not force:
        raise PlanError(
            f"cannot prune: {'; '.join(plan.alarms)}",
            hint="look at `zfstune prune -n`; what is meant so takes --force",
        )
    used: dict[str, int] = {}
    freed: Mapping[str, int | None] | None = None
    if wait_seconds is not None:
        from zfstune.reclaiming import freed_since, space_used  # noqa: PLC0415 (as above)

        used = space_used(engine, plan.victims)
    destruction = Destruction(engine, plan)
    destruction.run()
    if wait_seconds is not None:
        freed = freed_since(engine, used, wait_seconds)
    return Pruned(
        plan,
        tuple(destruction.destroyed),
        (*plan.spared, *destruction.spared),
        destruction.fallback,
        freed,
    )
