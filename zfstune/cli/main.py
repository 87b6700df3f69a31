"""The ``zfstune`` command: parse, call the library, print, exit."""

from __future__ import annotations

import gc
import os
import sys
import time
from contextlib import redirect_stdout, suppress
from functools import partial

from zfstune.cli import exit_status
from zfstune.cli.global_options import in_front
from zfstune.cli.output import (
    be_quiet,
    begin_document,
    end_document,
    refuse,
    report,
    warn,
)
from zfstune.cli.parser import VERBS, build_parser
from zfstune.cli.watch import Ended, watched
from zfstune.cli.which_zfs import uses_kernel
from zfstune.host.shortage import shortage_hint
from zfstune.values.errors import PolicyError, ZfstuneError, ZfsUnavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

__all__ = ["main", "run_to_status"]

_JSON = "--json"
# Verbs whose output is what was asked for, also where they can change something.
_ANSWERS = ("checkpoints", "measure", "plan", "replicas", "send")


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    if argv is None:
        # The process ends with the command, so looking for reference cycles wastes time.
        gc.disable()
    # Python sets a stream to None if the caller closed it, as in `zfstune list >&-`.
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115 (until the end)
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 (until the end)
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115 (until the end)
    # Names and values are bytes to ZFS, so they are printed byte by byte as they are.
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="surrogateescape")
    words = in_front(sys.argv[1:] if argv is None else argv, VERBS)
    try:
        args = _parse(words)
    except KeyboardInterrupt:  # modules are loaded meanwhile
        return exit_status.SIGINT
    _begin(args)
    if argv is None and uses_kernel(args) and not hasattr(args, "watches_itself"):
        result = watched(
            lambda: _run(args),
            cleaning=getattr(args, "cleaning", ""),
            on_giving_up=partial(_end, exit_status.FAILED),
        )
    else:
        result = _run(args)
    if argv is None:
        # All output is written and all files are closed. The interpreter's own end would
        # take longer than loading a dozen modules.
        try:
            sys.stderr.flush()
        finally:
            os._exit(result)
    return result


def _parse(words: list[str]) -> argparse.Namespace:
    """Read the words; where they make no sense and ask for JSON, say so in JSON as well."""
    asks = _JSON in words[: words.index("--") if "--" in words else None]
    begin_document("" if asks else None)
    try:
        return build_parser(words).parse_args(words)
    except SystemExit as end:
        if end.code:
            _end(exit_status.USAGE)
        raise


def _begin(args: argparse.Namespace) -> None:
    """Gather what the run says, if it is to print JSON."""
    begin_document(
        args.words_of_verb if getattr(args, "json", False) else None,
        dry_run=getattr(args, "dry_run", None),
        lines=getattr(args, "prints_lines", False),
    )


def _run(args: argparse.Namespace) -> int:
    """Do what was asked for, as quietly or as talkatively as it was asked for."""
    be_quiet(quiet=args.say_less)
    begun = time.monotonic()
    try:
        if args.say_less and _only_talks(args):
            with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
                result = run_to_status(lambda: args.run(args), debug=args.debug)
        else:
            result = run_to_status(lambda: args.run(args), debug=args.debug)
    except SystemExit:  # options that do not go together
        _end(exit_status.USAGE)
        raise
    if args.say_more:
        warn(f"took {time.monotonic() - begun:.1f} s, exit status {result}")
    return _end(result)


def _end(result: int) -> int:
    """Print the JSON document, if there is one, and return the exit status.

    That may fail as any output does.
    """

    def end() -> int:
        end_document(result)
        return result

    return run_to_status(end)


def _only_talks(args: argparse.Namespace) -> bool:
    """Tell whether a command changes something, and prints no more than what it did."""
    changes = hasattr(args, "dry_run") or args.verb == "policy"
    return changes and args.verb not in _ANSWERS and not getattr(args, "json", False)


def run_to_status(work: Callable[[], int], *, debug: bool = False) -> int:
    """Do the work, report its error, and return the exit status.

    Args:
        work: Returns the exit status.
        debug: Print the traceback of an error before its message.
    """
    try:
        result = work()
        sys.stdout.flush()
    except ZfsUnavailable as error:
        _report(error, debug=debug)
        return exit_status.NO_ZFS
    except PolicyError as error:
        _report(error, debug=debug)
        # A policy that is stored on a dataset is not a fault of this command line.
        return exit_status.FAILED if error.dataset else exit_status.USAGE
    except ZfstuneError as error:
        _report(error, debug=debug)
        return exit_status.FAILED
    except OSError as error:
        # The error mostly comes from stdout, as other files have errors of their own.
        # The rest of the output goes nowhere, since writing it at exit would fail again.
        if not error.filename:
            with suppress(OSError):  # where descriptors are short, there is none for it
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # as in `... | head`
            return exit_status.SIGPIPE
        if debug:
            _print_traceback(error)
        message = f"cannot {_what_failed(error)}: {error.strerror}"
        report(ZfstuneError(message, hint=shortage_hint(error) or ""))
        return exit_status.FAILED
    except MemoryError as error:
        if debug:
            _print_traceback(error)
        report(ZfstuneError("cannot go on: there is no more memory"))
        return exit_status.FAILED
    except KeyboardInterrupt as stop:
        refuse("Interrupted", "interrupted")
        for note in getattr(stop, "__notes__", ()):
            warn("interrupted", note)
        return 128 + stop.number if isinstance(stop, Ended) else exit_status.SIGINT
    return result


def _what_failed(error: OSError) -> str:
    if error.filename:
        return f"use '{error.filename}'"
    return "write the output" if shortage_hint(error) is None else "go on"


def _report(error: ZfstuneError, *, debug: bool) -> None:
    if debug:
        _print_traceback(error)
    report(error)


def _print_traceback(error: Exception) -> None:
    import traceback  # noqa: PLC0415 (slow, and few runs fail)

    traceback.print_exception(error)
