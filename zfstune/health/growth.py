"""How fast a dataset grows, reckoned from one of its snapshots.

A snapshot knows the space that the dataset referenced when it was taken. The difference
to what the dataset references now, by the time between the two, is the growth of what
lives in it. Space that only snapshots hold is left out: where they are pruned by a steady
policy it stays about the same, while living data is what fills a pool.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from zfstune.values.duration import DAY, WEEK
from zfstune.values.frozen import frozen
from zfstune.values.marks import AUTO_PREFIX, is_auto_name
from zfstune.values.size import format_size
from zfstune.values.text import utc_stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Growth", "added", "choose_past"]

_SHORTEST = DAY // 2  # of a shorter time one busy hour would make a trend


@frozen
class Growth:
    """The growth of a dataset, or of several together.

    Attributes:
        bytes_a_week: How much it grew in a week; less than nothing: it shrank.
        since: The time that it is reckoned from, in seconds since 1970.
    """

    bytes_a_week: int
    since: int

    @classmethod
    def between(cls, then_bytes: int, then: int, now_bytes: int, now: int) -> Growth | None:
        """Reckon the growth from two amounts and times; None: they are too close."""
        if now - then < _SHORTEST:
            return None
        return cls((now_bytes - then_bytes) * WEEK // (now - then), then)

    def text(self) -> str:
        """Write it for a table, as in ``+1.5G``."""
        sign = "-" if self.bytes_a_week < 0 else "+"
        return sign + format_size(abs(self.bytes_a_week), exact=False)


def added(growths: Iterable[Growth | None]) -> Growth | None:
    """Return the growth of several datasets together; None: none of them is known."""
    known = [growth for growth in growths if growth is not None]
    if not known:
        return None
    return Growth(
        sum(growth.bytes_a_week for growth in known), min(each.since for each in known)
    )


def choose_past(short_names: Iterable[str], now: int) -> str:
    """Choose the snapshot to reckon from: the newest that is a week old, else the oldest.

    Args:
        short_names: Names of snapshots of one dataset, without the dataset.
        now: Seconds since 1970.

    Returns:
        Its name; empty: there is none whose name tells when it was taken.
    """
    dated = sorted(filter(is_auto_name, short_names))
    a_week_ago = datetime.fromtimestamp(now, UTC) - timedelta(seconds=WEEK)
    limit = f"{AUTO_PREFIX}{utc_stamp(a_week_ago)}~"  # behind a name of that very second
    old = [name for name in dated if name < limit]
    return old[-1] if old else next(iter(dated), "")
