"""Start-up: what a timer pays before the first snapshot is looked at."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

YARDSTICK = "python -c 'import argparse'"
LAPS = {
    "start-up": {
        YARDSTICK: 21,
        "zfstune --help": 21,
        "zfstune prune, nothing managed": 21,
        "zfs version": 21,
    }
}
TARGETS = [
    ("zfstune --help", YARDSTICK, 2.5),
    ("zfstune prune, nothing managed", YARDSTICK, 2.5),
]


def bench_startup(measure: Callable[..., None], pool: str, peer: str) -> None:
    """The whole life of a short command."""
    argv = {
        YARDSTICK: [sys.executable, "-c", "import argparse"],
        "zfstune --help": ["zfstune", "--help"],
        "zfstune prune, nothing managed": ["zfstune", "prune", "--keep", "48"],
        "zfs version": ["zfs", "version"],
    }[peer]
    if argv[:2] == ["zfstune", "prune"]:
        argv += ["--pool", pool]
    measure(lambda: subprocess.run(argv, stdout=subprocess.DEVNULL, check=True))
