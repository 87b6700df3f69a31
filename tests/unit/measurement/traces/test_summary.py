"""The sums of a trace, each held against a plain loop over its operations."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from recorded_traces import RECORDINGS, ROWS, trace_of_rows
from zfstune.measurement.plain import to_plain
from zfstune.measurement.traces.read_trace import read_trace
from zfstune.measurement.traces.summary import RECORD_SIZES, summarize
from zfstune.measurement.traces.trace import READ, SYNC, WRITE, TraceRows

if TYPE_CHECKING:
    from recorded_traces import Row


def ratio(rows: list[Row], kind: int, recordsize: int) -> float | None:
    """Return the bytes of records over the bytes of operations, record by record."""
    chosen = [row for row in rows if row[0] == kind]
    if not chosen:
        return None
    start = min(row[4] for row in rows)
    ends: dict[int, int] = {}
    for each, file, offset, size, _ in rows:
        if each != SYNC:
            ends[file] = max(ends.get(file, 0), offset + size)
    records = {
        ((second - start) // 5, file, number)
        for _, file, offset, size, second in chosen
        for number in range(offset // recordsize, (offset + size - 1) // recordsize + 1)
    }
    sizes = (min(recordsize, -(-ends[file] // 512) * 512) for _, file, _ in records)
    return sum(sizes) / sum(row[3] for row in chosen)


@given(ROWS)
def test_the_sums_are_those_of_a_plain_loop(rows: list[Row]) -> None:
    """Counts, bytes, sizes, order and records: numpy's sums are those of Python."""
    summary = summarize(trace_of_rows(rows))
    for kind, direction in ((READ, summary.reads), (WRITE, summary.writes)):
        mine = [row for row in sorted(rows, key=lambda row: row[4]) if row[0] == kind]
        assert direction.operations == len(mine)
        assert direction.total_bytes == sum(row[3] for row in mine)
        bands = Counter(1 << (row[3].bit_length() - 1) for row in mine)
        assert {band.from_bytes: band.operations for band in direction.sizes} == bands
        assert sum(band.total_bytes for band in direction.sizes) == direction.total_bytes
        blocks = {
            (file, block)
            for _, file, offset, size, _ in mine
            for block in range(offset // 4096, (offset + size - 1) // 4096 + 1)
        }
        assert direction.touched_bytes == len(blocks) * 4096
        last: dict[int, int] = {}
        follows = 0
        for _, file, offset, size, _ in mine:
            follows += last.get(file) == offset
            last[file] = offset + size
        assert direction.sequential_share == pytest.approx(follows / max(len(mine), 1))
    assert summary.syncs == sum(row[0] == SYNC for row in rows)
    for fit in summary.fits:
        for kind, found in ((WRITE, fit.written_ratio), (READ, fit.read_ratio)):
            expected = ratio(rows, kind, fit.recordsize_bytes)
            assert found == (None if expected is None else pytest.approx(expected))


def test_pages_at_random() -> None:
    """8K pages at random: aligned to 8K, and a record of 128K costs 16 bytes for each."""
    rows = [(WRITE, 0, 131072 * number, 8192, number) for number in (5, 2, 9, 0, 7, 30)]
    summary = summarize(trace_of_rows(rows))
    assert summary.writes.aligned_bytes == 8192
    assert summary.writes.commonest_bytes == 8192
    assert summary.writes.commonest_share == 1
    assert summary.writes.sequential_share == 0
    ratios = {fit.recordsize_bytes: fit.written_ratio for fit in summary.fits}
    assert (ratios[4096], ratios[8192], ratios[131072]) == (1, 1, 16)
    whole = {fit.recordsize_bytes: fit.whole_writes for fit in summary.fits}
    # The last page of the file is all that its last record has.
    assert (whole[4096], whole[8192], whole[131072]) == (1, 1, 1 / 6)


def test_a_log_is_written_once_whatever_the_records() -> None:
    """Appends of 4K within one transaction group fill each record: no amplification."""
    rows = [(WRITE, 0, 4096 * number, 4096, 0) for number in range(1024)]
    summary = summarize(trace_of_rows(rows))
    assert summary.writes.sequential_share == pytest.approx(1, abs=0.001)
    assert [fit.written_ratio for fit in summary.fits] == [1] * len(RECORD_SIZES)


def test_few_odd_ones_do_not_spoil_the_alignment() -> None:
    """One write in twenty may be unaligned; two in twenty are too many."""
    pages = [(WRITE, 0, 16384 * number, 16384, 0) for number in range(20)]
    for odd, aligned in ((1, 16384), (2, 0)):
        rows = [(WRITE, 0, 7, 3, 0)] * odd + pages[odd:]
        assert summarize(trace_of_rows(rows)).writes.aligned_bytes == aligned


def test_syncs() -> None:
    """Bytes between two syncs of a file, and writes for each sync, durable ones too."""
    rows = TraceRows()
    for size in (1000, 2000):
        rows.add(WRITE, rows.file("a"), offset=0, size=size)
    rows.add(WRITE, rows.file("b"), offset=0, size=500)
    rows.add(SYNC, rows.file("a"))
    rows.add(WRITE, rows.file("b"), offset=0, size=500, durable=True)
    rows.add(SYNC, -1)
    summary = summarize(rows.trace("test"))
    assert summary.syncs == 2
    assert summary.durable_writes == 1
    assert summary.writes_per_sync == pytest.approx(4 / 3)
    assert summary.synced_bytes == 2000  # between 3000 and 1000
    assert summary.seconds is None
    assert summary.reads.latency is None


def test_where_a_file_is_used() -> None:
    """The parts of a file say how often each was used, in order."""
    rows = [(READ, 0, 0, 8192, 0)] * 3 + [(READ, 0, 8192 * 3, 8192, 0)]
    [use] = summarize(trace_of_rows(rows)).files
    assert use.cells == (3, 0, 0, 1)
    assert use.extent_bytes == 32768


def test_the_summary_is_json() -> None:
    """Each recording's summary has plain types alone, numpy's among none of them."""
    for name in ("strace.txt", "perf-trace.txt", "fio-iolog-v3.log"):
        summary = summarize(read_trace(str(RECORDINGS / name)))
        assert json.loads(json.dumps(to_plain(summary)))["syncs"] == summary.syncs
