"""The counters of the zfs module, and what two readings say about the time between."""

from __future__ import annotations

from zfstune.measurement.results import ZilCounts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["parse_kstat", "parse_processor", "zil_counts"]

_HEADER_LINES = 2
_COLUMNS = 3
# /proc/stat, man 5 proc: user nice system idle iowait irq softirq steal
_IDLE, _IO_WAIT, _COUNTED = 3, 4, 8


def parse_kstat(text: str) -> dict[str, int]:
    """Read the numbers of a file in ``/proc/spl/kstat/zfs``; its texts are left out."""
    found = {}
    for line in text.splitlines()[_HEADER_LINES:]:
        words = line.split()
        if len(words) == _COLUMNS and words[2].isdecimal():
            found[words[0]] = int(words[2])
    return found


def parse_processor(text: str) -> int:
    """Return the ticks that all processors were busy, from ``/proc/stat``."""
    ticks = [int(word) for word in text.split("\n", 1)[0].split()[1:]][:_COUNTED]
    return sum(ticks) - ticks[_IDLE] - ticks[_IO_WAIT]


def zil_counts(
    before: Mapping[str, int], after: Mapping[str, int], *, of_host: bool
) -> ZilCounts:
    """Return what the intent log did between two readings.

    Args:
        before: Its counters; a name that is missing stands for 0.
        after: The same ones later.
        of_host: Whether they count all pools together.
    """

    def grown(name: str) -> int:
        return after.get(name, 0) - before.get(name, 0)

    return ZilCounts(
        of_host=of_host,
        commits=grown("zil_commit_count"),
        copied_bytes=grown("zil_itx_copied_bytes"),
        needcopy_bytes=grown("zil_itx_needcopy_bytes"),
        indirect_bytes=grown("zil_itx_indirect_bytes"),
        main_bytes=grown("zil_itx_metaslab_normal_bytes"),
        slog_bytes=grown("zil_itx_metaslab_slog_bytes"),
    )
