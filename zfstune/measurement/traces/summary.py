"""What a trace comes to: sizes, offsets, alignment, order, syncs, and what records fit.

Nothing of it is measured on ZFS: it says what the application asks for, and by arithmetic
how many bytes of records that touches.
"""

from __future__ import annotations

import numpy as np

from zfstune.measurement.traces.trace import READ, SYNC, UNKNOWN, WRITE
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from zfstune.measurement.traces.trace import Trace

__all__ = [
    "RECORD_SIZES",
    "Direction",
    "FileUse",
    "Latency",
    "RecordFit",
    "SizeBand",
    "TraceSummary",
    "summarize",
]

RECORD_SIZES = tuple(1 << power for power in range(12, 21))  # 4K to 1M
# What is written within some seconds goes to disk together: zfs_txg_timeout is 5 s.
_WINDOW_NS = 5 * 10**9
_SECTOR = 512
_MOST_ALIGNED = 1 << 20
_ALIGNED_SHARE = 0.95
_CELLS = 44  # parts that a file is split into, to show where it is used
_MOST_FILES = 8
_BLOCK = 4096


@frozen
class Latency:
    """How long operations took, in seconds."""

    p50_s: float
    p99_s: float
    p999_s: float


@frozen
class SizeBand:
    """Operations from one power of two to below the next.

    Attributes:
        from_bytes: The power of two.
        operations: How many there are.
        total_bytes: What they moved.
    """

    from_bytes: int
    operations: int
    total_bytes: int


@frozen
class Direction:
    """All reads, or all writes.

    Attributes:
        operations: How many there are.
        total_bytes: What they moved.
        sizes: Their sizes, smallest first.
        commonest_bytes: The size that most of them have; 0: there are none.
        commonest_share: The share that has that size, from 0 to 1.
        aligned_bytes: The largest power of two, from 512 to 1M, that offset and size of
            95 % of them are multiples of; 0: there is none.
        sequential_share: The share that begins where the one before it, of that
            direction and file, ended.
        unplaced: How many there are whose offset the trace does not tell.
        touched_bytes: The blocks of 4K that they touched, each counted once.
        latency: Their times; None: the trace does not tell.
    """

    operations: int
    total_bytes: int
    sizes: tuple[SizeBand, ...]
    commonest_bytes: int
    commonest_share: float
    aligned_bytes: int
    sequential_share: float
    unplaced: int
    touched_bytes: int
    latency: Latency | None


@frozen
class RecordFit:
    """How the operations meet records of one size.

    Attributes:
        recordsize_bytes: The size.
        whole_writes: The share of writes that cover whole records alone, so that no
            record has to be read first.
        written_ratio: Bytes of records that are written for each byte, uncompressed and
            without metadata, if each record is written once in five seconds.
        read_ratio: Bytes of records that are read for each byte, if nothing is cached
            for longer than five seconds.
    """

    recordsize_bytes: int
    whole_writes: float | None
    written_ratio: float | None
    read_ratio: float | None


@frozen
class FileUse:
    """One file of a trace.

    Attributes:
        name: Its path.
        read_bytes: What was read.
        written_bytes: What was written.
        syncs: How often it was synced.
        extent_bytes: The end of what was touched.
        cells: Operations in each of equal parts of that extent, first to last.
    """

    name: str
    read_bytes: int
    written_bytes: int
    syncs: int
    extent_bytes: int
    cells: tuple[int, ...]


@frozen
class TraceSummary:
    """A trace, summed up.

    Attributes:
        format: What recorded it.
        seconds: From the first operation to the last; None: the trace has no times.
        reads: All reads.
        writes: All writes.
        read_share: The share of reads among reads and writes, from 0 to 1.
        syncs: Calls of fsync and the like.
        durable_writes: Writes that were synced as they were written.
        writes_per_sync: Writes for each sync, durable ones being their own; None: nothing
            was synced.
        synced_bytes: What is written from one sync of a file to its next, in the median;
            None where that never happens.
        sync_latency: The times of syncs; None: the trace does not tell.
        fits: How records of each size would do.
        file_count: How many files there are.
        files: Those that most bytes went to and from.
        passed_over: Calls that the trace says too little of, by a few words about them.
    """

    format: str
    seconds: float | None
    reads: Direction
    writes: Direction
    read_share: float
    syncs: int
    durable_writes: int
    writes_per_sync: float | None
    synced_bytes: int | None
    sync_latency: Latency | None
    fits: tuple[RecordFit, ...]
    file_count: int
    files: tuple[FileUse, ...]
    passed_over: tuple[tuple[str, int], ...]


def summarize(trace: Trace) -> TraceSummary:
    """Sum up a trace."""
    reads, writes, syncs = (trace.kinds == kind for kind in (READ, WRITE, SYNC))
    read_count, write_count, sync_count = (
        int(mask.sum()) for mask in (reads, writes, syncs)
    )
    durable = int(trace.durable.sum())
    has_times = len(trace.at_ns) > 0 and bool((trace.at_ns != UNKNOWN).all())
    return TraceSummary(
        trace.format,
        float(np.ptp(trace.at_ns)) / 1e9 if has_times else None,
        _direction(trace, reads),
        _direction(trace, writes),
        read_count / max(read_count + write_count, 1),
        sync_count,
        durable,
        write_count / (sync_count + durable) if sync_count + durable else None,
        _synced_bytes(trace),
        _latency(trace.took_ns[syncs]),
        tuple(_fit(trace, reads, writes, size) for size in RECORD_SIZES),
        len(trace.names),
        tuple(_files(trace)),
        tuple(sorted(trace.passed_over.items())),
    )


def _direction(trace: Trace, mask: NDArray[np.bool_]) -> Direction:
    sizes, offsets = trace.sizes[mask], trace.offsets[mask]
    placed = offsets != UNKNOWN
    common, counts = np.unique(sizes, return_counts=True)
    commonest = int(counts.argmax()) if len(counts) else -1
    return Direction(
        len(sizes),
        int(sizes.sum()),
        tuple(_bands(sizes)),
        int(common[commonest]) if len(counts) else 0,
        float(counts[commonest] / len(sizes)) if len(counts) else 0.0,
        _alignment(offsets[placed], sizes[placed]),
        _sequential(trace.files[mask], offsets, sizes),
        int((~placed).sum()),
        _touched(trace.files[mask][placed], offsets[placed], sizes[placed]),
        _latency(trace.took_ns[mask]),
    )


def _bands(sizes: NDArray[np.int64]) -> Iterator[SizeBand]:
    # frexp is exact, unlike a logarithm: 8192 is 0.5 * 2**14.
    powers = np.frexp(sizes.astype(np.float64))[1] - 1
    for power in np.unique(powers):
        chosen = sizes[powers == power]
        yield SizeBand(1 << int(power), len(chosen), int(chosen.sum()))


def _alignment(offsets: NDArray[np.int64], sizes: NDArray[np.int64]) -> int:
    if not len(sizes):
        return 0
    both = offsets | sizes | _MOST_ALIGNED
    lowest = both & -both
    levels = np.sort(lowest)
    # All but one in twenty are aligned to this or more.
    level = int(levels[int(len(levels) * (1 - _ALIGNED_SHARE))])
    return level if level >= _SECTOR else 0


def _sequential(
    files: NDArray[np.int32], offsets: NDArray[np.int64], sizes: NDArray[np.int64]
) -> float:
    """Return the share of operations that go on where the one before them ended.

    One without an offset was made at a position that nobody had moved, or at the end of
    a file, so it goes on by its nature.
    """
    if not len(files):
        return 0.0
    order = np.argsort(files, kind="stable")
    files, offsets, sizes = files[order], offsets[order], sizes[order]
    follows = (files[1:] == files[:-1]) & (offsets[1:] == offsets[:-1] + sizes[:-1])
    unplaced = offsets == UNKNOWN
    return float((np.concatenate(([False], follows)) | unplaced).mean())


def _latency(took_ns: NDArray[np.int64]) -> Latency | None:
    known = took_ns[took_ns != UNKNOWN]
    if not len(known):
        return None
    return Latency(*(float(q) / 1e9 for q in np.percentile(known, (50, 99, 99.9))))


def _newly_covered(
    groups: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return how many blocks each operation touches that none before it had.

    "Before" is by place, and among the operations of one group. The sum over a group is
    thus the number of its blocks, each counted once.
    """
    covered = np.zeros(len(groups), np.int64)
    if len(groups):
        # All groups lie on one line, one behind the other.
        start = groups * (int(last.max()) + 2) + first
        end = start + last - first + 1
        order = np.argsort(start, kind="stable")
        start, end = start[order], end[order]
        reached = np.concatenate(([0], np.maximum.accumulate(end)[:-1]))
        covered[order] = np.maximum(end - np.maximum(start, reached), 0)
    return covered


def _touched(
    files: NDArray[np.int32], offsets: NDArray[np.int64], sizes: NDArray[np.int64]
) -> int:
    """Return the bytes of the blocks that operations touch, each block counted once."""
    last = (offsets + sizes - 1) // _BLOCK
    covered = _newly_covered(files.astype(np.int64), offsets // _BLOCK, last)
    return int(covered.sum()) * _BLOCK


def _extents(trace: Trace) -> NDArray[np.int64]:
    """Return the end of what was touched of each file."""
    extents = np.zeros(len(trace.names), np.int64)
    placed = trace.offsets != UNKNOWN
    ends = trace.offsets[placed] + trace.sizes[placed]
    np.maximum.at(extents, trace.files[placed], ends)
    return extents


def _fit(
    trace: Trace, reads: NDArray[np.bool_], writes: NDArray[np.bool_], size: int
) -> RecordFit:
    writes = writes & (trace.offsets != UNKNOWN)
    offsets, ends = trace.offsets[writes], trace.offsets[writes] + trace.sizes[writes]
    # The last record of a file, or its only one, is whole if all of it is written.
    at_end = ends == _extents(trace)[trace.files[writes]]
    whole = (offsets % size == 0) & ((ends % size == 0) | at_end)
    return RecordFit(
        size,
        float(whole.mean()) if len(whole) else None,
        _records_over_bytes(trace, writes, size),
        _records_over_bytes(trace, reads & (trace.offsets != UNKNOWN), size),
    )


def _records_over_bytes(trace: Trace, mask: NDArray[np.bool_], size: int) -> float | None:
    files, offsets, sizes = trace.files[mask], trace.offsets[mask], trace.sizes[mask]
    if not len(files):
        return None
    windows = np.maximum(trace.at_ns[mask], 0) // _WINDOW_NS
    both = files * (int(windows.max()) + 1) + windows
    groups = np.unique(both, return_inverse=True)[1]
    covered = _newly_covered(groups, offsets // size, (offsets + sizes - 1) // size)
    # A file smaller than a record is one record, of its own size in sectors.
    whole_files = -(-_extents(trace) // _SECTOR) * _SECTOR
    of_record = np.minimum(whole_files, size)[files]
    return float((covered * of_record).sum() / sizes.sum())


def _synced_bytes(trace: Trace) -> int | None:
    """Return the median of what is written to a file from one sync of it to the next."""
    amounts: list[int] = []
    waiting = [0] * len(trace.names)
    rows = zip(
        trace.kinds.tolist(), trace.files.tolist(), trace.sizes.tolist(), strict=True
    )
    for kind, file, size in rows:
        if kind == WRITE:
            waiting[file] += size
        elif kind == SYNC:
            for each in range(len(waiting)) if file == UNKNOWN else (file,):
                if waiting[each]:
                    amounts.append(waiting[each])
                    waiting[each] = 0
    return int(np.median(amounts)) if amounts else None


def _files(trace: Trace) -> Iterator[FileUse]:
    """Give the files that most bytes went to and from."""
    count = len(trace.names)
    known = trace.files != UNKNOWN
    moved = np.bincount(trace.files[known], trace.sizes[known], count)
    extents = _extents(trace)
    for file in np.argsort(-moved, kind="stable")[:_MOST_FILES].tolist():
        is_here = trace.files == file
        extent = int(extents[file])
        places = trace.offsets[is_here & (trace.offsets != UNKNOWN)]
        sizes = trace.sizes[is_here & (trace.kinds != SYNC)]
        typical = int(np.median(sizes)) if len(sizes) else 1
        parts = min(max(extent // typical, 1), _CELLS)
        cells = np.bincount(places * parts // max(extent, 1), minlength=parts)
        yield FileUse(
            trace.names[file],
            int(trace.sizes[is_here & (trace.kinds == READ)].sum()),
            int(trace.sizes[is_here & (trace.kinds == WRITE)].sum()),
            int((is_here & (trace.kinds == SYNC)).sum()),
            extent,
            tuple(cells.tolist()) if len(places) else (),
        )
