"""``zfstune hold``: keep snapshots from being destroyed."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, print_json, print_lines
from zfstune.cli.which_zfs import open_zfs
from zfstune.snapshots.hold import hold_snapshots

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from typing import Any

    from zfstune.snapshots.hold_plan import HoldPlan

__all__ = ["add_arguments", "add_holding_options", "change_holds"]


def add_arguments(parser: Any) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Hold snapshots by a tag, a word of your own: nothing can destroy them until the "
        "tag is released, neither prune nor the zfs command. A snapshot that has the tag "
        "already is left as it is. `zfstune snapshots` shows the tags of each."
    )
    add_holding_options(parser)
    parser.set_defaults(run=_run)


def add_holding_options(parser: Any) -> None:
    """Add the options that hold and release share."""
    parser.add_argument("tag", metavar="TAG", help="the tag")
    parser.add_argument(
        "snapshots", nargs="+", metavar="DATASET@SNAP", help="snapshots of one pool"
    )
    parser.add_argument(
        "-r",
        "--recursive",
        action="store_true",
        help="those of the same names on the datasets below, too",
    )
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="show the snapshots and do nothing"
    )
    add_json(parser)


def change_holds(args: argparse.Namespace, change: Callable[..., HoldPlan]) -> int:
    """Hold or release the snapshots of a command line, and print what was done.

    Args:
        args: The options that :func:`add_holding_options` added.
        change: Makes the plan and carries it out.
    """
    with open_zfs(args) as engine:
        plan = change(
            args.tag,
            *args.snapshots,
            recursive=args.recursive,
            dry_run=args.dry_run,
            engine=engine,
        )
    if args.json:
        print_json(plan.to_dict(), changed=bool(plan.change))
        return exit_status.DONE
    print_lines(plan.lines(would="would " if args.dry_run else ""))
    return exit_status.DONE


def _run(args: argparse.Namespace) -> int:
    return change_holds(args, hold_snapshots)
