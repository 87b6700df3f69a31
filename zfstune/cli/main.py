"""The ``zfstune`` command: parse, call the library, print, exit."""

from __future__ import annotations

import gc
import os
import sys

from zfstune.cli import exit_status
from zfstune.cli.output import report, warn
from zfstune.cli.parser import build_parser
from zfstune.cli.watch import Ended, watched
from zfstune.cli.which_zfs import uses_kernel
from zfstune.values.errors import PolicyError, ZfstuneError, ZfsUnavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main", "run_to_status"]


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
    try:
        args = build_parser(sys.argv[1:] if argv is None else argv).parse_args(argv)
    except KeyboardInterrupt:  # modules are loaded meanwhile
        return exit_status.SIGINT
    if argv is None and uses_kernel(args) and not hasattr(args, "watches_itself"):
        cleaning = getattr(args, "cleaning", "")
        result = watched(lambda: run_to_status(lambda: args.run(args)), cleaning=cleaning)
    else:
        result = run_to_status(lambda: args.run(args))
    if argv is None:
        # All output is written and all files are closed. The interpreter's own end would
        # take longer than loading a dozen modules.
        try:
            sys.stderr.flush()
        finally:
            os._exit(result)
    return result


def run_to_status(work: Callable[[], int]) -> int:
    """Do the work, report its error, and return the exit status."""
    try:
        result = work()
        sys.stdout.flush()
    except ZfsUnavailable as error:
        report(error)
        return exit_status.NO_ZFS
    except PolicyError as error:
        report(error)
        # A policy that is stored on a dataset is not a fault of this command line.
        return exit_status.FAILED if error.dataset else exit_status.USAGE
    except ZfstuneError as error:
        report(error)
        return exit_status.FAILED
    except OSError as error:
        # The error mostly comes from stdout, as other files have errors of their own.
        # The rest of the output goes nowhere, since writing it at exit would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # as in `... | head`
            return exit_status.SIGPIPE
        what = f"use '{error.filename}'" if error.filename else "write the output"
        warn(f"cannot {what}: {error.strerror}")
        return exit_status.FAILED
    except KeyboardInterrupt as stop:
        for note in getattr(stop, "__notes__", ()):
            warn("interrupted", note)
        return 128 + stop.number if isinstance(stop, Ended) else exit_status.SIGINT
    return result
