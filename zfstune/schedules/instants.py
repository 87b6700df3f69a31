"""The instants that a cadence means in a zone, and timers that miss none of them.

A timer in a zone's local time goes wrong when clocks are set forward or back. systemd
leaves out a day whose 02:05 does not exist, and the second of two hours with the same
name; and version 252 gives up for ever on repeated hours (``00/4``) in a zone where
midnight does not exist ("Resource deadlock avoided"). So every timer is written in UTC,
where each minute comes once.

Minutes and hours are counted in UTC, at even distances. The count begins at the zone's
midnight on 1 January 2026, so that ``4h`` means 00:00, 04:00 and so on while the
offset of that day holds, and an hour later or earlier in summer.

Days, weeks and months go by the zone's wall clock. Their timer fires at each instant
that the time may mean under one of the zone's offsets, and the run itself finds out
which instant is meant: see :func:`last_due`. If a time comes twice, the first counts. A
time that is skipped is read by the offset before the change, so that 02:05 becomes
03:05; if that falls on the next day, it is read by the offset after the change.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from zfstune.schedules.cadence import MINUTES_OF_DAY, MINUTES_OF_HOUR
from zfstune.values.duration import MINUTE, WEEK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import date, tzinfo

    from zfstune.schedules.cadence import Cadence

__all__ = ["is_checked", "last_due", "offsets", "timer_calendars"]

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# systemd.time(7): ~ counts days from the end of the month.
_DAYS_OF_MONTH = {-1: "*-*~01", 0: "*-*-01", 1: "*-*-02"}
# These years are fixed, so that a unit written in summer is the same as one written in
# winter. Twelve years hold all that zoneinfo has in its tables; after 2037 rules repeat.
_FIRST = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
_LAST = int(datetime(2038, 1, 1, tzinfo=UTC).timestamp())
_ONE_DAY = timedelta(days=1)


def timer_calendars(cadence: Cadence, zone: tzinfo) -> tuple[str, ...]:
    """Return the values of systemd's OnCalendar= for a cadence, all in UTC."""
    if cadence.unit in ("minute", "hour"):
        hours, minutes = divmod(_first_minute(cadence, zone), MINUTES_OF_HOUR)
        if cadence.unit == "minute":
            clock = f"*:{minutes:02}/{cadence.count:02}"
        else:
            every = "*" if cadence.count == 1 else f"{hours:02}/{cadence.count}"
            clock = f"{every}:{minutes:02}"
        return (f"*-*-* {clock}:00 UTC",)
    lines = []
    for offset in sorted(offsets(zone), reverse=True):
        days, minute_of_day = divmod(cadence.start_minute - offset, MINUTES_OF_DAY)
        hours, minutes = divmod(minute_of_day, MINUTES_OF_HOUR)
        lines.append(f"{_day(cadence.unit, days)} {hours:02}:{minutes:02}:00 UTC")
    return tuple(lines)


def is_checked(cadence: Cadence, zone: tzinfo) -> bool:
    """Tell whether the timer fires more often than runs are due, so that runs check."""
    return len(timer_calendars(cadence, zone)) > 1


def last_due(cadence: Cadence, zone: tzinfo, now: int) -> int:
    """Compute the last instant at which snapshots were due.

    Args:
        cadence: How often they are taken.
        zone: The zone that its times are meant in.
        now: Seconds since 1970.

    Returns:
        Seconds since 1970, at most `now`.
    """
    if cadence.unit in ("minute", "hour"):
        begun = _first_minute(cadence, zone) * MINUTE
        return now - (now - begun) % (_length(cadence) * MINUTE)
    # The search begins a day ahead: a clock that is set back past midnight shows the
    # day before again.
    today = datetime.fromtimestamp(now, zone).date()
    day = _first_day(cadence.unit, today + _ONE_DAY)
    while (instant := _instant(cadence, zone, day)) > now:
        day = _first_day(cadence.unit, day - _ONE_DAY)
    return instant


@lru_cache(maxsize=16)
def offsets(zone: tzinfo) -> frozenset[int]:
    """Collect the offsets from UTC that a zone has in the course of time, in minutes."""
    # A step of a week misses none: the shortest time that a zone keeps an offset is
    # Morocco's Ramadan, five weeks.
    return frozenset(_offset(zone, time) for time in range(_FIRST, _LAST, WEEK))


def _offset(zone: tzinfo, time: int) -> int:
    offset = datetime.fromtimestamp(time, zone).utcoffset() or timedelta()
    return int(offset.total_seconds()) // MINUTE


def _length(cadence: Cadence) -> int:
    return cadence.count * (1 if cadence.unit == "minute" else MINUTES_OF_HOUR)


def _first_minute(cadence: Cadence, zone: tzinfo) -> int:
    """Return the minute of the UTC day at which the first run falls."""
    return (cadence.start_minute - _offset(zone, _FIRST)) % _length(cadence)


def _instant(cadence: Cadence, zone: tzinfo, day: date) -> int:
    """Return the instant of the cadence's time of day on a day of the local calendar."""
    hours, minutes = divmod(cadence.start_minute, MINUTES_OF_HOUR)
    wall = datetime(day.year, day.month, day.day, hours, minutes, tzinfo=zone)
    # PEP 495: fold=0 is the first of two such times, and in a gap it takes the offset
    # before the gap.
    first, second = (int(wall.replace(fold=fold).timestamp()) for fold in (0, 1))
    on_that_day = datetime.fromtimestamp(first, zone).date() == day
    return first if on_that_day else min(first, second)


def _first_day(unit: str, day: date) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day


def _day(unit: str, days: int) -> str:
    """Write a day for systemd: the day that is meant, moved by some days."""
    if unit == "month":
        return _DAYS_OF_MONTH[days]
    return f"{_WEEKDAYS[days % 7]} *-*-*" if unit == "week" else "*-*-*"
