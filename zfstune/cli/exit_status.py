"""The exit statuses of the command, and the text about them that ends each help."""

from __future__ import annotations

import signal

__all__ = [
    "DONE",
    "FAILED",
    "HELP",
    "NO_ZFS",
    "PARTLY",
    "PENDING",
    "SIGINT",
    "SIGPIPE",
    "USAGE",
]

DONE = 0
FAILED = 1
USAGE = 2
PARTLY = 3
PENDING = 4
NO_ZFS = 5
SIGINT = 128 + signal.SIGINT
SIGPIPE = 128 + signal.SIGPIPE

HELP = """\
exit status:
  0  done
  1  an error; only the changes that were printed were made
  2  the command line makes no sense
  3  some targets were left as they are; each of them is named
  4  changes are pending (--check), something is not as it should be (verify,
     status), two snapshots differ (compare), clones keep an image (golden
     retire --lose), or there was no room for all files (retune)
  5  there is no ZFS here
  128+N  signal N ended the command
"""
