"""``zfstune restore``: bring a file or a folder back out of a snapshot."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, print_json, print_lines, warn
from zfstune.cli.progress_line import ProgressLine
from zfstune.cli.which_zfs import open_zfs
from zfstune.snapshots.restore import restore_path
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from zfstune.snapshots.restore_plan import PathPlan

__all__ = ["add_arguments"]


def add_arguments(parser: Any) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Bring a file or a folder back out of a snapshot of a mounted filesystem, with its "
        "owner, mode, times, extended attributes, access lists, holes and hard links. "
        "Nothing is overwritten: what stands in the way is kept beside it, as "
        "NAME.before-restore-TIME. The copy takes its name once it is whole, and a run "
        "that was killed is completed by the next."
    )
    parser.add_argument("snapshot", metavar="DATASET@SNAP", help="the snapshot's full name")
    parser.add_argument(
        "path",
        metavar="PATH",
        help="the file or folder: its path, or its path below the mountpoint",
    )
    parser.add_argument(
        "--to",
        metavar="DIR",
        help="put it into this folder (default: the place where it was)",
    )
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="show the plan and do nothing"
    )
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    line = ProgressLine(json=args.json)

    def show(plan: PathPlan) -> None:
        if not args.json:
            print_lines(plan.lines(dry_run=args.dry_run))
        line.expect(plan.size_bytes)

    try:
        with open_zfs(args) as engine:
            restored = restore_path(
                args.snapshot,
                args.path,
                to=args.to,
                dry_run=args.dry_run,
                engine=engine,
                show=show,
                passed=line.passed,
            )
    finally:
        line.clear()
    if args.json:
        changed = not restored.plan.same if args.dry_run else restored.done
        print_json(restored.to_dict(), changed=changed)
    elif restored.done:
        print_lines([f"restored {shown(restored.plan.target)}"])
    for caution in restored.plan.cautions:
        warn(caution)
    for path in restored.recovered:
        warn(f"kept '{shown(path)}', which an earlier run that was killed had put aside")
    return exit_status.DONE
