"""Retention: 100,000 snapshots decided, by a count and by all rules at once.

Needs no pool: ``python benchmarks/bench_retention.py`` prints this host's seconds.
"""

from __future__ import annotations

import gc
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from zfstune.retention.decision import decide
from zfstune.retention.policy_text import parse_policy
from zfstune.values.marks import auto_name
from zfstune.values.state import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

YARDSTICK = "sort by date, nothing else"
COUNT = "keep=48"
ALL = "count, six periods, age, in a zone"
LAPS = {"decide on 1,000 x 100 snapshots": {YARDSTICK: 5, COUNT: 5, ALL: 5}}
TARGETS = [(COUNT, YARDSTICK, 4), (ALL, YARDSTICK, 6)]
DATASETS, EACH = 1000, 100

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
POLICIES = {
    COUNT: parse_policy("keep=48"),
    ALL: parse_policy(
        "keep=12 hourly=48 daily=30 weekly=8 monthly=12 quarterly=4 yearly=unlimited "
        "within=2d tz=Europe/Berlin"
    ),
}


@cache
def snapshots(datasets: int, each: int) -> list[Snapshot]:
    """Give what hourly snapshots of many datasets leave, in no order."""
    made = []
    for number in range(each):
        when = NOW - timedelta(hours=each - number, seconds=number % 61)
        created = int(when.timestamp())
        short = auto_name(when)
        for dataset in range(datasets):
            guid = number * datasets + dataset
            name = f"tank/data/project{dataset:04}@{short}"
            made.append(Snapshot(name, guid, number + 1, creation=created))
    Random(20261123).shuffle(made)  # noqa: S311 (to repeat, not to surprise)
    return made


def work(peer: str, listing: list[Snapshot]) -> object:
    """Do what the peer of that name does."""
    if peer == YARDSTICK:
        return sorted(listing, key=lambda snapshot: (snapshot.dataset, snapshot.creation))
    policy = POLICIES[peer]
    return decide(listing, policy, NOW, ZoneInfo(policy.tz))


def bench_retention(
    measure: Callable[[Callable[[], object]], None],
    scaled: Callable[[int], int],
    peer: str,
) -> None:
    """From a listing to decisions with their reasons."""
    listing = snapshots(scaled(DATASETS), EACH)
    measure(lambda: work(peer, listing))


def main() -> None:
    """Print the best of five, without the collector of cycles, as the command runs."""
    listing = snapshots(DATASETS, EACH)
    gc.disable()
    for peer in (YARDSTICK, COUNT, ALL):
        seconds = []
        for _ in range(5):
            began = time.perf_counter()
            work(peer, listing)
            seconds.append(time.perf_counter() - began)
        print(f"{min(seconds):6.3f} s  {len(listing)} snapshots, {peer}")


if __name__ == "__main__":
    main()
