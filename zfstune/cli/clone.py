"""``zfstune clone``: make clones of a snapshot."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import print_json
from zfstune.cli.step_line import StepLine
from zfstune.cli.steps_done import StepsDone
from zfstune.cli.value_options import add_dry_run, add_values
from zfstune.cli.which_zfs import open_zfs
from zfstune.clones.clone import clone

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


__all__ = ["add_arguments"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Make clones of SNAPSHOT, all at once, and mount them where their properties say. "
        "All names are judged before the first clone is made. A clone of SNAPSHOT that is "
        "there already stays as it is. `zfstune golden stamp` gives each clone of a system "
        "an identity of its own, too."
    )
    parser.add_argument("snapshot", metavar="SNAPSHOT", help="the snapshot to clone")
    parser.add_argument(
        "names", metavar="NAME", nargs="+", help="a clone to make; its parent exists"
    )
    add_values(
        parser,
        "a value to set on each new clone; in mountpoint, {} is the last part of its name",
    )
    parser.add_argument(
        "--no-mount", action="store_true", help="do not mount the new filesystems"
    )
    add_dry_run(parser)
    parser.set_defaults(run=_run)


def _left() -> str:
    return "clones that were made stay, and the next run makes and mounts the others"


def _run(args: argparse.Namespace) -> int:
    progress = StepLine("cloned")
    steps = StepsDone(args, progress)
    with open_zfs(args) as engine, steps.interruptible(_left):
        plan = clone(
            args.snapshot,
            *args.names,
            properties=dict(args.properties),
            mount=not args.no_mount,
            dry_run=args.dry_run,
            engine=engine,
            on_step=steps.tell,
            on_progress=progress.passed,
        )
    steps.end(plan.lines())
    if args.json:
        print_json(plan.to_dict(), changed=bool(plan.new))
    return exit_status.DONE
