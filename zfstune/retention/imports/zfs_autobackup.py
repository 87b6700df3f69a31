"""zfs-autobackup's schedules: ``10,1d1w,1w1m,1m12m,1y5y``.

A number alone keeps the newest so many. A pair keeps the oldest of each block of the
first length, counted from 1970 in UTC, while it is at most the second length old; its
month has 30 days and its year 365.25.
"""

from __future__ import annotations

import re

from zfstune.retention.imports.reading import Imported, Reading
from zfstune.retention.policy import Blocks, Group, Last, Policy
from zfstune.values.errors import PolicyError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from zfstune.retention.policy import Rule

__all__ = ["read"]

_DAY = 86400
_UNITS = {
    "y": _DAY * 1461 // 4,
    "m": _DAY * 30,
    "w": _DAY * 7,
    "d": _DAY,
    "h": 3600,
    "min": 60,
    "s": 1,
}
_PAIR = re.compile(r"(\d{1,9})([a-z]+)(\d{1,9})([a-z]+)", re.ASCII)
_ALWAYS = re.compile(r"\d{1,9}", re.ASCII)
_NOTES = (
    "zfs-autobackup goes by the time in a name, in the host's zone; this by creation",
    "the newest snapshot stays, as with zfs-autobackup, and so do those dated after now",
    "zfs-autobackup also keeps the newest that source and target share; this knows of none",
    "an hour that clocks repeat is one to zfs-autobackup, and two here",
    "with --utc its ages are off by the host's distance from UTC; here they are not",
    "it rules the snapshots of zfstune; begin it with match= to mean those of the other",
)


def read(text: str, datasets: Collection[str] | None) -> Reading:  # noqa: ARG001 (a plan names none)
    """Read one schedule."""
    always = 0
    lengths: dict[int, int] = {}
    for item in text.strip().lower().split(","):
        if _ALWAYS.fullmatch(item):
            always = int(item)  # the last one holds
            continue
        pair = _PAIR.fullmatch(item)
        if pair is None or not {pair[2], pair[4]} <= _UNITS.keys():
            raise _bad(item, "it should read like 10 or 1d1w")
        period, ttl = int(pair[1]) * _UNITS[pair[2]], int(pair[3]) * _UNITS[pair[4]]
        if period == 0 or period > ttl:
            raise _bad(item, "its first length is zero, or longer than the second")
        # Rules of one period share their blocks.
        lengths[period] = max(ttl, lengths.get(period, 0))
    rules: list[Rule] = [Last(always)] if always else []
    rules += [Blocks(period, ttl) for period, ttl in sorted(lengths.items())]
    if not rules:  # the newest is never thinned out: thin_list() in ZfsDataset.py
        rules = [Last(1)]
    return Reading((Imported("", Policy((Group(tuple(rules)),)), _NOTES),))


def _bad(item: str, reason: str) -> PolicyError:
    return PolicyError(f"cannot import from zfs-autobackup '{shown(item)}': {reason}")
