"""The instants that a cadence means in a zone, and timers that miss none of them.

Clocks are set forward and back, and a timer that goes by the clock of a zone pays for
it. systemd leaves out a day whose 02:05 does not exist, and the second of two hours
that bear one name; and version 252 gives up for ever on hours that repeat (``00/4``)
where midnight does not exist ("Resource deadlock avoided"). So every timer is written
in UTC, where each minute comes once.

Minutes and hours are counted in UTC, at even distances. They begin where the zone's
midnight was on 1 January 2026, so that ``4h`` is at 00:00, 04:00 and so on while the
offset of that day holds, and an hour later or earlier in summer.

Days, weeks and months go by the zone's wall clock. Their timer fires at each instant
that the time may mean under one of the zone's offsets, and the run itself tells which
of them is meant: see :func:`last_due`. Of a time that comes twice the first counts. A
time that is skipped is read by the offset before the change, so that 02:05 becomes
03:05; where that would be the next day already, by the offset after it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import date, tzinfo

    from zfstune.schedules.cadence import Cadence

__all__ = ["calendars", "is_checked", "last_due", "offsets"]

_HOUR = 60
_DAY = 24 * _HOUR
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# systemd.time(7): ~ counts days from the end of the month.
_DAYS_OF_MONTH = {-1: "*-*~01", 0: "*-*-01", 1: "*-*-02"}
# Fixed, so that a unit written in summer is the same as one written in winter. Twelve
# years hold whatever zoneinfo has in its tables; after 2037 its rules repeat.
_FIRST = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
_LAST = int(datetime(2038, 1, 1, tzinfo=UTC).timestamp())
# The shortest time that a zone keeps an offset is Morocco's Ramadan, five weeks.
_WEEK_SECONDS = 7 * 86400
_ONE_DAY = timedelta(days=1)


def calendars(cadence: Cadence, zone: tzinfo) -> tuple[str, ...]:
    """Write the times as systemd's OnCalendar= takes them, one a line, all in UTC."""
    if cadence.unit in ("minute", "hour"):
        hours, minutes = divmod(_first_minute(cadence, zone), _HOUR)
        if cadence.unit == "minute":
            clock = f"*:{minutes:02}/{cadence.count:02}"
        else:
            every = "*" if cadence.count == 1 else f"{hours:02}/{cadence.count}"
            clock = f"{every}:{minutes:02}"
        return (f"*-*-* {clock}:00 UTC",)
    lines = []
    for offset in sorted(offsets(zone), reverse=True):
        days, minute_of_day = divmod(cadence.at - offset, _DAY)
        hours, minutes = divmod(minute_of_day, _HOUR)
        lines.append(f"{_day(cadence.unit, days)} {hours:02}:{minutes:02}:00 UTC")
    return tuple(lines)


def is_checked(cadence: Cadence, zone: tzinfo) -> bool:
    """Tell whether a run is to look whether it is due: its timer fires more often."""
    return len(calendars(cadence, zone)) > 1


def last_due(cadence: Cadence, zone: tzinfo, now: int) -> int:
    """Give the last instant at which snapshots were due.

    Args:
        cadence: How often.
        zone: Where its times are meant.
        now: Seconds since 1970.

    Returns:
        Seconds since 1970, at most `now`.
    """
    if cadence.unit in ("minute", "hour"):
        begun = _first_minute(cadence, zone) * 60
        return now - (now - begun) % (_length(cadence) * 60)
    # One day ahead: a clock that is set back past midnight shows the day before again.
    today = datetime.fromtimestamp(now, zone).date()
    day = _first_day(cadence.unit, today + _ONE_DAY)
    while (found := _instant(cadence, zone, day)) > now:
        day = _first_day(cadence.unit, day - _ONE_DAY)
    return found


@lru_cache(maxsize=16)
def offsets(zone: tzinfo) -> frozenset[int]:
    """Give the offsets from UTC that a zone has, in minutes."""
    return frozenset(_offset(zone, at) for at in range(_FIRST, _LAST, _WEEK_SECONDS))


def _offset(zone: tzinfo, at: int) -> int:
    offset = datetime.fromtimestamp(at, zone).utcoffset() or timedelta()
    return int(offset.total_seconds()) // 60


def _length(cadence: Cadence) -> int:
    return cadence.count * (1 if cadence.unit == "minute" else _HOUR)


def _first_minute(cadence: Cadence, zone: tzinfo) -> int:
    """Give the minute of a day in UTC at which the first falls."""
    return (cadence.at - _offset(zone, _FIRST)) % _length(cadence)


def _instant(cadence: Cadence, zone: tzinfo, day: date) -> int:
    """Give when the cadence's time of the day is, on a day of the wall's calendar."""
    hours, minutes = divmod(cadence.at, _HOUR)
    wall = datetime(day.year, day.month, day.day, hours, minutes, tzinfo=zone)
    # PEP 495: fold=0 is the first of two, and goes by the offset before a gap.
    first, second = (int(wall.replace(fold=fold).timestamp()) for fold in (0, 1))
    on_that_day = datetime.fromtimestamp(first, zone).date() == day
    return first if on_that_day else min(first, second)


def _first_day(unit: str, day: date) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day


def _day(unit: str, days: int) -> str:
    """Write a day for systemd that comes so many after the one that is meant."""
    if unit == "month":
        return _DAYS_OF_MONTH[days]
    return f"{_WEEKDAYS[days % 7]} *-*-*" if unit == "week" else "*-*-*"
