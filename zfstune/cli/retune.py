"""``zfstune retune``: bring files to the recordsize of today."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import print_json, print_lines, record
from zfstune.cli.progress_line import ProgressLine
from zfstune.cli.value_options import add_dry_run, size_value
from zfstune.cli.which_zfs import open_zfs
from zfstune.measurement.retuning.choice import Retuning
from zfstune.measurement.retuning.retune import retune
from zfstune.values.errors import EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from zfstune.measurement.retuning.retune_plan import RetunePlan
    from zfstune.measurement.retuning.retune_result import RetuneResult

__all__ = ["add_arguments"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Write the files of DATASET anew that have blocks of another size than its "
        "recordsize: a new recordsize is for new files, and neither zfs send, zfs receive, "
        "zfs rewrite nor a plain cp changes the blocks of old ones. A file that is open, "
        "mapped or running is left and named; so is one that changes meanwhile. "
        "Snapshots keep the old blocks. A run that was cut short is completed by the "
        "next one."
    )
    parser.add_argument("dataset", metavar="DATASET", help="a mounted filesystem")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--compression",
        action="store_true",
        help="take also files that are stored whole though compression is on and a sample "
        "of them shrinks, or shrunk though it is off",
    )
    which.add_argument(
        "--all",
        action="store_true",
        help="take every file, as after a change from one compression to another, which "
        "no file tells of",
    )
    parser.add_argument(
        "--rate",
        metavar="SIZE",
        type=size_value,
        help="copy at most this many bytes a second, as in 50M",
    )
    parser.add_argument(
        "--keep-free",
        metavar="SIZE|N%",
        default="10%",
        help="stop before less of the pool is free (default: 10%%)",
    )
    parser.add_argument(
        "--idle",
        action="store_true",
        help="nothing else uses the dataset, not even a client of NFS: take a dataset that "
        "is shared, and a release of ZFS (before 2.2) that cannot exchange two files in "
        "one step; a file that a program replaces meanwhile could be lost",
    )
    add_dry_run(parser, "show the files, the gain and the price, and change nothing")
    parser.add_argument(
        "--plan", dest="dry_run", action="store_true", help="the same as -n"
    )
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    choice = Retuning(
        everything=args.all,
        compression=args.compression,
        idle=args.idle,
        keep_free=args.keep_free,
        rate_bytes_s=args.rate,
    )
    line = ProgressLine(json=args.json)
    try:
        with open_zfs(args) as engine:
            done = retune(
                args.dataset,
                choice=choice,
                dry_run=args.dry_run,
                on_plan=None if args.json else _show,
                on_progress=line.show,
                engine=engine,
            )
    finally:
        line.clear()
    if args.json:
        changed = bool(done.plan.files if args.dry_run else done.done)
        print_json(done.to_dict(), changed=changed)
    elif not args.dry_run and done.plan.files:
        print_lines(done.lines())
    if args.dry_run:
        return exit_status.DONE
    for error in _unfinished(done):
        record(error)
    if done.stopped:
        return exit_status.PENDING
    return exit_status.PARTLY if done.left else exit_status.DONE


def _unfinished(done: RetuneResult) -> Iterator[EngineError]:
    """Make an error of each file that was left, and of the reason why the run stopped."""
    for left in done.left:
        yield EngineError(operation="retune", target=left.path, reason=left.reason)
    if done.stopped:
        dataset = done.plan.dataset
        yield EngineError(operation="finish", target=dataset, reason=done.stopped)


def _show(plan: RetunePlan) -> None:
    """Print the plan before the first file is copied."""
    print_lines(plan.lines())
