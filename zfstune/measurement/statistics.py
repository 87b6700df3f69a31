"""What few runs say about a figure, and whether two candidates differ at all.

Runs of the same number were done one after another, so a slow hour hits both: their ratio
is what counts. The interval is a bootstrap: how far the mean of the ratios would move if
other runs had been drawn.
"""

from __future__ import annotations

import numpy as np

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FEWEST_RUNS", "SAME", "Estimate", "estimate", "paired_ratio"]

FEWEST_RUNS = 3
"""With fewer runs, nobody can tell how much a time varies."""

SAME = 0.01
"""Counts repeat to this share; a smaller difference is none."""

_DRAWS = 2000
_SEED = 1
_LOW, _HIGH = 2.5, 97.5


@frozen
class Estimate:
    """A figure over runs: its mean, and the interval that 95 of 100 such means lie in."""

    mean: float
    low: float
    high: float

    def differs(self) -> bool:
        """Tell whether a ratio is surely another than 1."""
        return self.low > 1 + SAME or self.high < 1 - SAME


def estimate(values: Sequence[float]) -> Estimate | None:
    """Estimate a figure; None: there are no values."""
    return _bootstrap(np.asarray(values, dtype=float)) if values else None


def paired_ratio(
    these: Sequence[float | None], others: Sequence[float | None]
) -> Estimate | None:
    """Estimate the ratio of two candidates, run by run.

    Args:
        these: A figure of one candidate by the number of the run; None: it has none there.
        others: The same figure of the other candidate.

    Returns:
        The geometric mean of the ratios; None: no run has both, or one of them is zero.
    """
    pairs = [
        (this, other)
        for this, other in zip(these, others, strict=False)
        if this is not None and other is not None
    ]
    if not pairs or any(this <= 0 or other <= 0 for this, other in pairs):
        return None
    logs = np.log([this / other for this, other in pairs])
    found = _bootstrap(logs)
    mean, low, high = np.exp([found.mean, found.low, found.high])
    return Estimate(float(mean), float(low), float(high))


def _bootstrap(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Estimate:
    draws = np.random.default_rng(_SEED).integers(0, len(values), (_DRAWS, len(values)))
    means = values[draws].mean(axis=1)
    low, high = np.percentile(means, [_LOW, _HIGH])
    return Estimate(float(values.mean()), float(low), float(high))
