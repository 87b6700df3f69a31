"""Thin out snapshots: list, decide, check each victim, destroy in few calls.

A snapshot is looked at three times before it goes. The policy decides by name and age.
The plan then reads each victim (:mod:`zfstune.retention.examine`). And as a batch goes,
:mod:`zfstune.retention.destroy` looks once more, so that a snapshot made anew under an
old name is not taken for the snapshot that was planned.

An error on one dataset never stops the others: it is reported in :attr:`Pruned.failed`,
and raised only where no other dataset was pruned.
"""

from __future__ import annotations

from functools import partial

from zfstune.engine.open import using
from zfstune.retention.destroy import Destruction
from zfstune.retention.examine import plan_prune
from zfstune.retention.follow import select_datasets
from zfstune.retention.plan import Pruned, PrunePlan
from zfstune.retention.policy import Policy
from zfstune.retention.reclaim import freed_since, space_used
from zfstune.values.errors import PlanError, PolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.values.errors import ZfstuneError


__all__ = ["SAME_WITH_N", "PrunePlan", "Pruned", "prune"]

# The hint names no command: it would have to repeat all datasets, rules, pool and image.
SAME_WITH_N = "the same command with -n shows the plan"


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
    passed: Callable[[int, int], object] = lambda *_: None,
) -> Pruned:
    """Destroy the snapshots that a policy lets go.

    Args:
        datasets: Default: all of the pool that are managed or have a policy.
        keep: How many snapshots in scope stay of each dataset, the newest by createtxg.
        match: With `keep`: glob of the names in scope; default: zfstune's own snapshots.
        policy: Instead of `keep`; default: the one stored on a dataset or above.
        recursive: Also all that is below `datasets`.
        all_of_them: Consent to ``keep=0``; a stored policy has its own.
        force: Go on although the plan raises alarms.
        free_target: Stop once so much is free, as in ``20%``; default: by each policy.
        min_keep: Keep the newest so many of each scope, whatever the policy says.
        pool: Where `datasets` is empty: see :func:`zfstune.engine.pools.choose_pool`.
        dry_run: Stop once the plan is made; it says what would be freed.
        wait_seconds: Wait at most so long until the space is freed, and say how much.
        engine: Default: the running kernel's ZFS.
        show: Called with the plan before the first snapshot goes.
        passed: Told meanwhile how many snapshots were gone through, and of how many.

    Raises:
        PolicyError: There is no policy, or it makes no sense.
        PlanError: The plan raises alarms for every dataset, and none was pruned.
        EngineError: ZFS refused; snapshots that went before stay destroyed.
    """
    given = _given(keep, match, policy, allow_zero=all_of_them)
    with using(engine) as zfs:
        selection = select_datasets(
            zfs, given, datasets, recursive=recursive, pool=pool, allow_zero=all_of_them
        ).with_least(min_keep)
        if not selection.followed and not selection.failed:
            return Pruned(PrunePlan({}, ()), (), ())
        plan = plan_prune(
            zfs,
            selection,
            free_target=free_target,
            raise_alarms=keep is None,
            for_show=dry_run,
            foretell=dry_run or wait_seconds is not None,
        )
        (show or _show_nothing)(plan)
        run = partial(_carry_out, zfs, plan, passed, force=force, wait_seconds=wait_seconds)
        return _as_planned(plan) if dry_run else run()


def _show_nothing(_: PrunePlan) -> None:
    """Stand for the caller who does not want to see the plan."""


def _given(
    keep: int | None, match: str | None, policy: Policy | str | None, *, allow_zero: bool
) -> Policy | None:
    """Return the policy of the call; None: each dataset follows its own."""
    if keep is not None:
        if policy is not None:
            raise PolicyError(
                "cannot prune by 'keep' and 'policy' at once: give one of them",
                hint="a policy counts as well: policy='keep=48 daily=30'",
            )
        return Policy.last(keep, match, allow_zero=allow_zero)
    if match is not None:
        raise PolicyError(
            "cannot prune by 'match' alone: no rule says what to keep",
            hint="--match 'auto-*' --keep 48 (in Python: match='auto-*', keep=48)",
        )
    if policy is None:
        return None
    from zfstune.retention.store import zone  # noqa: PLC0415 (not for a count)

    if isinstance(policy, str):
        from zfstune.retention.policy_text import parse_policy  # noqa: PLC0415 (not for a count)

        policy = parse_policy(policy, allow_zero=allow_zero)
    zone(policy)  # an unknown zone is an error of the call, not of a dataset
    return policy


def _as_planned(plan: PrunePlan) -> Pruned:
    """Return the result of a plan that is not carried out."""
    _check_some(plan.policies, plan.failed)
    return Pruned(plan, (), plan.spared, failed=plan.failed)


def _carry_out(
    engine: Engine,
    plan: PrunePlan,
    passed: Callable[[int, int], object],
    *,
    force: bool,
    wait_seconds: float | None,
) -> Pruned:
    failed = dict(plan.failed)
    if not force:
        failed |= {
            name: PlanError(
                f"cannot prune '{name}': {'; '.join(alarms)}",
                hint=f"{SAME_WITH_N}; to destroy them anyway, add --force "
                "(in Python: force=True)",
            )
            for name, alarms in plan.alarms_by_dataset.items()
        }
    going = plan.without(failed)
    _check_some(going.policies, failed)
    used: dict[str, int] = {}
    freed: Mapping[str, int | None] | None = None
    if wait_seconds is not None:
        used = space_used(engine, going.victims)
    destruction = Destruction(engine, going)
    destruction.run(passed)
    failed |= destruction.failed
    _check_some(going.policies.keys() - failed.keys(), failed)
    if wait_seconds is not None:
        freed = freed_since(engine, used, wait_seconds)
    return Pruned(
        plan,
        tuple(destruction.destroyed),
        (*plan.spared, *destruction.spared),
        destruction.fallback,
        freed,
        failed,
    )


def _check_some(pruned: Collection[str], failed: Mapping[str, ZfstuneError]) -> None:
    """Raise the errors where they leave no dataset to prune."""
    if pruned or not failed:
        return
    errors = list(failed.values())
    if len({str(error) for error in errors}) == 1:
        raise errors[0]
    lines = [f"cannot prune any of {len(errors)} datasets", *map(str, errors)]
    hints = dict.fromkeys(error.hint for error in errors if error.hint)
    raise PlanError("\n".join(lines), hint="; ".join(hints))
