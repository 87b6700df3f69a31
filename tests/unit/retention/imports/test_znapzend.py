"""znapzend's plans, compared with a model of its arithmetic.

The model is written from getSnapshotsToDestroy() in lib/ZnapZend/Time.pm.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reading_oracle import NOW, cases, kept
from zfstune.retention.imports.convert import convert
from zfstune.values.errors import PolicyError

HOUR, DAY = 3600, 86400


@pytest.mark.parametrize(
    ("plan", "policy"),
    [
        ("7d=>1h", "blocks=1h/7d"),
        ("7d=>1h,30d=>4h,90d=>1d", "blocks=1h/7d blocks=4h/7d-30d blocks=1d/30d-90d"),
        ("90d=>1d,7d=>1h", "blocks=1h/7d blocks=1d/7d-90d"),
        (" 7 D => 1 Hour,\n", "blocks=1h/7d"),
        ("1h=>1h", "blocks=1h/1h"),
        ("1hour=>2sec", "blocks=2s/1h"),
        ("1hours=>2seconds", "blocks=2s/1h"),
        ("10mins=>1min", "blocks=1m/10m"),
        ("10minutes=>1minute", "blocks=1m/10m"),
        ("1day=>60s", "blocks=1m/1d"),
        ("2days=>1second", "blocks=1s/2d"),
        ("1w=>1d", "blocks=1d/7d"),
        ("5weeks=>1week", "blocks=7d/5w"),
        ("1m=>1w", "blocks=7d/30d"),
        ("2mons=>1mon", "blocks=30d/60d"),
        ("2months=>1month", "blocks=30d/60d"),
        ("1y=>1m", "blocks=30d/8766h"),
        ("4years=>1year", "blocks=8766h/1461d"),
    ],
)
def test_plans(plan: str, policy: str) -> None:
    """Units are read in each form that znapzend knows, with blanks and capitals."""
    assert convert("znapzend", plan).policies[0].text == policy


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ("", "should read like 7d=>1h"),
        (",7d=>1h", "should read like 7d=>1h"),
        ("7d", "'7d': it should read like 7d=>1h"),
        ("7d=1h", "should read like 7d=>1h"),
        ("7d=>", "should read like 7d or 30minutes"),
        ("=>1h", "should read like 7d or 30minutes"),
        ("7d=>1h=>2h", "should read like 7d or"),
        ("7=>1h", "'7': it should read like 7d or"),
        ("7x=>1h", "'7x': it should"),
        ("7secs=>1s", "'7secs': it should"),
        ("7hs=>1h", "'7hs': it should"),
        ("0d=>1h", "'0d': it should"),
        ("7d=>0h", "'0h': it should"),
        ("7d=>00h", "'00h': it should"),
        ("-7d=>1h", "'-7d': it should"),
        ("1.5d=>1h", "'1.5d': it should"),
        ("1234567890s=>1h", "it should"),
        ("1h=>1d", "less than the interval"),
        ("1d=>1h,24h=>2h", "'24h=>2h': another part has the same retention"),
    ],
)
def test_what_is_no_plan(plan: str, reason: str) -> None:
    """A text that is no plan is refused."""
    with pytest.raises(PolicyError, match=r"^cannot import from znapzend") as no:
        convert("znapzend", plan)
    assert reason in no.value.message


def test_notes() -> None:
    """Notes tell of names, zones, the newest, the future and shared snapshots."""
    [imported] = convert("znapzend", "7d=>1h").policies
    assert len(imported.notes) == 5
    assert "time in the names" in imported.notes[0]
    assert "midnight of the host's zone" in imported.notes[1]
    assert "always keeps the newest snapshot" in imported.notes[2]
    assert "a source and its destinations share" in imported.notes[3]
    assert "match=" in imported.notes[4]


def test_tables() -> None:
    """The shortest retention that fits decides, and blocks count from 1970."""
    times = [NOW - age for age in (3601, 3600, 3599, 0)]
    assert kept("znapzend", "1hours=>10minutes", times) == [NOW - 3600, NOW]
    times = [NOW - 600 * number for number in range(21)]
    ages = [12000, 10800, 7200, 3600, 3000, 2400, 1800, 1200, 600, 0]
    assert kept("znapzend", "1hours=>10minutes,1days=>1hours", times) == [
        NOW - age for age in ages
    ]


SECONDS = {"s": 1, "min": 60, "h": HOUR, "d": DAY, "w": 7 * DAY, "m": 30 * DAY}
spans = st.tuples(st.integers(1, 40), st.sampled_from(sorted(SECONDS)))
plans = st.lists(st.tuples(spans, spans), min_size=1, max_size=4)


def znapzend_keeps(tiers: dict[int, int], times: list[int]) -> list[int]:
    """Go through snapshots from old to new, as znapzend does."""
    longest = max(tiers)
    slots: set[tuple[int, int]] = set()
    kept_times = []
    for time in times:
        age = NOW - time
        fitting = [length for length in sorted(tiers) if length >= age]
        longest = fitting[0] if fitting else longest
        slot = longest, time // tiers[longest]
        if age > longest or slot in slots:
            if time == NOW:
                kept_times.append(time)
            continue
        slots.add(slot)
        kept_times.append(time)
    return kept_times


@settings(max_examples=cases(150))
@given(plans, st.data())
def test_a_model_of_znapzend(
    plan: list[tuple[tuple[int, str], tuple[int, str]]], data: st.DataObject
) -> None:
    """The model keeps the same snapshots, edges included, except for the newest."""
    tiers: dict[int, int] = {}
    items = []
    for (count, unit), (every, every_unit) in plan:
        keeps, interval = count * SECONDS[unit], every * SECONDS[every_unit]
        if keeps >= interval and keeps not in tiers:
            tiers[keeps] = interval
            items.append(f"{count}{unit}=>{every}{every_unit}")
    if not tiers:
        return
    edges = [edge + more for edge in (*tiers, *tiers.values()) for more in (-1, 0, 1)]
    ages = data.draw(
        st.sets(
            st.sampled_from(edges) | st.integers(0, 2 * max(tiers)), min_size=1, max_size=30
        )
    )
    times = sorted(NOW - age for age in ages if age >= 0)
    if times:
        by_model = znapzend_keeps(tiers, times)
        assert kept("znapzend", ",".join(items), times) == sorted({*by_model, times[-1]})
