"""zfs-autobackup's schedules, compared with its own Thinner."""

from __future__ import annotations

from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reading_oracle import NOW, cases, kept
from zfstune.retention.imports.convert import convert
from zfstune.values.errors import PolicyError

HOUR, DAY = 3600, 86400


@pytest.mark.parametrize(
    ("schedule", "times", "now", "stay"),
    [
        ("10s10s", [0, 5, 9, 10, 15, 19, 20], 20, [10, 20]),
        ("1s1s", [1, 8, 9, 10], 10, [9, 10]),
        ("2,1d1w", [0, DAY, DAY + 1, 2 * DAY - 1], 2 * DAY, [0, DAY, DAY + 1, 2 * DAY - 1]),
        ("1,1d1d,1d1w", [5, 6, DAY + 5, 8 * DAY], 8 * DAY, [DAY + 5, 8 * DAY]),
        ("0", [1, 2, 3], 9, [3]),
        ("0,1d1d", [1, 2, DAY, DAY + 1], DAY + 9, [DAY, DAY + 1]),
    ],
)
def test_table(schedule: str, times: list[int], now: int, stay: list[int]) -> None:
    """Blocks count from 1970, edges of ages stay, and rules of one period share blocks."""
    assert kept("zfs-autobackup", schedule, times, now) == stay


@pytest.mark.parametrize(
    ("schedule", "policy"),
    [
        ("10", "keep=10"),
        ("5,10", "keep=10"),
        ("10,0", "keep=1"),
        ("0", "keep=1"),
        ("1d1w", "blocks=1d/7d"),
        ("3,1h1d,1d1w", "keep=3 blocks=1h/1d blocks=1d/7d"),
        ("1W1M,1D1W", "blocks=1d/7d blocks=7d/30d"),
        ("1d1w,1d1m,1d2d", "blocks=1d/30d"),
        ("1m1y", "blocks=30d/8766h"),
        ("30min1h,10s1min\n", "blocks=10s/1m blocks=30m/1h"),
        ("7d7d", "blocks=7d/7d"),
    ],
)
def test_policies(schedule: str, policy: str) -> None:
    """The last count holds, rules of one period share blocks, months have 30 days."""
    assert convert("zfs-autobackup", schedule).policies[0].text == policy


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        ("", "should read like 10 or 1d1w"),
        ("10, 1d1w", "' 1d1w': it should read like"),
        ("-1", "should read like"),
        ("1d", "should read like"),
        ("1d1", "should read like"),
        ("d1w", "should read like"),
        ("1d1w1", "should read like"),
        ("1x1w", "should read like"),
        ("1d1hour", "should read like"),
        ("1234567890", "should read like"),
        ("1234567890s1y", "should read like"),
        ("0d1y", "first length is zero"),
        ("1w1d", "longer than the second"),
        ("8d1w", "longer than the second"),
    ],
)
def test_what_is_no_schedule(schedule: str, reason: str) -> None:
    """A text that is no schedule is refused."""
    with pytest.raises(PolicyError, match=r"^cannot import from zfs-autobackup") as no:
        convert("zfs-autobackup", schedule)
    assert reason in no.value.message


def test_notes() -> None:
    """Notes tell of names, zones, the newest and shared snapshots."""
    [imported] = convert("zfs-autobackup", "1d1w").policies
    assert len(imported.notes) == 6
    assert "in the host's zone; this policy" in imported.notes[0]
    assert "the newest snapshot stays, as with zfs-autobackup" in imported.notes[1]
    assert "source and target share" in imported.notes[2]


_PAIRS = st.sampled_from(
    ("10s1min", "1min1h", "5min2h", "1h1d", "1h12h", "1d1w", "1d1m", "1w1m", "1M1Y")
)


@settings(max_examples=cases(100))
@given(
    st.integers(0, 9),
    st.lists(_PAIRS, max_size=4),
    st.lists(st.integers(0, 40 * DAY) | st.integers(0, HOUR), min_size=1, max_size=50),
)
def test_zfs_autobackup_itself(always: int, pairs: list[str], ages: list[int]) -> None:
    """Its Thinner keeps the same by any schedule, when told to keep the newest."""

    class Thing:
        def __init__(self, timestamp: int) -> None:
            self.timestamp = timestamp

    schedule = ",".join([str(always), *pairs])
    things = [Thing(NOW - age) for age in sorted(set(ages), reverse=True)]
    thinner = import_module("zfs_autobackup.Thinner").Thinner(schedule)
    keeps, _ = thinner.thin(things, things[-1:], NOW)
    by_thinner = [thing.timestamp for thing in keeps]
    assert (
        kept("zfs-autobackup", schedule, [thing.timestamp for thing in things])
        == by_thinner
    )
