"""``zfstune destroy``: destroy datasets and snapshots, once all of it was named."""

from __future__ import annotations

from functools import partial

from zfstune.cli import exit_status
from zfstune.cli.checkpoint import show_losing
from zfstune.cli.output import add_json, print_json, print_lines
from zfstune.cli.step_line import StepLine
from zfstune.cli.which_zfs import open_zfs
from zfstune.datasets.destroy import destroy_named
from zfstune.datasets.destroy_plan import DESTROY_LOSSES
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

__all__ = ["add_arguments"]


def add_arguments(parser: Any) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Destroy datasets, each with all below it, and snapshots. The plan names all that "
        "would go: datasets, their snapshots, clones of these that lie elsewhere, and the "
        "bases of replication. Nothing goes without your consent to each of these losses. "
        "Held snapshots, golden images and the running system stay. For snapshots by rule, "
        "see prune."
    )
    parser.add_argument(
        "names",
        nargs="+",
        metavar="NAME",
        help="a dataset, which goes with all below it, or a snapshot as DATASET@SNAP",
    )
    parser.add_argument(
        "-r",
        "--recursive",
        action="store_true",
        help="for snapshots: those of the same name on the datasets below, too",
    )
    parser.add_argument(
        "--lose",
        action="append",
        default=[],
        choices=DESTROY_LOSSES,
        help="consent to a loss; may be given several times",
    )
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="show the plan and do nothing"
    )
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    with open_zfs(args) as engine, StepLine("destroyed") as line:
        plan = destroy_named(
            *args.names,
            recursive=args.recursive,
            lose=args.lose,
            dry_run=args.dry_run,
            engine=engine,
            show=None if args.json else partial(show_losing, args),
            passed=line.passed,
        )
    if args.json:
        print_json(plan.to_dict(), changed=True)
    elif not args.dry_run:
        print_lines([f"destroyed: {', '.join(map(shown, plan.named))}"])
    return exit_status.DONE
