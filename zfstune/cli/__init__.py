"""The ``zfstune`` command: parse, call the library, print, exit."""

from __future__ import annotations

import os
import signal
import sys

from zfstune.cli import status
from zfstune.cli.output import report
from zfstune.cli.parser import build_parser
from zfstune.errors import PolicyError, ZfstuneError, ZfsUnavailable

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run the command; give its exit status."""
    # names and values are bytes to ZFS: print them as they are
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="surrogateescape")
    args = build_parser().parse_args(argv)
    try:
        result: int = args.run(args)
        sys.stdout.flush()
    except ZfsUnavailable as error:
        report(error)
        return status.NO_ZFS
    except PolicyError as error:
        report(error)
        return status.USAGE
    except ZfstuneError as error:
        report(error)
        return status.FAILED
    except BrokenPipeError:
        # the reader left, as in `zfstune list | head`: no more to say, here or at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return status.SIGNAL + signal.SIGPIPE
    except KeyboardInterrupt:
        return status.SIGNAL + signal.SIGINT
    return result
