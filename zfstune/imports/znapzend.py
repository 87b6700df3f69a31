"""znapzend's plans: ``7d=>1h,30d=>4h,90d=>1d``.

Each snapshot belongs to the shortest retention that it is not too old for, and there
the oldest of each interval, counted from 1970, stays. Its month has 30 days and its
year 365.25.
"""

from __future__ import annotations

import re

from zfstune.errors import PolicyError
from zfstune.imports.reading import Imported, Reading
from zfstune.policy import Blocks, Group, Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["read"]

_DAY = 86400
_UNITS = {
    "s": 1,
    "min": 60,
    "h": 3600,
    "d": _DAY,
    "w": 7 * _DAY,
    "m": 30 * _DAY,
    "y": _DAY * 1461 // 4,
}
_LONG = {
    "sec": "s",
    "second": "s",
    "minute": "min",
    "hour": "h",
    "day": "d",
    "week": "w",
    "mon": "m",
    "month": "m",
    "year": "y",
}
_SPAN = re.compile(r"(\d+)\s*([a-z]+)", re.ASCII)

_NOTES = (
    "znapzend goes by the time in the names of its snapshots; this by their creation",
    "it rules the snapshots of zfstune; begin it with match= to mean those of the other",
)


def read(text: str, datasets: Collection[str] | None) -> Reading:  # noqa: ARG001 (a plan names none)
    """Read one plan."""
    tiers: dict[int, int] = {}
    for item in text.strip().split(","):
        retention, arrow, interval = item.partition("=>")
        if not arrow:
            raise _bad(item, "it should read like 7d=>1h")
        keeps, every = _seconds(retention), _seconds(interval)
        if keeps < every or not every:
            raise _bad(item, "it keeps for less than the interval")
        if keeps in tiers:
            raise _bad(item, "another part has the same retention")
        tiers[keeps] = every
    rules = []
    beyond = 0
    for keeps, every in sorted(tiers.items()):
        rules.append(Blocks(every, keeps, beyond))
        beyond = keeps
    return Reading((Imported("", Policy((Group(tuple(rules)),)), _NOTES),))


def _seconds(text: str) -> int:
    found = _SPAN.fullmatch(text.strip())
    unit = found[2] if found else ""
    unit = unit if unit in _UNITS else _LONG.get(unit.removesuffix("s"), "")
    if found is None or not unit:
        raise _bad(text.strip(), "it should read like 7d or 30minutes")
    return int(found[1]) * _UNITS[unit]


def _bad(item: str, reason: str) -> PolicyError:
    return PolicyError(f"cannot import from znapzend '{item}': {reason}")
