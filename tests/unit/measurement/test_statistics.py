"""Intervals of few runs, and whether two candidates differ."""

from __future__ import annotations

import pytest

from zfstune.measurement.statistics import Estimate, estimate, paired_ratio


def test_estimate() -> None:
    """The mean lies in its interval, which lies among the values; equal ones have none."""
    found = estimate([1.0, 2.0, 3.0, 4.0])
    assert found is not None
    assert found.mean == 2.5
    assert 1.0 <= found.low < 2.5 < found.high <= 4.0
    assert estimate([2.0, 2.0, 2.0]) == Estimate(2.0, 2.0, 2.0)
    assert estimate([]) is None


def test_pairs_take_out_what_both_have() -> None:
    """A slow hour hits both of a pair: the ratio is sure, though the values are not."""
    slow_hours = [1.0, 10.0, 3.0, 7.0]
    found = paired_ratio([2 * value for value in slow_hours], slow_hours)
    assert found is not None
    assert (found.mean, found.low, found.high) == pytest.approx((2.0, 2.0, 2.0))
    assert found.differs()


@pytest.mark.parametrize(
    ("these", "others", "differs"),
    [
        ([1.0, 1.0, 1.0], [1.005, 1.005, 1.005], False),  # counts repeat to a percent
        ([1.0, 1.0, 1.0], [1.02, 1.02, 1.02], True),
        ([1.0, 2.0, 1.0, 2.0], [2.0, 1.0, 1.5, 1.4], False),  # once this, once the other
        ([1.0, 1.1, 0.9], [2.0, 2.1, 2.2], True),
    ],
)
def test_differences(these: list[float], others: list[float], *, differs: bool) -> None:
    """Two candidates differ where the interval of their ratio leaves 1 out."""
    found = paired_ratio(these, others)
    assert found is not None
    assert found.differs() is differs


@pytest.mark.parametrize(
    ("these", "others"), [([], []), ([None], [1.0]), ([0.0], [1.0]), ([1.0], [0.0])]
)
def test_no_ratio(these: list[float | None], others: list[float | None]) -> None:
    """Where a run has no such figure, or it is zero, there is no ratio."""
    assert paired_ratio(these, others) is None
