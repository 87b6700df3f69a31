"""``zfstune send``: write snapshots as a stream."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager

from zfstune.cli import exit_status
from zfstune.cli.output import print_json, print_lines, warn
from zfstune.cli.progress_line import ProgressLine
from zfstune.cli.value_options import add_dry_run, add_raw
from zfstune.cli.which_zfs import open_zfs
from zfstune.host.drafts import drafted_file
from zfstune.streams.send import send, send_resumed, send_saved
from zfstune.values.errors import ZfstuneError
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from typing import Any

    from zfstune.engine.protocol import Engine
    from zfstune.streams.send_plan import SendPlan

__all__ = ["add_arguments"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Write SNAPSHOT to stdout as a stream, which `zfstune receive` and `zfs receive` "
        "take, on this host or another one. Several snapshots, or properties, make a "
        "package of streams, as `zfs send -R`, -p and -I write it."
    )
    parser.add_argument(
        "name",
        nargs="?",
        metavar="SNAPSHOT",
        help="the snapshot; with --saved, the dataset",
    )
    parser.add_argument(
        "--base",
        default="",
        metavar="SNAPSHOT|BOOKMARK",
        help="send the changes since this one; @NAME and #NAME are of the same dataset",
    )
    parser.add_argument(
        "--every",
        action="store_true",
        help="send the snapshots between as well; without --base, from the oldest on",
    )
    parser.add_argument(
        "-r", "--recursive", action="store_true", help="send the datasets below as well"
    )
    parser.add_argument(
        "--properties",
        action="store_true",
        help="send the properties that were set on datasets and snapshots",
    )
    _add_kinds(parser)
    parser.add_argument(
        "--output", metavar="FILE", help="write to this new file, which goes on an error"
    )
    add_dry_run(parser, "show the plan and send nothing")
    # The output is not text that could pass through another process.
    parser.set_defaults(run=_run, watches_itself=True)


def _add_kinds(parser: argparse.ArgumentParser) -> None:
    add_raw(parser, "so")
    parser.add_argument(
        "--no-compressed",
        dest="compressed",
        action="store_false",
        help="unpack compressed blocks, as `zfs send -L` does without -c, so that "
        "`zfstune compare` takes the stream; a raw stream stays as it lies on disk",
    )
    rest = parser.add_mutually_exclusive_group()
    rest.add_argument(
        "--resume",
        metavar="TOKEN",
        help="send the rest of a stream that broke off: TOKEN is the property "
        "receive_resume_token of the dataset that received",
    )
    rest.add_argument(
        "--saved",
        action="store_true",
        help="send the part of a stream that a receive into this dataset kept",
    )


def _run(args: argparse.Namespace) -> int:
    wrong = _wrong(args)
    if wrong:
        warn(*wrong)
        return exit_status.USAGE
    with open_zfs(args) as engine:
        if args.dry_run:
            plan = send(args.name, None, engine=engine, **_how(args))
            if args.json:
                print_json(plan.to_dict())
            else:
                print_lines(plan.lines())
            return exit_status.DONE
        progress = ProgressLine(json=False)
        with _output(args.output) as fd:
            try:
                _send(args, engine, fd, progress)
            finally:
                progress.clear()
    return exit_status.DONE


def _send(
    args: argparse.Namespace, engine: Engine, fd: int, progress: ProgressLine
) -> None:
    """Send to a descriptor, and show how far it has come."""
    # What reads a pipe may show that; nothing reads a file.
    count = None if args.output is None else progress.counter(None)
    if args.resume:
        send_resumed(args.resume, fd, engine=engine, on_bytes=count)
        return
    if args.saved:
        send_saved(args.name, fd, engine=engine, on_bytes=count)
        return

    def planned(plan: SendPlan) -> None:
        nonlocal count
        count = progress.counter(sum(step.bytes or 0 for step in plan.steps))

    def passed(part_bytes: int) -> None:
        if count is not None:
            count(part_bytes)

    shown: dict[str, Any] = (
        {} if count is None else {"on_plan": planned, "on_bytes": passed}
    )
    send(args.name, fd, engine=engine, **shown, **_how(args))


def _how(args: argparse.Namespace) -> dict[str, Any]:
    return {
        "base": args.base,
        "every": args.every,
        "recursive": args.recursive,
        "properties": args.properties,
        "raw": args.raw,
        "compressed": args.compressed,
    }


def _wrong(args: argparse.Namespace) -> tuple[str, ...]:
    """Return an error for words that make no sense, with its hint; else nothing."""
    other = args.resume or args.saved
    if other and any((args.base, args.every, args.recursive, args.properties)):
        return "cannot choose what to send: a stream that broke off has its snapshot", ""
    if other and (args.dry_run or args.raw is not None or not args.compressed):
        return "cannot plan a stream that broke off: it goes on as it began", ""
    if args.resume and args.name:
        return "cannot take a SNAPSHOT with --resume: the token names it", ""
    if not args.resume and not args.name:
        return "cannot send: no SNAPSHOT is named", "see `zfstune list -t snapshots`"
    if args.json and not args.dry_run:
        return "cannot print JSON: the output is the stream", "add -n to see the plan"
    if args.dry_run or args.output is not None:
        return ()
    # Python sets this one to None, and nothing sets it again, if the caller closed it.
    if sys.__stdout__ is None:
        return "cannot write the stream: stdout is closed", "add --output FILE"
    if sys.stdout.isatty():
        message = "cannot write a stream to a terminal"
        return message, "add --output FILE, or a pipe: `| zfstune receive TARGET`"
    return ()


@contextmanager
def _output(path: str | None) -> Iterator[int]:
    """Give the descriptor to write to; a new file does not outlive an error."""
    if path is None:
        sys.stdout.flush()
        yield sys.stdout.fileno()
        return
    # A pipe or a device is there already; a file that is there stays as it is.
    if os.path.exists(path) and not os.path.isfile(path):
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        except OSError as error:
            raise _cannot_write(path, error) from None
        try:
            yield fd
        finally:
            os.close(fd)
        return
    try:
        with drafted_file(path) as fd:
            yield fd
    except FileExistsError:
        raise ZfstuneError(
            f"cannot write to '{path}': it exists already",
            hint=f"choose another name, or `rm {for_shell(path)}` first",
        ) from None
    except OSError as error:
        raise _cannot_write(path, error) from None


def _cannot_write(path: str, error: OSError) -> ZfstuneError:
    return ZfstuneError(f"cannot write to '{path}': {error.strerror}")
