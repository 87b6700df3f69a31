"""``zfstune send``: write snapshots as a stream."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import contextmanager

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, print_json, warn
from zfstune.cli.which_zfs import open_zfs
from zfstune.streams.send import send, send_resumed, send_saved
from zfstune.values.errors import ZfstuneError
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from typing import Any

__all__ = ["add_arguments"]

_READABLE = 0o600  # a stream has all that its dataset has


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
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="show the plan and send nothing"
    )
    add_json(parser)
    # The output is not text that could pass through another process.
    parser.set_defaults(run=_run, watches_itself=True)


def _add_kinds(parser: argparse.ArgumentParser) -> None:
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--raw",
        action="store_true",
        default=None,
        help="send encrypted blocks as they are, without their key (default)",
    )
    kind.add_argument(
        "--no-raw",
        dest="raw",
        action="store_false",
        default=None,
        help="decrypt what is sent",
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
                print("\n".join(plan.lines()))
            return exit_status.DONE
        with _output(args.output) as fd:
            if args.resume:
                send_resumed(args.resume, fd, engine=engine)
            elif args.saved:
                send_saved(args.name, fd, engine=engine)
            else:
                send(args.name, fd, engine=engine, **_how(args))
    return exit_status.DONE


def _how(args: argparse.Namespace) -> dict[str, Any]:
    return {
        "base": args.base,
        "every": args.every,
        "recursive": args.recursive,
        "properties": args.properties,
        "raw": args.raw,
    }


def _wrong(args: argparse.Namespace) -> tuple[str, ...]:
    """Return an error for words that make no sense, with its hint; else nothing."""
    other = args.resume or args.saved
    if other and any((args.base, args.every, args.recursive, args.properties)):
        return "cannot choose what to send: a stream that broke off has its snapshot", ""
    if other and (args.dry_run or args.raw is not None):
        return "cannot plan a stream that broke off: it goes on as it began", ""
    if args.resume and args.name:
        return "cannot take a SNAPSHOT with --resume: the token names it", ""
    if not args.resume and not args.name:
        return "cannot send: no SNAPSHOT is named", "see `zfstune list -t snapshots`"
    if args.json and not args.dry_run:
        return "cannot print JSON: the output is the stream", "add -n to see the plan"
    if not args.dry_run and args.output is None and sys.stdout.isatty():
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
    fd = _opened(path)
    is_file = stat.S_ISREG(os.fstat(fd).st_mode)
    try:
        yield fd
        if is_file:
            os.fsync(fd)
    except BaseException:
        if is_file:
            os.unlink(path)
        raise
    finally:
        os.close(fd)


def _opened(path: str) -> int:
    try:
        # A pipe or a device is there already; a file that is there stays as it is.
        special = os.path.exists(path) and not os.path.isfile(path)
        new = 0 if special else os.O_CREAT | os.O_EXCL
        return os.open(path, os.O_WRONLY | os.O_CLOEXEC | new, _READABLE)
    except FileExistsError:
        raise ZfstuneError(
            f"cannot write to '{path}': it exists already",
            hint=f"choose another name, or `rm {for_shell(path)}` first",
        ) from None
    except OSError as error:
        raise ZfstuneError(f"cannot write to '{path}': {error.strerror}") from None
