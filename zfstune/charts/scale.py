"""Scales: where a value stands on an axis, and the ticks that read well there.

A scale of bytes has its ticks at powers of two, as record sizes are; any other scale has
them at 1, 2 and 5 times a power of ten.
"""

from __future__ import annotations

from itertools import count, takewhile
from math import ceil, floor, isfinite, log, log2, log10

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["BYTES", "COUNT", "RATIO", "SECONDS", "SHARE", "Scale", "scale_of", "tick_text"]

# What a value counts; it decides how a tick is written and where ticks stand.
BYTES = "bytes"
SECONDS = "seconds"
RATIO = "ratio"  # as in 2.5x
SHARE = "share"  # of one, written in percent
COUNT = "count"

_BINARY = "KMGTPE"
_DECIMAL = "kMGTPE"
_FRACTIONS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_STEPS = (1, 2, 5, 10)
_LEAST = 1e-12  # what is smaller is nothing: no figure comes near it


@frozen
class Scale:
    """The places of values between the two ends of an axis.

    Attributes:
        low: The value at its beginning.
        high: The value at its end, above `low`.
        unit: What the values count, such as :data:`BYTES`.
        by_logarithm: Equal ratios, not equal differences, lie equally far apart.
    """

    low: float
    high: float
    unit: str
    by_logarithm: bool = False

    def place(self, value: float) -> float:
        """Return the distance of a value from the beginning, from 0 to 1.

        A value beyond an end stands at that end.
        """
        if value <= self.low:
            return 0.0
        if value >= self.high:
            return 1.0
        if self.by_logarithm:
            return log(value / self.low) / log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self, most: int) -> list[float]:
        """Return the values to mark, from low to high, at most that many."""
        if not self.by_logarithm:
            step = _step((self.high - self.low) / max(most - 1, 1), self.unit)
            first = ceil(self.low / step - 1e-9)
            return [
                number * step for number in range(first, floor(self.high / step + 1e-9) + 1)
            ]
        for ladder in _ladders(self.low, self.high, self.unit):
            values = [value for value in ladder if self.low <= value <= self.high]
            if len(values) <= most:
                return values
        return []


def scale_of(
    values: Iterable[float], unit: str, *, by_logarithm: bool = False, tight: bool = False
) -> Scale:
    """Return a scale that holds all of the values.

    Args:
        values: What is to be placed on it; those that are no finite number, and on a
            scale by logarithms those that are not above zero, are passed over.
        unit: What the values count.
        by_logarithm: As in :class:`Scale`.
        tight: It ends where the values do. Otherwise its ends are values that read
            well, and a scale of equal differences holds zero.
    """
    sound = [value for value in values if isfinite(value)]
    if by_logarithm:
        sound = [value for value in sound if value > _LEAST]
        low, high = min(sound, default=1.0), max(sound, default=1.0)
        if tight and high - low > _LEAST:
            return Scale(low, high, unit, by_logarithm=True)
        ladder = _rungs(low, high, unit)
        return Scale(ladder[0], ladder[-1], unit, by_logarithm=True)
    low, high = min(sound, default=0.0), max(sound, default=1.0)
    if tight and high - low > _LEAST:
        return Scale(low, high, unit)
    low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= _LEAST:
        high = low + 1
    step = _step((high - low) / 5, unit)
    return Scale(floor(low / step) * step, ceil(high / step - 1e-9) * step, unit)


def tick_text(value: float, unit: str) -> str:
    """Write a value in few characters: ``128K``, ``1.5ms``, ``2.5x``, ``40%``, ``12k``."""
    if unit == BYTES:
        return _scaled(value, 1024, _BINARY)
    if unit == SECONDS:
        size, name = next(
            (pair for pair in _FRACTIONS if abs(value) >= pair[0] * (1 - 1e-9)),
            _FRACTIONS[-1] if value else _FRACTIONS[0],
        )
        return f"{_short(value / size)}{name}"
    if unit == RATIO:
        return f"{_short(value)}x"
    if unit == SHARE:
        return f"{_short(value * 100)}%"
    return _scaled(value, 1000, _DECIMAL)


def _scaled(value: float, thousand: int, letters: str) -> str:
    power = 0
    while abs(value) >= thousand and power < len(letters):
        value /= thousand
        power += 1
    return f"{_short(value)}{letters[power - 1] if power else ''}"


def _short(value: float) -> str:
    """Write a number with three digits at least where it has as many, and no exponent."""
    digits = max(2 - floor(log10(abs(value))), 0) if value else 0
    text = f"{value:.{min(digits, 12)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _step(least: float, unit: str) -> float:
    """Return the smallest step that reads well and is not below `least`."""
    if unit == BYTES:
        return 2.0 ** ceil(log2(least) - 1e-9)
    power = 10.0 ** floor(log10(least))
    return next(power * step for step in _STEPS if power * step >= least * (1 - 1e-9))


def _rungs(low: float, high: float, unit: str) -> list[float]:
    """Return the neighbouring values that read well from below `low` to above `high`."""
    if unit == BYTES:
        first, last = floor(log2(low) + 1e-9), ceil(log2(high) - 1e-9)
        return [2.0**power for power in range(first, max(last, first + 1) + 1)]
    first, last = floor(log10(low)), ceil(log10(high))
    ladder = [
        step * 10.0**power for power in range(first - 1, last + 2) for step in _STEPS[:3]
    ]
    start = max(index for index, value in enumerate(ladder) if value <= low * (1 + 1e-9))
    stop = min(index for index, value in enumerate(ladder) if value >= high * (1 - 1e-9))
    return ladder[start : max(stop, start + 1) + 1]


def _ladders(low: float, high: float, unit: str) -> Iterable[list[float]]:
    """Give ever fewer values that read well around `low` to `high`."""
    ladder = _rungs(low, high, unit)
    if unit != BYTES:
        yield ladder
        # The powers of ten alone; 1e-9 is for what division leaves of their logarithm.
        ladder = [value for value in ladder if abs(log10(value) % 1 - 0.5) > 0.5 - 1e-9]
    for stride in takewhile(lambda stride: stride <= len(ladder), count(1)):
        yield ladder[::stride]
    yield ladder[:1]
