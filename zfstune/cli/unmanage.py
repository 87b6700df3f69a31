"""``zfstune unmanage``: take the marks off datasets again."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, print_json, print_lines, warn
from zfstune.cli.which_zfs import open_zfs
from zfstune.datasets.unmanage import unmanage

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

__all__ = ["add_arguments"]


def add_arguments(parser: Any) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Stop managing a dataset: take zfstune's marks off again, and change nothing else. "
        "Values, mounts, owners, snapshots, a schedule and a policy stay as they are. "
        "`zfstune apply PROFILE --at DATASET` manages it again."
    )
    parser.add_argument("dataset", metavar="DATASET", help="the dataset")
    parser.add_argument(
        "-r", "--recursive", action="store_true", help="all managed datasets below, too"
    )
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="show the datasets and change nothing"
    )
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    with open_zfs(args) as engine:
        plan = unmanage(
            args.dataset, recursive=args.recursive, dry_run=args.dry_run, engine=engine
        )
    if args.json:
        print_json(plan.to_dict(), changed=bool(plan.marks))
    else:
        for line in plan.lines(verb="would unmanage" if args.dry_run else "unmanaged"):
            print_lines([line])
    for caution in plan.cautions():
        warn(caution)
    return exit_status.DONE
