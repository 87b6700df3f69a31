"""``zfstune receive``: make snapshots of a stream."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import contextmanager

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, print_json, print_lines, warn
from zfstune.cli.progress_line import ProgressLine
from zfstune.cli.value_options import add_values, add_without
from zfstune.cli.which_zfs import open_zfs
from zfstune.streams.landing import ALL_BUT_POOL, AS_TARGET, LAST_PART
from zfstune.streams.receive import receive
from zfstune.values.errors import NotFound, ZfstuneError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from zfstune.streams.receive_plan import ReceiveStep

__all__ = ["add_arguments"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Read a stream from stdin, or a package of streams, and make its snapshots in "
        "TARGET. Nothing is rolled back, renamed or destroyed for it; a snapshot that is "
        "there already is passed over. A new dataset is read-only, mounted only when you "
        "ask for it, and neither shared nor scanned, whatever the stream says. A stream "
        "that breaks off is kept as far as it came: `zfstune send --resume` sends the rest."
    )
    parser.add_argument(
        "target",
        metavar="TARGET",
        help="the dataset that receives, or the full name of the one snapshot that is "
        "received; its parent exists",
    )
    parser.add_argument(
        "--input", metavar="FILE", help="read from this file instead of stdin"
    )
    _add_choices(parser)
    parser.add_argument(
        "--abort",
        action="store_true",
        help="read nothing, and give up the part of a stream that waits in TARGET",
    )
    parser.add_argument(
        "-n",
        "--dry-run",
        action="store_true",
        help="show what would be done, and change nothing; the stream is read",
    )
    add_json(parser)
    parser.set_defaults(run=_run)


def _add_choices(parser: argparse.ArgumentParser) -> None:
    below = parser.add_mutually_exclusive_group()
    below.add_argument(
        "-d",
        dest="keep",
        action="store_const",
        const=ALL_BUT_POOL,
        default=AS_TARGET,
        help="receive below TARGET, under the sender's name without its pool",
    )
    below.add_argument(
        "-e",
        dest="keep",
        action="store_const",
        const=LAST_PART,
        help="receive below TARGET, under the last part of the sender's name",
    )
    add_values(parser, "a value for the first dataset, which those below inherit")
    add_without(parser, "a property that is to be inherited")
    parser.add_argument(
        "--properties",
        dest="take_properties",
        action="store_true",
        help="take the properties of a package that say how blocks are stored, and user "
        "properties; never a mountpoint, a share, a quota or a reservation",
    )


def _run(args: argparse.Namespace) -> int:
    if args.abort:
        return _abort(args)
    if args.input is None and sys.stdin.isatty():
        warn(
            "cannot receive from a terminal",
            "add --input FILE, or a pipe: `zfstune send SNAPSHOT | zfstune receive TARGET`",
        )
        return exit_status.USAGE

    progress = ProgressLine(json=args.json)

    def told(step: ReceiveStep) -> None:
        progress.clear()
        if not args.json:
            print_lines([step.describe()])

    with _input(args.input) as fd, open_zfs(args) as engine:
        try:
            plan = receive(
                args.target,
                fd,
                engine=engine,
                keep=args.keep,
                properties=dict(args.properties),
                without=args.without,
                take_properties=args.take_properties,
                dry_run=args.dry_run,
                on_step=told,
                on_bytes=progress.counter(_length(fd)),
            )
        finally:
            progress.clear()
    if args.json:
        print_json(plan.to_dict(), changed=plan.pending)
    if plan.more:
        warn(
            "the file goes on behind that, and the rest was not read",
            "`zfstune send --every` and -r put several streams into one package, which is "
            "received whole",
        )
    return exit_status.DONE


def _abort(args: argparse.Namespace) -> int:
    with open_zfs(args) as engine:
        if not args.dry_run:
            engine.abort_receive(args.target)
        elif not engine.dataset(args.target).value("receive_resume_token"):
            raise NotFound(
                operation="abort the receive of",
                target=args.target,
                reason="no receive broke off there, or it was not resumable",
            )
    if args.json:
        print_json({"target": args.target}, part="abort", changed=True)
    else:
        verb = "would give up" if args.dry_run else "gave up"
        print_lines([f"{verb} the part of a stream that waited in {args.target}"])
    return exit_status.DONE


def _length(fd: int) -> int | None:
    """Return the length of a file; None where it has none, as a pipe."""
    status = os.fstat(fd)
    return status.st_size if stat.S_ISREG(status.st_mode) else None


@contextmanager
def _input(path: str | None) -> Iterator[int]:
    """Give the descriptor to read from."""
    if path is None:
        yield sys.stdin.fileno()
        return
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise ZfstuneError(f"cannot read '{path}': {error.strerror}") from None
    try:
        yield fd
    finally:
        os.close(fd)
