"""The ``zfstune`` command: parse, call the library, print, exit."""

from __future__ import annotations

import gc
import os
import sys

from zfstune.cli import status
from zfstune.cli.output import report
from zfstune.cli.parser import build_parser
from zfstune.errors import PolicyError, ZfstuneError, ZfsUnavailable

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run the command; give its exit status."""
    if argv is None:
        # this process ends with the command: looking for cycles would only slow it
        gc.disable()
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
        return status.SIGPIPE
    except KeyboardInterrupt:
        return status.SIGINT
    return result
