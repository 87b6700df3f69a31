"""What a snapshot costs a decision does not grow with the number of snapshots.

Nothing is timed: calls and bytes are counted, which no other work on the machine changes.
benchmarks/decided.py has the seconds.
"""

from __future__ import annotations

import cProfile
import os
import tracemalloc

from lots import tally
from many_snapshots import decided, hourly

EACH = 100
SMALL = 1000
# `make endurance` has a million, over ten thousand datasets.
LARGE = int(os.environ.get("ZFSTUNE_SNAPSHOTS", "20000"))
MOST = 1.2


def calls(size: int) -> float:
    """Count the functions called, those written in C among them, a snapshot."""
    listing = hourly(size // EACH, EACH)
    with cProfile.Profile() as profile:
        decided(listing)
    return sum(entry.callcount for entry in profile.getstats()) / size


def most_bytes(size: int) -> float:
    """Give the most memory that is taken at once beside the listing, a snapshot."""
    listing = hourly(size // EACH, EACH)
    tracemalloc.start()
    try:
        decided(listing)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return peak / size


def test_a_snapshot_costs_as_many_calls_among_many() -> None:
    """At most a fifth more than at a thousand."""
    decided(hourly(1, EACH))  # imports, and patterns that are kept
    few = calls(SMALL)
    assert calls(LARGE) <= MOST * few
    tally(snapshots_decided=LARGE)


def test_a_snapshot_takes_as_much_memory_among_many() -> None:
    """At most a fifth more than at a thousand, and less than a kilobyte."""
    decided(hourly(1, EACH))
    few = most_bytes(SMALL)
    many = most_bytes(LARGE)
    assert many <= MOST * few
    assert many < 1024
