"""Lengths of time in seconds, and their text: ``90m``, ``36h``, ``7d``, ``4w``."""

from __future__ import annotations

from zfstune.values.whole_number import MAX_WHOLE, NumberError, read_whole

__all__ = [
    "DAY",
    "HOUR",
    "LONGEST_SECONDS",
    "MINUTE",
    "WEEK",
    "DurationError",
    "about",
    "format_duration",
    "read_duration",
]

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

# The length of the longest month, quarter and so on, without changes of the clock.
LONGEST_SECONDS = {
    "minute": MINUTE,
    "hour": HOUR,
    "day": DAY,
    "week": WEEK,
    "month": 31 * DAY,
    "quarter": 92 * DAY,
    "year": 366 * DAY,
}

_UNITS = {"s": 1, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}
# A smaller number of weeks is written in days: one week reads best as 7d.
_FEWEST_WEEKS = 5


class DurationError(ValueError):
    """A text is no length of time; each caller makes a message of its own.

    Args:
        reason: The fault of its number; empty where the text has another form.
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


def read_duration(text: str) -> int:
    """Read a whole number and a unit (s, m for minutes, h, d or w) as seconds.

    Raises:
        DurationError: The text has another form, or is more than
            :data:`~zfstune.values.whole_number.MAX_WHOLE` seconds.
    """
    seconds = _UNITS.get(text[-1:])
    if seconds is None:
        raise DurationError
    try:
        return read_whole(text[:-1], most=MAX_WHOLE // seconds) * seconds
    except NumberError as error:
        raise DurationError(error.reason) from None


def format_duration(seconds: int) -> str:
    """Write a length of time in the largest unit that makes it whole: ``36h``.

    :func:`read_duration` gives the seconds back.
    """
    for unit in "wdhm":
        count, rest = divmod(seconds, _UNITS[unit])
        if not rest and not (unit == "w" and count < _FEWEST_WEEKS):
            return f"{count}{unit}"
    return f"{seconds}s"


def about(seconds: int) -> str:
    """Write a length of time rounded to a tenth of its largest unit: ``36h``, ``31d``.

    Days are the unit from two days on, so that ``36h`` stays ``36h``.
    """
    for unit, least in (("d", 2 * DAY), ("h", HOUR), ("m", MINUTE)):
        if seconds >= least:
            return f"{round(seconds / _UNITS[unit], 1):g}{unit}"
    return f"{seconds}s"
