"""What the command's exit status means; each ``--help`` ends with it."""

from __future__ import annotations

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
# 128 and the signal's number, without the signal module's part of the start-up
SIGINT = 128 + 2
SIGPIPE = 128 + 13

HELP = """\
exit status:
  0  done
  1  an error; nothing beyond what was printed has changed
  2  the command line makes no sense
  3  some targets were left as they are; each is named
  4  changes are pending (plan --check), or something is not as it should be (verify)
  5  there is no ZFS here
  128+N  ended by signal N
"""
