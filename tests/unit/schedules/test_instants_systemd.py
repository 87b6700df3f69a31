"""Timers as systemd computes them, with the check that a run makes, in every zone.

``systemd-analyze calendar`` tells when each line of each timer elapses. A run is then
simulated at each of these instants, with a note of the last one, and every period that a
policy may count has to have its snapshot.

Zones that are equal from 2026 to 2035 are tested once. Between two changes of its clocks
a zone has one offset, and all days are alike; so `make test` looks at four days on either
side of each change, in the first two years. With ZFSTUNE_TEN_YEARS set (`make instants`),
all days of ten years are simulated.
"""

from __future__ import annotations

import os
import re
import subprocess
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from scheduled_units import cadence
from zfstune.retention.periods import Calendar
from zfstune.schedules.instants import is_checked, last_due, timer_calendars
from zone_changes import changes_of, distinct_zones

if TYPE_CHECKING:
    from zfstune.schedules.cadence import Cadence

WHOLE = "ZFSTUNE_TEN_YEARS" in os.environ
FIRST = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
LAST = int(datetime(2036 if WHOLE else 2028, 1, 1, tzinfo=UTC).timestamp())
# First the profiles' cadences, then each kind, and times that some clocks skip.
PROFILES = ("hourly", "daily@02:05", "daily@03:00", "daily@04:00")
FORMS = (
    *PROFILES,
    *("15m", "20m", "hourly@:05", "2h", "3h", "4h", "4h@:45", "6h", "12h", "daily"),
    *("daily@00:30", "daily@01:30", "daily@02:30", "daily@23:30", "daily@23:59"),
    *("weekly", "weekly@00:30", "weekly@02:05", "weekly@23:30"),
    *("monthly", "monthly@00:30", "monthly@02:05", "monthly@23:30"),
)
KINDS = {"hour": "hourly", "day": "daily", "week": "weekly", "month": "monthly"}
# Seconds by which a run may begin early: see zfstune.schedules.run.
EARLY = 60
AROUND = 4 * 86400
_ELAPSE = re.compile(
    r"(?:Next elapse|Iter\. #\d+): \w+ (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC"
)


def elapses(lines: list[str], every_seconds: int) -> dict[str, list[int]]:
    """Ask systemd when each line elapses, from the first second to the last."""
    count = (LAST - FIRST) // every_seconds + 1
    begin = datetime.fromtimestamp(FIRST - 1, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    words = ["systemd-analyze", "calendar", f"--base-time={begin}", f"--iterations={count}"]
    environ = {**os.environ, "TZ": "UTC", "LC_ALL": "C"}
    found = {}
    for line in lines:
        done = subprocess.run(
            [*words, line], env=environ, capture_output=True, text=True, check=True
        )
        times = [
            int(datetime.fromisoformat(text + "Z").timestamp())
            for text in _ELAPSE.findall(done.stdout)
        ]
        found[line] = [time for time in times if time < LAST]
        assert found[line], line
    return found


def played(each: Cadence, zone: ZoneInfo, firings: list[int]) -> list[int]:
    """Return the times of snapshots: each firing that finds its run due."""
    taken: list[int] = []
    checked = is_checked(each, zone)
    for now in firings:
        if checked and taken and taken[-1] + EARLY >= last_due(each, zone, now + EARLY):
            continue
        taken.append(now)
    return taken


def windows(each: Cadence, zone: ZoneInfo) -> list[tuple[int, int]]:
    """Return the spans of time to look at, each longer than a whole period."""
    if each.unit in ("week", "month") or (WHOLE and each.unit == "day"):
        return [(FIRST, LAST)]
    changes = changes_of(zone, FIRST, LAST) or [FIRST + AROUND]
    return [(change - AROUND, change + AROUND) for change in changes]


@pytest.mark.parametrize("text", FORMS)
def test_each_period_has_its_snapshot(text: str) -> None:
    """In every zone no period is left out, no snapshot is late, and no day has two."""
    each = cadence(text)
    zones = [ZoneInfo(name) for name in distinct_zones()]
    lines = sorted({line for zone in zones for line in timer_calendars(each, zone)})
    shortest = {"week": 7 * 86400, "month": 28 * 86400}.get(each.unit, each.seconds)
    fired = elapses(lines, shortest)
    if each.unit in ("minute", "hour"):
        for line in lines:  # lines of hours and minutes elapse at even distances
            assert {b - a for a, b in pairwise(fired[line])} == {each.seconds}
    for zone in zones:
        firings = list(merge(*(fired[line] for line in timer_calendars(each, zone))))
        for begin, end in windows(each, zone):
            some = firings[bisect_left(firings, begin) : bisect_left(firings, end)]
            check_instants(each, zone, some)
            check_periods(each, zone, played(each, zone, some), begin, end)


def check_instants(each: Cadence, zone: ZoneInfo, firings: list[int]) -> None:
    """Check that a timer fires at each instant that is due."""
    known = set(firings)
    for now in firings:
        due = last_due(each, zone, now)
        assert due in known or due < firings[0], (zone.key, now)
        assert due == now or each.unit not in ("minute", "hour"), (zone.key, now)


def check_periods(
    each: Cadence, zone: ZoneInfo, taken: list[int], begin: int, end: int
) -> None:
    """Check that each whole period has its snapshot, and each day just one."""
    kind = KINDS.get(each.unit, "hourly") if each.count == 1 else "daily"
    calendar = Calendar("hourly" if each.unit == "minute" else kind, zone)
    # The first run knows no note of one before, so it may be one too many.
    start = calendar.period(taken[1])[1]
    found: dict[int, int] = {}
    for now in taken:
        found[calendar.period(now)[0]] = found.get(calendar.period(now)[0], 0) + 1
    while (after := calendar.later(start, 1)) < min(end, LAST):
        assert start in found, (zone.key, str(each), datetime.fromtimestamp(start, zone))
        if each.unit != "minute" and each.count == 1:
            assert found[start] == 1, (zone.key, str(each), start)
        start = after
    assert start > begin


def test_the_sample_has_every_kind_of_change() -> None:
    """The zones have changes in both directions, by several steps and at several times."""
    kinds = set()
    for name in distinct_zones():
        zone = ZoneInfo(name)
        for change in changes_of(zone, FIRST, LAST):
            before, after = (
                datetime.fromtimestamp(change + step, zone).utcoffset() or timedelta()
                for step in (-1, 0)
            )
            wall = datetime.fromtimestamp(change, UTC) + before
            kinds.add((int((after - before).total_seconds()) // 60, wall.hour))
    assert {(60, 0), (-60, 0), (60, 2), (-60, 3), (60, 23), (-60, 1), (-60, 2)} <= kinds
    assert {(30, 2), (-30, 2), (120, 1), (-120, 3)} <= kinds
