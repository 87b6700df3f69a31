"""How often snapshots are taken: read from text, written for systemd, reckoned with.

::

    15m  hourly  4h  daily  daily@02:05  weekly  monthly  hourly@:05  none

Minutes divide the hour and hours the day, so that each begins at the same places
of the clock. ``@`` moves what is taken by the day or longer to a time of the day,
and what is taken by hours to a minute. Weeks begin on Monday, months on the first.
"""

from __future__ import annotations

from zfstune.errors import PolicyError
from zfstune.frozen import frozen
from zfstune.quoting import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["NONE", "SCHEDULE_PROPERTY", "Cadence", "parse_cadence"]

# Where a dataset says how often; those below it are taken along with it.
SCHEDULE_PROPERTY = "org.zfstune:schedule"
# What a dataset says that is left out though one above it has a schedule.
NONE = "none"

_WORDS = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month"}
_SECONDS = {
    "minute": 60,
    "hour": 3600,
    "day": 86400,
    "week": 7 * 86400,
    "month": 31 * 86400,
}
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
        at: Minutes after midnight; for hours, after the hour.
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
        return f"{word}@{'' if self.unit == 'hour' else f'{hours:02}'}:{minutes:02}"

    @property
    def seconds(self) -> int:
        """The longest time between two, if none is late."""
        return self.count * _SECONDS[self.unit]

    @property
    def delay_seconds(self) -> int:
        """By how much hosts may differ, so that not all are at it at once."""
        return min(self.seconds // 20, _MOST_DELAY_SECONDS)

    @property
    def pruning(self) -> Cadence:
        """When to prune: as often, half an hour later, and at least daily.

        What is taken by the minutes has no half hour to wait, and goes at the same ones.

        Pruning less often than snapshots are taken leaves more than a policy says for
        that long; and where it keeps few, much would go at once, which looks wrong
        (see :mod:`zfstune.breakers`).
        """
        if self.unit == "minute":
            return self
        if self.unit == "hour":
            return Cadence("hour", self.count, (self.at + _PRUNE_AFTER) % _HOUR)
        return Cadence("day", 1, (self.at + _PRUNE_AFTER) % _DAY)

    def calendar(self, tz: str) -> str:
        """Write it as systemd's OnCalendar= takes it (man/systemd.time.xml).

        Args:
            tz: Name of the zone that it is meant in.
        """
        hours, minutes = divmod(self.at, _HOUR)
        date = "*-*-01" if self.unit == "month" else "*-*-*"
        day = f"Mon {date}" if self.unit == "week" else date
        if self.unit == "minute":
            clock = f"*:00/{self.count:02}:00"
        elif self.unit == "hour":
            clock = f"{'*' if self.count == 1 else f'00/{self.count}'}:{minutes:02}:00"
        else:
            clock = f"{hours:02}:{minutes:02}:00"
        return f"{day} {clock} {tz}"

    def last(self, local: datetime) -> datetime:
        """Give the last time that it was due.

        Args:
            local: The time, in the zone that it is meant in.
        """
        from datetime import timedelta  # noqa: PLC0415 (slow, and few ask)

        begun = local.replace(second=0, microsecond=0)
        hours, minutes = divmod(self.at, _HOUR)
        if self.unit == "minute":
            return begun.replace(minute=begun.minute // self.count * self.count)
        if self.unit == "hour":
            begun = begun.replace(minute=minutes)
            if begun > local:
                begun -= timedelta(hours=1)
            return begun.replace(hour=begun.hour // self.count * self.count)
        begun = begun.replace(hour=hours, minute=minutes)
        if begun > local:
            begun -= timedelta(days=1)
        if self.unit == "week":
            return begun - timedelta(days=begun.weekday())
        return begun.replace(day=1) if self.unit == "month" else begun


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
    return Cadence(unit, count, _minutes(text, unit, clock) if sign else 0)


def _minutes(text: str, unit: str, clock: str) -> int:
    hours, colon, minutes = clock.partition(":")
    wanted = "" if unit == "hour" else "00"
    digits = hours + minutes
    if (
        not colon
        or unit == "minute"
        or len(hours) != len(wanted)
        or len(minutes) != 2  # noqa: PLR2004 (digits)
        or not (digits.isascii() and digits.isdigit())
    ):
        raise _bad(text)
    at = int(hours or 0) * _HOUR + int(minutes)
    if int(minutes) >= _HOUR or at >= _DAY:
        raise _bad(text)
    return at


def _bad(text: str) -> PolicyError:
    from zfstune.spelling import did_you_mean  # noqa: PLC0415 (only an error needs it)

    return PolicyError(
        f"cannot use schedule '{shown(text)}': it does not say how often",
        hint=did_you_mean(
            text.partition("@")[0],
            (*_WORDS, NONE),
            "as 15m, hourly, 4h, daily, daily@02:05, weekly, monthly or none; minutes "
            "(5 or more) divide the hour, hours the day",
        ),
    )
