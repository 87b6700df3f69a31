"""The growth of a week, reckoned from one snapshot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.health.growth import Growth, added, choose_past
from zfstune.values.duration import DAY, WEEK

NOW = 1_796_000_000  # 2026-11-30 00:53:20Z


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ([], ""),
        (["monday", "checkpoint-x"], ""),
        (["zfstune-20261129T000000Z", "zfstune-20261128T000000Z"], "20261128T000000Z"),
        (
            [
                "zfstune-20261101T000000Z",
                "zfstune-20261122T000000Z",
                "zfstune-20261124T000000Z",
            ],
            "20261122T000000Z",
        ),
    ],
)
def test_the_snapshot_to_reckon_from(names: list[str], chosen: str) -> None:
    """The newest that is a week old, or else the oldest; names of others tell no time."""
    assert choose_past(names, NOW) == (f"zfstune-{chosen}" if chosen else "")


def test_a_snapshot_of_exactly_a_week_ago() -> None:
    """It is old enough."""
    exact = "zfstune-20261123T005320Z"
    assert choose_past([exact, "zfstune-20261101T000000Z"], NOW) == exact
    late = "zfstune-20261123T005321Z"
    assert choose_past([late, "zfstune-20261101T000000Z"], NOW) != late


@pytest.mark.parametrize(
    ("then", "now", "age", "text"),
    [
        (1 << 30, 2 << 30, WEEK, "+1G"),
        (2 << 30, 1 << 30, WEEK, "-1G"),
        (0, 1 << 30, DAY, "+7G"),
        (0, 1 << 30, 2 * WEEK, "+512M"),
        (5, 5, WEEK, "+0"),
    ],
)
def test_a_week(then: int, now: int, age: int, text: str) -> None:
    """A longer or a shorter time is reckoned for seven days."""
    growth = Growth.between(then, NOW - age, now, NOW)
    assert growth is not None
    assert (growth.text(), growth.since) == (text, NOW - age)


def test_too_short() -> None:
    """An hour is no trend, and neither is a snapshot of tomorrow."""
    assert Growth.between(0, NOW - 3600, 1 << 30, NOW) is None
    assert Growth.between(0, NOW + DAY, 1 << 30, NOW) is None


@given(st.lists(st.none() | st.builds(Growth, st.integers(), st.integers())))
def test_several_together(growths: list[Growth | None]) -> None:
    """Known ones are added; where none is known, nobody can tell."""
    total = added(growths)
    known = [growth for growth in growths if growth]
    assert (total is None) is (not known)
    if total is not None:
        assert total.bytes_a_week == sum(growth.bytes_a_week for growth in known)
        assert total.since == min(growth.since for growth in known)
