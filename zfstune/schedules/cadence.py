"""How often snapshots are taken, as a value and as text.

::

    15m  hourly  4h  daily  daily@02:05  weekly  monthly  hourly@:05  4h@01:15  none

Minutes divide the hour and hours the day, so that each begins at the same places
of the clock. ``@`` moves what is taken by the day or longer to a time of the day,
and what is taken by hours to a minute, or to an hour and a minute after its first.
Weeks begin on Monday, months on the first. Which instants that means in a zone is
for :mod:`zfstune.schedules.instants` to say.
"""

from __future__ import annotations

from zfstune.values.duration import LONGEST_SECONDS
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.text import shown

__all__ = ["NONE", "Cadence", "parse_cadence"]

# What a dataset says that is left out though one above it has a schedule.
NONE = "none"

_WORDS = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month"}
_HOUR = 60
_DAY = 24 * _HOUR
# So long after the snapshots: what they let go is pruned while they are all there.
_PRUNE_AFTER = 30
_MOST_DELAY_SECONDS = 900


@frozen
class Cadence:
    """How often, and when.

    Attributes:
        unit: ``minute``, ``hour``, ``day``, ``week`` or ``month``.
        count: Every so many of them; one of days and longer.
        at: Minutes after midnight; for hours, after the first of those hours.
    """

    unit: str
    count: int = 1
    at: int = 0

    def __str__(self) -> str:
        word = next((w for w, unit in _WORDS.items() if unit == self.unit), "")
        if self.count != 1 or not word:
            word = f"{self.count}{self.unit[0]}"
        if not self.at:
            return word
        hours, minutes = divmod(self.at, _HOUR)
        short = self.unit == "hour" and not hours
        return f"{word}@{'' if short else f'{hours:02}'}:{minutes:02}"

    @property
    def seconds(self) -> int:
        """The longest time between two, if none is late."""
        return self.count * LONGEST_SECONDS[self.unit]

    @property
    def delay_seconds(self) -> int:
        """By how much hosts may differ, so that not all are at it at once.

        A delay never carries a run past the end of the hour, or of the day, that it is
        meant for: that period would be left without a snapshot.
        """
        delay = min(self.seconds // 20, _MOST_DELAY_SECONDS)
        if self.unit == "minute":
            return delay
        whole = _HOUR if self.unit == "hour" else _DAY
        minutes_left = whole - self.at % whole
        return min(delay, (minutes_left - 1) * 60)

    @property
    def pruning(self) -> Cadence:
        """When to prune: as often, half an hour later, and at least daily.

        What is taken by the minutes has no half hour to wait, and goes at the same ones.

        Pruning less often than snapshots are taken leaves more than a policy says for
        that long; and where it keeps few, much would go at once, which looks wrong
        (see :mod:`zfstune.retention.alarms`).
        """
        if self.unit == "minute":
            return self
        if self.unit == "hour":
            at = (self.at + _PRUNE_AFTER) % (self.count * _HOUR)
            return Cadence("hour", self.count, at)
        return Cadence("day", 1, (self.at + _PRUNE_AFTER) % _DAY)


def parse_cadence(text: str) -> Cadence | None:
    """Read how often; None: not at all.

    Raises:
        PolicyError: It is none of the forms above.
    """
    word, sign, clock = text.partition("@")
    if text == NONE:
        return None
    unit = _WORDS.get(word, "")
    count = 1
    if not unit:
        digits, letter = word[:-1], word[-1:]
        unit = {"m": "minute", "h": "hour"}.get(letter, "")
        short = digits.isascii() and digits.isdigit() and len(digits) < 3  # noqa: PLR2004
        count = int(digits) if short else 0
        whole = _HOUR if unit == "minute" else 24
        if not unit or not count or whole % count or (unit == "minute" and count < 5):  # noqa: PLR2004
            raise _bad(text)
        if unit == "minute" and count == _HOUR:
            unit, count = "hour", 1
        if unit == "hour" and count == 24:  # noqa: PLR2004
            unit, count = "day", 1
    return Cadence(unit, count, _minutes(text, unit, count, clock) if sign else 0)


def _minutes(text: str, unit: str, count: int, clock: str) -> int:
    """Read what stands behind the ``@``, as minutes."""
    hours, colon, minutes = clock.partition(":")
    digits = hours + minutes
    lengths = (0, 2) if unit == "hour" else (2,)
    if (
        not colon
        or unit == "minute"
        or len(hours) not in lengths
        or len(minutes) != 2  # noqa: PLR2004 (digits)
        or not (digits.isascii() and digits.isdigit())
    ):
        raise _bad(text)
    at = int(hours or 0) * _HOUR + int(minutes)
    if int(minutes) >= _HOUR or at >= (count * _HOUR if unit == "hour" else _DAY):
        raise _bad(text)
    return at


def _bad(text: str) -> PolicyError:
    from zfstune.values.text import did_you_mean  # noqa: PLC0415 (only an error needs it)

    return PolicyError(
        f"cannot use schedule '{shown(text)}': it does not say how often",
        hint=did_you_mean(
            text.partition("@")[0],
            (*_WORDS, NONE),
            "as 15m, hourly, 4h, daily, daily@02:05, weekly, monthly or none; minutes "
            "(5 or more) divide the hour, hours the day",
        ),
    )
