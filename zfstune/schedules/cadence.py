"""How often snapshots are taken, as a value and as text.

::

    15m  hourly  4h  daily  daily@02:05  weekly  monthly  hourly@:05  4h@01:15  none

A count of minutes divides the hour and a count of hours divides the day, so that
snapshots are taken at the same times every day. For days, weeks and months, ``@``
names a time of the day. For hours, it names the minutes, or the hours and minutes,
that pass before the first snapshot of the day is taken. Weeks begin on Monday, months
on the first. :mod:`zfstune.schedules.instants` turns a cadence into instants of a zone.
"""

from __future__ import annotations

from zfstune.values.duration import DAY, HOUR, LONGEST_SECONDS, MINUTE
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.text import did_you_mean, shown

__all__ = ["MINUTES_OF_DAY", "MINUTES_OF_HOUR", "NO_SCHEDULE", "Cadence", "parse_cadence"]

# The property's value on a dataset that the schedule of a dataset above leaves out.
NO_SCHEDULE = "none"
MINUTES_OF_HOUR = HOUR // MINUTE
MINUTES_OF_DAY = DAY // MINUTE

_WORDS = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month"}
# Replication comes a quarter of an hour after the snapshots, when all of them have been
# taken whatever the random delay, and pruning another quarter later.
_REPLICATE_AFTER_MINUTES = 15
_PRUNE_AFTER_MINUTES = 30
_MOST_DELAY_SECONDS = 900


@frozen
class Cadence:
    """How often something is done, and at which minute.

    Attributes:
        unit: ``minute``, ``hour``, ``day``, ``week`` or ``month``.
        count: The number of units from one time to the next; 1 for days and longer.
        start_minute: Minutes after midnight; for hours, minutes after the beginning of
            a span of `count` hours.
    """

    unit: str
    count: int = 1
    start_minute: int = 0

    def __str__(self) -> str:
        word = next((w for w, unit in _WORDS.items() if unit == self.unit), "")
        if self.count != 1 or not word:
            word = f"{self.count}{self.unit[0]}"
        if not self.start_minute:
            return word
        hours, minutes = divmod(self.start_minute, MINUTES_OF_HOUR)
        short = self.unit == "hour" and not hours
        return f"{word}@{'' if short else f'{hours:02}'}:{minutes:02}"

    @property
    def seconds(self) -> int:
        """The longest time from one run to the next, if none is late."""
        return self.count * LONGEST_SECONDS[self.unit]

    @property
    def delay_seconds(self) -> int:
        """The longest random delay of a run, so that hosts do not all start at once.

        The delay never carries a run past the end of its hour or day: that period
        would be left without a snapshot.
        """
        delay = min(self.seconds // 20, _MOST_DELAY_SECONDS)
        if self.unit == "minute":
            return delay
        whole = MINUTES_OF_HOUR if self.unit == "hour" else MINUTES_OF_DAY
        minutes_left = whole - self.start_minute % whole
        return min(delay, (minutes_left - 1) * MINUTE)

    @property
    def pruning(self) -> Cadence:
        """The cadence of pruning: the same, half an hour later, but at least daily.

        A cadence of minutes leaves no half hour to wait, so pruning has the same one.

        Pruning less often than snapshots are taken would leave more snapshots than the
        policy says for a while; and a policy that keeps few would then let many go at
        once, which raises an alarm (see :mod:`zfstune.retention.alarms`).
        """
        return self._later(_PRUNE_AFTER_MINUTES)

    @property
    def replicating(self) -> Cadence:
        """The cadence of replication: a quarter of an hour later, but at least daily.

        A run that failed is made up for the next day, however rare snapshots are.
        """
        return self._later(_REPLICATE_AFTER_MINUTES)

    def when(self, job: str) -> Cadence:
        """Return the cadence of a job: ``snapshot``, ``replicate`` or ``prune``."""
        later = {"replicate": self.replicating, "prune": self.pruning}
        return later.get(job, self)

    def _later(self, minutes: int) -> Cadence:
        if self.unit == "minute":
            return self
        minute = self.start_minute + minutes
        if self.unit == "hour":
            return Cadence("hour", self.count, minute % (self.count * MINUTES_OF_HOUR))
        return Cadence("day", 1, minute % MINUTES_OF_DAY)


def parse_cadence(text: str) -> Cadence | None:
    """Read a cadence from its text.

    Returns:
        None for ``none``: nothing is to be done at all.

    Raises:
        PolicyError: The text has none of the forms at the top of this module.
    """
    word, sign, clock = text.partition("@")
    if text == NO_SCHEDULE:
        return None
    unit = _WORDS.get(word, "")
    count = 1
    if not unit:
        digits, letter = word[:-1], word[-1:]
        unit = {"m": "minute", "h": "hour"}.get(letter, "")
        short = digits.isascii() and digits.isdigit() and len(digits) < 3  # noqa: PLR2004
        count = int(digits) if short else 0
        whole = MINUTES_OF_HOUR if unit == "minute" else 24
        if not unit or not count or whole % count or (unit == "minute" and count < 5):  # noqa: PLR2004
            raise _bad(text)
        if unit == "minute" and count == MINUTES_OF_HOUR:
            unit, count = "hour", 1
        if unit == "hour" and count == 24:  # noqa: PLR2004
            unit, count = "day", 1
    return Cadence(unit, count, _minutes(text, unit, count, clock) if sign else 0)


def _minutes(text: str, unit: str, count: int, clock: str) -> int:
    """Read the time after the ``@``, as minutes."""
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
    start = int(hours or 0) * MINUTES_OF_HOUR + int(minutes)
    whole = count * MINUTES_OF_HOUR if unit == "hour" else MINUTES_OF_DAY
    if int(minutes) >= MINUTES_OF_HOUR or start >= whole:
        raise _bad(text)
    return start


def _bad(text: str) -> PolicyError:
    return PolicyError(
        f"cannot use schedule '{shown(text)}': it names no interval that zfstune knows",
        hint=did_you_mean(
            text.partition("@")[0],
            (*_WORDS, NO_SCHEDULE),
            "use 15m, hourly, 4h, daily, daily@02:05, weekly, monthly or none; minutes "
            "(5 or more) must divide the hour, and hours the day",
        ),
    )
