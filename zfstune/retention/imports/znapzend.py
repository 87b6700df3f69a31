"""Read znapzend's plans: ``7d=>1h,30d=>4h,90d=>1d``.

The rules are those of lib/ZnapZend/Time.pm (github.com/oetiker/znapzend), above all of
getSnapshotsToDestroy(). Each part of a plan has a retention and an interval. A snapshot
belongs to the part with the shortest retention that it is not too old for. Of the
snapshots of a part, the oldest of each interval stays, with intervals counted from
1970. A month has 30 days and a year 365.25.
"""

from __future__ import annotations

import re

from zfstune.retention.imports.reading import Imported, Reading
from zfstune.retention.policy import Group, Policy
from zfstune.retention.rule_kinds import Blocks
from zfstune.values.duration import DAY, HOUR, MINUTE, WEEK
from zfstune.values.errors import PolicyError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["read"]

_UNITS = {
    "seconds": 1,
    "minutes": MINUTE,
    "hours": HOUR,
    "days": DAY,
    "weeks": WEEK,
    "months": 30 * DAY,
    "years": DAY * 1461 // 4,
}
# The short forms in configUnits of lib/ZnapZend/Time.pm; znapzend knows no others.
_SHORT = {
    "s": "seconds",
    "sec": "seconds",
    "second": "seconds",
    "min": "minutes",
    "mins": "minutes",
    "minute": "minutes",
    "h": "hours",
    "hour": "hours",
    "d": "days",
    "day": "days",
    "w": "weeks",
    "week": "weeks",
    "y": "years",
    "year": "years",
    "m": "months",
    "mon": "months",
    "mons": "months",
    "month": "months",
}
_SPAN = re.compile(r"(\d{1,9})([a-z]+)", re.ASCII)
_BLANKS = re.compile(r"\s+", re.ASCII)

_BY_NAME = (
    "znapzend takes the time in the names of its snapshots; this policy takes the time of "
    "their creation"
)
_ZONE = (
    "unless its names end in a Z, znapzend's days begin at midnight of the host's zone; "
    "here they begin at midnight of UTC"
)
_NEWEST = (
    "zfstune always keeps the newest snapshot and the snapshots dated after now; znapzend "
    "may destroy them"
)
_COMMON = (
    "znapzend also keeps the newest snapshots that a source and its destinations share; "
    "this policy does not know those snapshots"
)
_OWN = (
    "this policy is for the snapshots that zfstune takes; for the snapshots of znapzend, "
    "put match= and a glob of their names before its rules"
)
_NOTES = (_BY_NAME, _ZONE, _NEWEST, _COMMON, _OWN)


def read(text: str, datasets: Collection[str] | None) -> Reading:  # noqa: ARG001 (a plan names no datasets)
    """Read one plan."""
    tiers: dict[int, int] = {}
    plan = _BLANKS.sub("", text.lower())
    for item in plan.rstrip(",").split(","):
        retention, arrow, interval = item.partition("=>")
        if not arrow:
            raise _bad(item, "it should read like 7d=>1h")
        keeps, every = _seconds(retention), _seconds(interval)
        if keeps < every:
            raise _bad(item, "it keeps snapshots for less than the interval between them")
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
    match = _SPAN.fullmatch(text)
    count, word = (int(match[1]), match[2]) if match else (0, "")
    unit = _UNITS.get(_SHORT.get(word, word), 0)
    if not count or not unit:
        raise _bad(text, "it should read like 7d or 30minutes")
    return count * unit


def _bad(item: str, reason: str) -> PolicyError:
    return PolicyError(f"cannot import from znapzend '{shown(item)}': {reason}")
