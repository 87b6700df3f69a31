"""The exit statuses of the command, and what each of them means.

``help_endings`` has what a verb words otherwise.
"""

from __future__ import annotations

import signal

__all__ = [
    "DONE",
    "FAILED",
    "NO_ZFS",
    "PARTLY",
    "PENDING",
    "SIGINT",
    "SIGNAL",
    "SIGPIPE",
    "TEXTS",
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

TEXTS = {
    DONE: "done",
    FAILED: "an error; only the changes that were printed were made",
    USAGE: "the command line makes no sense",
    PARTLY: "some targets were left as they are; each of them is named",
    PENDING: "changes are pending, or something is not as it should be",
    NO_ZFS: "there is no ZFS here",
}
SIGNAL = "  128+N  signal N ended the command"
