"""Read zfs-autobackup's schedules: ``10,1d1w,1w1m,1m12m,1y5y``.

The rules are those of zfs_autobackup/Thinner.py and ThinnerRule.py, and of thin_list()
in zfs_autobackup/ZfsDataset.py (3.3, github.com/psy0rz/zfs_autobackup). A number alone
keeps that many of the newest snapshots. A pair of lengths cuts time into blocks of the
first length, counted from 1970 in UTC, and keeps the oldest snapshot of each block
until it is older than the second length. A month has 30 days and a year 365.25.
"""

from __future__ import annotations

import re

from zfstune.retention.imports.reading import Imported, Reading
from zfstune.retention.policy import Group, Policy
from zfstune.retention.rule_kinds import Blocks, Last
from zfstune.values.duration import DAY, HOUR, MINUTE, WEEK
from zfstune.values.errors import PolicyError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from zfstune.retention.rule_kinds import Rule

__all__ = ["read"]

_UNITS = {
    "y": DAY * 1461 // 4,
    "m": 30 * DAY,
    "w": WEEK,
    "d": DAY,
    "h": HOUR,
    "min": MINUTE,
    "s": 1,
}
_PAIR = re.compile(r"(\d{1,9})([a-z]+)(\d{1,9})([a-z]+)", re.ASCII)
_ALWAYS = re.compile(r"\d{1,9}", re.ASCII)
_NOTES = (
    (
        "zfs-autobackup takes a snapshot's time from its name, in the host's zone; this "
        "policy takes the time of its creation"
    ),
    "the newest snapshot stays, as with zfs-autobackup, and so does one dated after now",
    (
        "zfs-autobackup also keeps the newest snapshot that source and target share; this "
        "policy does not know that snapshot"
    ),
    "an hour that clocks repeat is one hour to zfs-autobackup, and two to this policy",
    (
        "with --utc, the ages in zfs-autobackup are wrong by the host's offset from UTC; "
        "in this policy they are right"
    ),
    (
        "this policy is for the snapshots that zfstune takes; for the snapshots of "
        "zfs-autobackup, put match= and a glob of their names before its rules"
    ),
)


def read(text: str, datasets: Collection[str] | None) -> Reading:  # noqa: ARG001 (a plan names no datasets)
    """Read one schedule."""
    always = 0
    lengths: dict[int, int] = {}
    for item in text.strip().lower().split(","):
        if _ALWAYS.fullmatch(item):
            always = int(item)  # the last number counts
            continue
        pair = _PAIR.fullmatch(item)
        if pair is None or not {pair[2], pair[4]} <= _UNITS.keys():
            raise _bad(item, "it should read like 10 or 1d1w")
        period, ttl = int(pair[1]) * _UNITS[pair[2]], int(pair[3]) * _UNITS[pair[4]]
        if period == 0 or period > ttl:
            raise _bad(item, "its first length is zero, or longer than the second")
        # Rules of the same period share their blocks.
        lengths[period] = max(ttl, lengths.get(period, 0))
    rules: list[Rule] = [Last(always)] if always else []
    rules += [Blocks(period, ttl) for period, ttl in sorted(lengths.items())]
    if not rules:  # thin_list() never lets the newest snapshot go
        rules = [Last(1)]
    return Reading((Imported("", Policy((Group(tuple(rules)),)), _NOTES),))


def _bad(item: str, reason: str) -> PolicyError:
    return PolicyError(f"cannot import from zfs-autobackup '{shown(item)}': {reason}")
