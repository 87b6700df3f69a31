"""``zfstune checkpoints``: list checkpoints and the copies of rollbacks, and drop these."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.checkpoint import checkpoint_as_json, print_checkpoints
from zfstune.cli.output import add_json, print_json, print_lines, print_table, warn
from zfstune.cli.step_line import StepLine
from zfstune.cli.which_zfs import open_zfs
from zfstune.snapshots.drop import list_checkpoints
from zfstune.snapshots.drop_copies import drop_copies, list_copies
from zfstune.values.size import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from zfstune.snapshots.copies_plan import CopiesPlan

__all__ = ["add_arguments"]


def add_arguments(parser: Any) -> None:
    """Add the options of the verb."""
    parser.description = (
        "List the checkpoints of a pool, and the copies that rollbacks kept aside. A copy "
        "keeps the snapshot that was rolled back to from being destroyed; --drop-copies "
        "destroys the copies alone, and `zfstune checkpoint drop` a checkpoint."
    )
    parser.add_argument(
        "--drop-copies",
        nargs="+",
        default=[],
        metavar="COPIES",
        help="destroy the copies of these names, and show each dataset that goes",
    )
    parser.add_argument("--pool", help="the pool (default: as for apply)")
    parser.add_argument(
        "-n",
        "--dry-run",
        action="store_true",
        help="with --drop-copies, show the datasets that would go, and destroy nothing",
    )
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    if args.drop_copies:
        return _drop(args)
    if args.dry_run:
        warn("cannot list checkpoints with -n: it is an option of --drop-copies")
        return exit_status.USAGE
    with open_zfs(args) as engine:
        checkpoints = list_checkpoints(pool=args.pool, engine=engine)
        copies = list_copies(pool=args.pool, engine=engine)
    if args.json:
        print_json(
            {
                "checkpoints": [checkpoint_as_json(listed) for listed in checkpoints],
                "copies": [kept.to_dict() for kept in copies],
            }
        )
        return exit_status.DONE
    print_checkpoints(checkpoints)
    if copies:
        print()
        rows = [
            (k.name, format_size(k.used_bytes, exact=False), ", ".join(k.origins) or "-")
            for k in copies
        ]
        print_table(
            ("COPIES KEPT ASIDE", "USED", "CLONES OF"), rows, scripted=False, right="lrl"
        )
    return exit_status.DONE


def _drop(args: argparse.Namespace) -> int:
    def show(plan: CopiesPlan) -> None:
        if not args.json:
            print_lines(plan.lines(would="would " if args.dry_run else ""))

    with open_zfs(args) as engine, StepLine("destroyed") as line:
        plan = drop_copies(
            *args.drop_copies,
            pool=args.pool,
            dry_run=args.dry_run,
            engine=engine,
            show=show,
            passed=line.passed,
        )
    if args.json:
        print_json(plan.to_dict(), part="drop-copies", changed=True)
    elif not args.dry_run:
        print_lines([f"dropped copies: {', '.join(kept.name for kept in plan.kept)}"])
    return exit_status.DONE
