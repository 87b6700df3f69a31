"""How much of a long test a run does, from which seed, and what it counted.

`make test` does a little of each, always the same. `make endurance` sets the environment
that is read here, and makes its table of the counts.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

__all__ = ["days", "fuzz_seconds", "kills", "seed", "tally", "whole"]


def whole() -> bool:
    """Tell whether this is a run of `make endurance`, which leaves nothing out."""
    return "ZFSTUNE_SEED" in os.environ


def kills(usual: int) -> int:
    """Return how many kills a test makes."""
    return int(os.environ.get("ZFSTUNE_KILLS", usual))


def days(usual: int) -> int:
    """Return how many days go by in a guest."""
    return int(os.environ.get("ZFSTUNE_DAYS", usual))


def seed(usual: int) -> int:
    """Return the seed of what a test chooses at random."""
    return int(os.environ.get("ZFSTUNE_SEED", usual))


def fuzz_seconds(usual: int) -> int:
    """Return the seconds that each kind of hostile input is given."""
    return int(os.environ.get("ZFSTUNE_FUZZ_SECONDS", usual))


def tally(**counts: int) -> None:
    """Add a line with counts to the file that ``ZFSTUNE_TALLY`` names, where it does."""
    path = os.environ.get("ZFSTUNE_TALLY")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(counts) + "\n")
