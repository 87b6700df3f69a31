"""``zfstune failover``: have a copy take over from its source, or stand by again."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import print_json, print_lines, report, warn
from zfstune.cli.value_options import add_dry_run, add_values
from zfstune.cli.which_zfs import open_zfs
from zfstune.streams.failover import failover
from zfstune.values.errors import PlanError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from zfstune.streams.failover_plan import FailoverPlan

__all__ = ["add_arguments"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Have DATASET, a copy that `zfstune replicate` made, and the copies below it take "
        "over from their sources: what makes a copy inert goes, they are mounted, and "
        "they take no stream any more. Nothing is asked of the source, which may be lost. "
        "When it is back, have it stand by (--standby there), and replicate from DATASET "
        "to it: from the snapshot that both have, without a full stream."
    )
    parser.add_argument(
        "dataset", metavar="DATASET", help="the copy; with --standby, what becomes one"
    )
    parser.add_argument(
        "--standby",
        action="store_true",
        help="the reverse: unmount DATASET and all below it, and make them inert, so that "
        "they take streams",
    )
    add_values(parser, "a value for DATASET, as in mountpoint=/srv; those below inherit")
    add_dry_run(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    def show(plan: FailoverPlan) -> None:
        if not args.json:
            for line in plan.lines():
                print_lines([line])

    with open_zfs(args) as engine:
        plan = failover(
            args.dataset,
            standby=args.standby,
            properties=dict(args.properties),
            dry_run=args.dry_run,
            engine=engine,
            show=show,
        )
    if args.json:
        print_json(plan.to_dict(), changed=plan.pending)
    for change in plan.changes:
        for caution in change.cautions:
            warn(caution)
        if change.blocked:
            report(PlanError(f"'{change.dataset}' is not mounted: {change.blocked}"))
    for name, reason in plan.left.items():
        report(PlanError(f"left '{name}' as it is: {reason}"))
    return exit_status.PARTLY if plan.partial else exit_status.DONE
