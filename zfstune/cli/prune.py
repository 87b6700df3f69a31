"""``zfstune prune``: destroy the snapshots that no rule keeps."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import (
    add_json,
    print_json,
    print_lines,
    report,
    stdout_columns,
    warn,
)
from zfstune.cli.policy_options import add_rules, read_count, read_policy_options
from zfstune.cli.step_line import StepLine
from zfstune.cli.sweep_leftovers import sweep_leftovers
from zfstune.cli.which_zfs import open_zfs
from zfstune.retention.decision import FUTURE
from zfstune.retention.near_miss import near_misses
from zfstune.retention.prune import prune
from zfstune.values.errors import EngineError, PolicyError
from zfstune.values.names import pool_of
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from zfstune.retention.decision import Decision
    from zfstune.retention.prune import Pruned


__all__ = ["add_arguments"]

_WAIT_SECONDS = 600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Destroy the snapshots of each dataset that no rule keeps: with "
        "--keep N all but the newest N. Only snapshots that `zfstune snapshot` made "
        "and named itself (not by --name) are in scope, unless --match or --regex names "
        "others. Without a rule each dataset "
        "follows the policy stored on it or on a dataset above it (zfstune policy set). "
        "Held and cloned snapshots stay and are reported."
    )
    parser.add_argument(
        "datasets",
        nargs="*",
        metavar="DATASET",
        help="default: every dataset of the pool that zfstune manages, or, without a "
        "rule, that has a policy",
    )
    add_rules(parser)
    parser.add_argument(
        "-r", "--recursive", action="store_true", help="prune all datasets below as well"
    )
    _add_limits(parser)
    parser.add_argument(
        "--pool",
        help="the pool to prune where no dataset is named (default: as for apply)",
    )
    parser.add_argument(
        "--all-of-them",
        action="store_true",
        help="consent to --keep 0, which keeps no snapshot in scope (for a stored policy: "
        "zfstune policy set --all-of-them)",
    )
    parser.add_argument(
        "-n",
        "--dry-run",
        action="store_true",
        help="show the snapshots that would go, and destroy nothing",
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="name each snapshot, with the reason"
    )
    add_json(parser)
    parser.set_defaults(run=_run)


def _add_limits(parser: Any) -> None:
    """Add the options that stop a prune early or let it go on."""
    parser.add_argument(
        "--free-target",
        metavar="SIZE",
        help="stop as soon as the pool has that much free, as in 50G or 20%%; the least "
        "valuable snapshots go first. A policy may set this for its dataset",
    )
    parser.add_argument(
        "--wait",
        action="store_true",
        help="wait (up to ten minutes) until the pool has freed the space, and print how "
        "much it was, and how much was expected",
    )
    parser.add_argument(
        "--min-keep",
        metavar="N",
        help="keep the newest N, whatever the policy says",
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="go on although the plan looks wrong: more than half of the snapshots would "
        "go, most were lost since the last prune, or some are dated in the future or out "
        "of order",
    )


def _run(args: argparse.Namespace) -> int:
    keep, policy = read_policy_options(args)
    _check_target(args.free_target)
    min_keep = None
    if args.min_keep is not None:
        min_keep = read_count("--min-keep", args.min_keep)
    with open_zfs(args) as engine, StepLine("went through") as line:
        pruned = prune(
            *args.datasets,
            keep=keep,
            match=args.match if keep is not None else None,
            policy=policy,
            recursive=args.recursive,
            all_of_them=args.all_of_them,
            force=args.force,
            free_target=args.free_target,
            min_keep=min_keep,
            pool=args.pool,
            dry_run=args.dry_run,
            wait_seconds=_WAIT_SECONDS if args.wait else None,
            engine=engine,
            passed=line.passed,
        )
        pools = map(pool_of, pruned.plan.datasets)
        sweep_leftovers(engine, pools, dry_run=args.dry_run)
    if args.json:
        changed = bool(pruned.plan.victims if args.dry_run else pruned.destroyed)
        print_json(pruned.to_dict(), changed=changed)
    else:
        columns = stdout_columns()
        print_lines(
            pruned.plan.lines(columns=columns)
            if args.dry_run
            else pruned.lines(verbose=args.verbose, columns=columns)
        )
        if (args.verbose or args.dry_run) and pruned.fallback:
            warn(
                "each snapshot was checked just before it was destroyed, not in the same "
                f"transaction: {pruned.fallback}"
            )
    if args.dry_run:
        for alarm in pruned.plan.alarms:
            warn(f"without --force, prune refuses this plan: {alarm}")
    if args.match is not None or args.regex is not None:
        _warn_of_near_misses(pruned)
    for decision in pruned.spared:
        _report_spared(decision)
    in_future = _dated_after_now(pruned)
    if in_future == 1:
        warn("1 snapshot beyond the count is dated after now, and stays")
    elif in_future:
        warn(f"{in_future} snapshots beyond the count are dated after now, and stay")
    for name, error in pruned.failed.items():
        report(error, saying=f"left '{name}' as it is: {error.message}")
    return exit_status.PARTLY if pruned.spared or pruned.failed else exit_status.DONE


def _report_spared(decision: Decision) -> None:
    """Report a snapshot that should go and stays: it is why the command ends with 3."""
    name, reason = decision.snapshot.name, "; ".join(decision.reasons)
    stays = EngineError(operation="destroy", target=name, reason=reason)
    report(stays, saying=f"kept '{name}': {reason}")


def _dated_after_now(pruned: Pruned) -> int:
    """Count snapshots dated after now that raise no alarm, as no rule reads times."""
    plan = pruned.plan
    return sum(
        d.reasons == (FUTURE,)
        for d in plan.decisions
        if not plan.policies[d.snapshot.dataset].needs_time
    )


def _check_target(text: str | None) -> None:
    """Refuse a number without a unit, since nobody types so many bytes."""
    if text is not None and text.isascii() and text.isdigit():
        raise PolicyError(
            f"cannot use policy 'free-target={shown(text)}': it lacks a unit",
            hint="give a size or a share of the pool, as in 50G or 20%; B stands for bytes",
        )


def _warn_of_near_misses(pruned: Pruned) -> None:
    """Warn of patterns that no snapshot matches."""
    policy = next(iter(pruned.plan.policies.values()), None)
    if policy is not None:
        for miss in near_misses(
            policy, {d.snapshot.short_name for d in pruned.plan.decisions}
        ):
            warn(miss)
