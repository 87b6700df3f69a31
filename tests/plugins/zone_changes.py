"""Zones of this system's tz database that differ in a span of years, and their changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import tzinfo

__all__ = ["changes_of", "distinct_zones"]

_FIRST = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
_LAST = int(datetime(2036, 1, 1, tzinfo=UTC).timestamp())
# The shortest time that any zone keeps an offset is five weeks.
_STEP = 7 * 86400


def _offset(zone: tzinfo, time: int) -> timedelta:
    return datetime.fromtimestamp(time, zone).utcoffset() or timedelta()


def changes_of(zone: tzinfo, first: int, last: int) -> list[int]:
    """Return the instants at which a zone's offset changes, in seconds since 1970."""
    found = []
    for begin in range(first, last, _STEP):
        low, high = begin, min(begin + _STEP, last)
        before = _offset(zone, low)
        if _offset(zone, high) == before:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            if _offset(zone, middle) == before:
                low = middle
            else:
                high = middle
        found.append(high)
    return found


@cache
def distinct_zones() -> dict[str, tuple[str, ...]]:
    """Return the zones that differ from 2026 to 2035, each with those equal to it."""
    groups: dict[tuple[object, ...], list[str]] = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        key = [
            (time, _offset(zone, time))
            for time in (_FIRST, *changes_of(zone, _FIRST, _LAST))
        ]
        groups.setdefault(tuple(key), []).append(name)
    return {names[0]: tuple(names) for names in groups.values()}
