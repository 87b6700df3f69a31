"""``zfstune replicate``: bring targets up to their sources."""

from __future__ import annotations

import argparse
from contextlib import ExitStack

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, print_json, print_lines, report, warn
from zfstune.cli.progress_line import ProgressLine
from zfstune.cli.value_options import (
    add_raw,
    add_values,
    add_without,
    size_value,
    whole_value,
)
from zfstune.cli.which_zfs import image_name, open_zfs, uses_image
from zfstune.engine import open as opening
from zfstune.streams.compared import choose_compared
from zfstune.streams.pace import Pace
from zfstune.streams.remote.address import read_address
from zfstune.streams.replicate import replicate
from zfstune.values.errors import BatchError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.streams.replication_plan import ReplicationPlan
    from zfstune.streams.steps import PlanStep

__all__ = ["add_arguments"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Send to TARGET all that SOURCE has and it lacks. One of them, or both, may be on "
        "another host, as HOST:DATASET: ssh reaches it. TARGET only ever "
        "gains snapshots; one that has gone its own way is refused, with each snapshot "
        "that is in the way. A new TARGET is read-only, mounted only when you ask for it, "
        "and neither shared nor scanned, whatever the stream says. A bookmark on SOURCE "
        "keeps the base of the next stream, so prune may destroy its snapshot. A run that "
        "was cut short is completed by the next one."
    )
    parser.add_argument("source", metavar="SOURCE", help="the dataset to send")
    parser.add_argument(
        "target", metavar="TARGET", help="the dataset that receives; its parent exists"
    )
    parser.add_argument(
        "--to-image",
        metavar="FILE",
        type=image_name,
        help="TARGET is in the pool in this file",
    )
    _add_tree_options(parser)
    parser.add_argument(
        "--newest-only",
        action="store_true",
        help="send the newest snapshot, and none of those between it and the base",
    )
    parser.add_argument(
        "--ssh-option",
        metavar="OPTION",
        action="append",
        default=[],
        help="an option for HOST, as for `ssh -o`; may be repeated",
    )
    _add_stream_options(parser)
    _add_ways_out(parser)
    _add_manner(parser)
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="show the plan and change nothing"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="as --dry-run, and exit with 4 if there is something to send",
    )
    add_json(parser)
    parser.set_defaults(run=_run)


def _add_tree_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-r",
        "--recursive",
        action="store_true",
        help="send all datasets below SOURCE, too; one that is refused or fails does not "
        "stop the others",
    )
    parser.add_argument(
        "--exclude",
        metavar="PATTERN",
        action="append",
        default=[],
        help="leave out each dataset whose full name this shell pattern matches, and all "
        "below it; may be repeated",
    )
    parser.add_argument(
        "--exclude-property",
        metavar="PROPERTY[=VALUE]",
        action="append",
        default=[],
        help="leave out each dataset on which this property was set (to VALUE), and all "
        "below it; may be repeated. org.zfstune:replicate-to=none leaves a dataset out of "
        "each tree",
    )
    parser.add_argument(
        "--snapshot",
        metavar="NAME",
        nargs="?",
        const="",
        help="take a snapshot of all datasets at one instant first, as `zfstune snapshot` "
        "does; without NAME, write it after TARGET. A plan (-n, --check) is one without "
        "that snapshot",
    )


def _add_manner(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=whole_value(least=1),
        default=4,
        help="how many datasets are sent at once (default: 4)",
    )
    parser.add_argument(
        "--rate",
        metavar="BYTES",
        type=_rate,
        help="send at most so many bytes a second, as in 50M, over all streams",
    )
    parser.add_argument(
        "--retries",
        metavar="N",
        type=whole_value(),
        default=0,
        help="try a dataset again so many times if its stream breaks off (default: 0)",
    )
    parser.add_argument(
        "--verify",
        action="store_true",
        help="compare the newest snapshot that arrives with the one that was sent, by "
        "content, and where nothing is sent the newest one that both have; it is read in "
        "full on both sides (see `zfstune compare` for others)",
    )


def _rate(text: str) -> int:
    rate = size_value(text)
    if not rate:
        message = f"'{shown(text)}' is no rate: nothing would ever be sent"
        raise argparse.ArgumentTypeError(message)
    return rate


def _add_stream_options(parser: argparse.ArgumentParser) -> None:
    add_raw(parser, "as the first stream was, and raw if this is the first")
    add_values(parser, "a value for a new TARGET")
    add_without(parser, "a property that a new TARGET is to inherit, or is not to take")
    parser.add_argument(
        "--properties",
        dest="take_properties",
        action="store_true",
        help="take the properties that were set on SOURCE and say how blocks are stored, "
        "and user properties; never a mountpoint, a share, a quota or a reservation. A "
        "value that was set on TARGET stays",
    )


def _add_ways_out(parser: argparse.ArgumentParser) -> None:
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument(
        "--keep-aside",
        action="store_true",
        help="rename a TARGET that has gone its own way, and receive beside it; both share "
        "the blocks that they have in common",
    )
    ways.add_argument(
        "--lose",
        metavar="NAME",
        action="append",
        default=[],
        help="consent to the loss of this snapshot of TARGET (its name after the @ is "
        "enough), or, by the word `written`, of the changes since its newest one; may be "
        "repeated",
    )


def _run(args: argparse.Namespace) -> int:
    dry_run = args.dry_run = args.dry_run or args.check
    progress = ProgressLine(json=args.json)
    printed: set[str] = set()

    def told(step: PlanStep) -> None:
        progress.clear()
        printed.add(step.describe())
        if not args.json:
            print_lines([step.describe()])

    names = (args.source, args.target)
    with ExitStack() as stack:
        engine = target = None
        if uses_image(args) or not all(read_address(name).host for name in names):
            engine = target = stack.enter_context(open_zfs(args))
        if args.to_image:
            target = stack.enter_context(opening.open_engine(args.to_image))
        try:
            plan = replicate(
                args.source,
                args.target,
                engine=engine,
                target_engine=target,
                recursive=args.recursive,
                exclude=args.exclude,
                exclude_properties=args.exclude_property,
                snapshot=args.snapshot,
                raw=args.raw,
                every=not args.newest_only,
                properties=dict(args.properties),
                without=args.without,
                take_properties=args.take_properties,
                keep_aside=args.keep_aside,
                lose=args.lose,
                ssh_options=args.ssh_option,
                dry_run=dry_run,
                pace=Pace(args.jobs, args.rate, args.retries),
                verify=args.verify,
                on_step=told,
                on_progress=progress.show,
            )
        except BatchError as error:
            progress.clear()
            if error.operation == "snapshot":
                raise
            report(error)
            return exit_status.PARTLY
        except KeyboardInterrupt:
            progress.clear()
            anew = ", and compares anew" if args.verify else ""
            stays = "all that has arrived stays, and the next run goes on there"
            warn(f"interrupted; {stays}{anew}")
            raise
        progress.clear()
    return _end(args, plan, printed, dry_run=dry_run)


def _end(
    args: argparse.Namespace, plan: ReplicationPlan, printed: set[str], *, dry_run: bool
) -> int:
    if args.json:
        compared = _compared(plan) if args.verify and not dry_run else []
        print_json({**plan.to_dict(), "compared": compared}, changed=plan.pending)
    elif dry_run or not plan.pending:
        for line in plan.lines():
            if line not in printed:
                print_lines([line])
    if args.verify and not dry_run and not args.json:
        print_lines([_verified(plan)])
    if plan.refused:
        for refused in plan.refused:
            report(refused.error())
        return exit_status.PARTLY
    return exit_status.PENDING if args.check and plan.pending else exit_status.DONE


def _verified(plan: ReplicationPlan) -> str:
    """Say what --verify has compared; had it found a difference, nobody came here."""
    compared = _compared(plan)
    if not compared:
        return "no snapshot is on both sides, so nothing was compared"
    what = f"the newest snapshots of {len(compared)} datasets"
    if len(compared) == 1:
        what = shown(compared[0])
    return f"compared {what} by content: the copy is the same"


def _compared(plan: ReplicationPlan) -> list[str]:
    """Return full names of the target's snapshots that --verify compares."""
    found = map(choose_compared, plan.datasets)
    return [compared.received for compared in found if compared is not None]
