"""The very places of a trace: its writes and reads, in their order and of their sizes.

Writes that the recording has within five seconds are a batch, since ZFS writes what has
changed in that time together (``zfs_txg_timeout``). The files are filled first as far as
the trace reaches into them: how long they were, it does not tell.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from zfstune.measurement.batches import Batches
from zfstune.measurement.traces.trace import READ, WRITE
from zfstune.values.errors import PlanError
from zfstune.values.size import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from zfstune.measurement.batches import Spot
    from zfstune.measurement.traces.trace import Trace

__all__ = ["replay_batches"]

_WINDOW_NS = 5 * 10**9
_WITHOUT_TIMES = 128  # writes of a batch where the trace has no times
# Fewer bytes than this share may be left out, and the rest is still what was done.
_MOST_LACKING = 0.02
_WHOLE = 100


def replay_batches(trace: Trace, most_bytes: int) -> Batches:
    """Return the writes and reads of a trace.

    Args:
        trace: The trace.
        most_bytes: The most that its files may have together.

    Raises:
        PlanError: The recording lacks too many offsets, has neither writes nor reads, or
            its files are larger.
    """
    moves = ((trace.kinds == WRITE) | (trace.kinds == READ)) & (trace.sizes > 0)
    known = moves & (trace.files >= 0) & (trace.offsets >= 0)
    moved, lacking = (int(trace.sizes[rows].sum()) for rows in (moves, moves & ~known))
    if not moved:
        raise PlanError("cannot replay the trace: it has neither writes nor reads")
    if lacking > _MOST_LACKING * moved:
        raise PlanError(
            f"cannot replay the trace: of {_WHOLE * lacking / moved:.0f} % of its bytes it "
            "does not tell where they lie in their files",
            hint="without --replay a load like it is measured",
        )
    used, files = np.unique(trace.files[known], return_inverse=True)
    ends = np.zeros(len(used), np.int64)
    np.maximum.at(ends, files, trace.offsets[known] + trace.sizes[known])
    if ends.sum() > most_bytes:
        size, most = (
            format_size(int(count), exact=False) for count in (ends.sum(), most_bytes)
        )
        raise PlanError(
            f"cannot replay the trace: it reaches into files of {size} in all, and {most} "
            "is to be filled at the most",
            hint=f"give --size {-(-int(ends.sum()) >> 20)}M",
        )
    rows = _Rows(trace, known, files)
    writes = trace.sizes[known & (trace.kinds == WRITE)]
    sizes, counts = np.unique(
        writes if len(writes) else trace.sizes[known], return_counts=True
    )
    return Batches(
        lengths=tuple(ends.tolist()),
        page_bytes=int(sizes[counts.argmax()]),
        settling=(),
        counted=tuple(rows.batches()),
        asked=tuple(rows.spots(READ)),
        recorded=True,
    )


class _Rows:
    """The operations of a trace whose places are known.

    Args:
        trace: The trace.
        known: Which of its operations they are.
        files: For each of them the file, from 0.
    """

    def __init__(
        self, trace: Trace, known: NDArray[np.bool_], files: NDArray[np.intp]
    ) -> None:
        self._kinds = trace.kinds[known]
        self._files = files
        self._offsets = trace.offsets[known]
        self._sizes = trace.sizes[known]
        self._at_ns = trace.at_ns[known]

    def spots(self, kind: int) -> Iterator[Spot]:
        """Give file, offset and size of each operation of a kind."""
        chosen = self._kinds == kind
        columns = (self._files[chosen], self._offsets[chosen], self._sizes[chosen])
        return zip(*(column.tolist() for column in columns), strict=True)

    def batches(self) -> Iterator[tuple[Spot, ...]]:
        """Give the writes, those of one transaction group together."""
        at_ns = self._at_ns[self._kinds == WRITE]
        if len(at_ns) and at_ns.min() >= 0:
            groups = at_ns // _WINDOW_NS
        else:
            groups = np.arange(len(at_ns)) // _WITHOUT_TIMES
        spots = list(self.spots(WRITE))
        starts = [0, *(np.flatnonzero(np.diff(groups)) + 1).tolist(), len(spots)]
        for start, end in pairwise(starts):
            if end > start:
                yield tuple(spots[start:end])
