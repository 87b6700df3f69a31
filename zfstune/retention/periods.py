"""Calendar periods in a zone, as spans of seconds since 1970.

A period runs from the instant its first day begins on the wall to the instant the
next one's does, so a day with a clock change has 23 or 25 hours, and each instant
lies in exactly one period. Where the wall shows midnight twice the first counts; where
it skips midnight, the instant of the skip does. Hours have 3600 seconds whatever the
wall shows; otherwise the hour that a clock change repeats would last two.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from zfstune.values.duration import DAY, HOUR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

__all__ = ["Calendar"]

# Offsets from UTC are whole quarters of an hour wherever snapshots are taken. With other
# offsets the result is the same, and only the cache below is of less use.
_QUARTER = 900
_MONTHS = {"monthly": 1, "quarterly": 3, "yearly": 12}
_YEAR_2000 = datetime(2000, 1, 1, tzinfo=UTC)


class Calendar:
    """The periods of one kind in one zone.

    Args:
        kind: A key of :data:`zfstune.retention.policy.PERIODS`.
        tz: The zone.
    """

    def __init__(self, kind: str, tz: tzinfo) -> None:
        self.tz = tz
        self._hourly = kind == "hourly"
        self._months = _MONTHS.get(kind, 0)
        self._days = 7 if kind == "weekly" else 1
        self._known: dict[int, tuple[int, int]] = {}
        self._later: dict[tuple[int, int], int] = {}
        # Hours begin when a wall clock in the zone shows a full hour, also in India. The
        # offset is that of one fixed year: hours must not move under the snapshots.
        offset = _YEAR_2000.astimezone(tz).utcoffset() or timedelta()
        self._past_hour = int(offset.total_seconds()) % HOUR

    def period(self, when: int) -> tuple[int, int]:
        """Find the period of an instant: its start, and its end (exclusive)."""
        if self._hourly:
            start = when - (when + self._past_hour) % HOUR
            return start, start + HOUR
        period = self._known.get(when // _QUARTER)
        if period is None or not period[0] <= when < period[1]:
            period = self._known[when // _QUARTER] = self._find(when)
        return period

    def later(self, start: int, periods: int) -> int:
        """Find the start of the period that is so many after the one at `start`."""
        if self._hourly:
            return start + periods * HOUR
        later_start = self._later.get((start, periods))
        if later_start is None:
            # Half a day later it is the same day, even where a clock change moved the
            # start.
            day = datetime.fromtimestamp(start + DAY // 2, self.tz).date()
            later_start = self._start(self._step(self._first_day(day), periods))
            self._later[start, periods] = later_start
        return later_start

    def _find(self, when: int) -> tuple[int, int]:
        first = self._first_day(datetime.fromtimestamp(when, self.tz).date())
        start = self._start(first)
        end = self._start(self._step(first, 1))
        # A clock that is set back past midnight shows the day before again.
        while when >= end:
            first = self._step(first, 1)
            start, end = end, self._start(self._step(first, 1))
        return start, end

    def _start(self, day: date) -> int:
        # With fold=0 this is the first of two midnights, and the skip of a skipped one.
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.tz)
        return int(midnight.timestamp())

    def _first_day(self, day: date) -> date:
        if self._months:
            return day.replace(month=day.month - (day.month - 1) % self._months, day=1)
        if self._days > 1:
            return day - timedelta(days=day.weekday())
        return day

    def _step(self, first: date, periods: int) -> date:
        if not self._months:
            return first + timedelta(days=self._days * periods)
        months = first.month - 1 + self._months * periods
        return date(first.year + months // 12, months % 12 + 1, 1)


def calendars(tz: tzinfo) -> Callable[[str], Calendar]:
    """Make a function that gives the calendar of each kind, the same each time."""
    made: dict[str, Calendar] = {}

    def get(kind: str) -> Calendar:
        if kind not in made:
            made[kind] = Calendar(kind, tz)
        return made[kind]

    return get
