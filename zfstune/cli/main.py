"""The ``zfstune`` command: parse, call the library, print, exit."""

from __future__ import annotations

import gc
import os
import sys

from zfstune.cli import exit_status
from zfstune.cli.output import report, warn
from zfstune.cli.parser import build_parser
from zfstune.cli.watch import watched
from zfstune.cli.which_zfs import uses_kernel
from zfstune.values.errors import PolicyError, ZfstuneError, ZfsUnavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main", "run_to_status"]


def main(argv: list[str] | None = None) -> int:
    """Run the command; give its exit status."""
    if argv is None:
        # this process ends with the command: looking for cycles would only slow it
        gc.disable()
    # Python leaves them out where the caller closed them, as in `zfstune list >&-`
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 (until the end)
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115 (as above)
    # names and values are bytes to ZFS: print them as they are
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="surrogateescape")
    args = build_parser(sys.argv[1:] if argv is None else argv).parse_args(argv)
    if argv is None and uses_kernel(args) and not hasattr(args, "watches_itself"):
        result = watched(lambda: run_to_status(lambda: args.run(args)))
    else:
        result = run_to_status(lambda: args.run(args))
    if argv is None:
        # all is written and closed, and taking the interpreter down takes longer than
        # loading a dozen modules
        try:
            sys.stderr.flush()
        finally:
            os._exit(result)
    return result


def run_to_status(work: Callable[[], int]) -> int:
    """Do the work; say what went wrong, and give the exit status that it stands for."""
    try:
        result = work()
        sys.stdout.flush()
    except ZfsUnavailable as error:
        report(error)
        return exit_status.NO_ZFS
    except PolicyError as error:
        report(error)
        # what somebody stored is no fault of this command line
        return exit_status.FAILED if error.dataset else exit_status.USAGE
    except ZfstuneError as error:
        report(error)
        return exit_status.FAILED
    except OSError as error:
        # mostly stdout's, as all else says so in an error of its own; what is left
        # of the output would fail once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # the reader left, as in `... | head`
            return exit_status.SIGPIPE
        what = f"use '{error.filename}'" if error.filename else "write the output"
        warn(f"cannot {what}: {error.strerror}")
        return exit_status.FAILED
    except KeyboardInterrupt:
        return exit_status.SIGINT
    return result
