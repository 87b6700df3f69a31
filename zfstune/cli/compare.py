"""``zfstune compare``: tell whether two snapshots hold the same."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, print_json, print_lines, warn
from zfstune.cli.progress_line import ProgressLine
from zfstune.cli.which_zfs import image_name, open_zfs
from zfstune.engine import open as opening
from zfstune.snapshots.look_up import look_up
from zfstune.streams.compare import compare, compare_with_stream
from zfstune.streams.comparison import as_text
from zfstune.streams.digest import digest, digest_stream
from zfstune.values.errors import ZfstuneError
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from zfstune.streams.comparison import Comparison
    from zfstune.streams.content import Digest

__all__ = ["add_arguments"]

_STDIN = "-"
_MOST = 100


def add_arguments(parser: Any) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Read two snapshots in full, and tell whether their files have the same bytes, "
        "names and attributes, whatever recordsize, compression and disks they lie on. "
        "Objects that differ are named. With one snapshot, print the digest of its "
        "content: snapshots with the same digest hold the same. In place of the second "
        "snapshot, - or a file whose name begins with / or . is the stream that "
        "`zfstune send --no-compressed` or `zfs send -L` wrote."
    )
    parser.add_argument("first", metavar="SNAPSHOT", help="a snapshot, or a stream")
    parser.add_argument(
        "second",
        nargs="?",
        metavar="OTHER",
        help="another one, as @tuesday if of the same dataset; or a stream",
    )
    parser.add_argument(
        "--other-image",
        metavar="FILE",
        type=image_name,
        help="the second snapshot lies in the pool in this plain file",
    )
    parser.add_argument(
        "--raw",
        action="store_true",
        help="compare the ciphertext of encrypted datasets, which takes no key: a raw "
        "copy has the same",
    )
    parser.add_argument(
        "--no-paths",
        action="store_true",
        help="name objects by their numbers alone: to find a path, OpenZFS trusts the "
        "directories of the dataset, which somebody may have made up",
    )
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    wrong = _wrong(args)
    if wrong:
        warn(*wrong)
        return exit_status.USAGE
    progress = ProgressLine(json=args.json)
    try:
        if args.second is None:
            digested = _digest(args, progress)
        else:
            found = _compare(args, progress)
    finally:
        progress.clear()
    if args.second is None:
        return _show_digest(args, digested)
    return _show(args, found)


def _is_stream(word: str | None) -> bool:
    """Tell whether a word names a stream: no snapshot's name begins so."""
    return word is not None and (word == _STDIN or word[:1] in ("/", "."))


def _wrong(args: argparse.Namespace) -> tuple[str, ...]:
    """Return an error for words that make no sense, with its hint; else nothing."""
    if args.second is not None and args.second[:1] == "@" and "@" in args.first:
        args.second = args.first.partition("@")[0] + args.second
    if args.second is not None and _is_stream(args.first):
        if _is_stream(args.second):
            first, second = for_shell(args.first), for_shell(args.second)
            message = "cannot compare two streams: one of the two must be a snapshot"
            hint = f"compare digests: zfstune compare {first}; zfstune compare {second}"
            return message, hint
        args.first, args.second = args.second, args.first
    if args.other_image and (args.second is None or _is_stream(args.second)):
        return "cannot use --other-image: it takes a second snapshot", ""
    return ()


def _digest(args: argparse.Namespace, progress: ProgressLine) -> Digest:
    if not _is_stream(args.first):
        with open_zfs(args) as engine:
            look_up(engine, args.first, operation="compare")
            if progress.wanted:
                size = engine.send_size(args.first, raw=args.raw, compressed=False)
                progress.expect(size)
            return digest(engine, args.first, raw=args.raw, on_bytes=progress.passed)
    fd = _open(args.first)
    try:
        progress.expect(os.fstat(fd).st_size or None)
        return digest_stream(fd, _name(args.first), on_bytes=progress.passed)
    finally:
        os.close(fd)


def _compare(args: argparse.Namespace, progress: ProgressLine) -> Comparison:
    how: dict[str, Any] = {"raw": args.raw, "most": _MOST, "paths": not args.no_paths}
    with ExitStack() as stack:
        how["engine"] = stack.enter_context(open_zfs(args))
        how["on_progress"] = progress.show
        if _is_stream(args.second):
            fd = _open(args.second)
            stack.callback(os.close, fd)
            return compare_with_stream(args.first, fd, _name(args.second), **how)
        if args.other_image:
            other = opening.open_engine(args.other_image)
            how["other_engine"] = stack.enter_context(other)
        return compare(args.first, args.second, **how)


def _name(word: str) -> str:
    return "stdin" if word == _STDIN else word


def _open(word: str) -> int:
    if word == _STDIN:
        return os.dup(sys.stdin.fileno())
    try:
        return os.open(word, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise ZfstuneError(f"cannot read stream '{word}': {error.strerror}") from None


def _show_digest(args: argparse.Namespace, found: Digest) -> int:
    if args.json:
        print_json(
            {"snapshot": args.first, "digest": found.text, "objects": found.count},
            part="digest",
        )
    else:
        print(found.text)
    return exit_status.DONE


def _show(args: argparse.Namespace, found: Comparison) -> int:
    if args.json:
        print_json(found.to_dict())
    else:
        print_lines(as_text(found))
    return exit_status.DONE if found.equal else exit_status.PENDING
