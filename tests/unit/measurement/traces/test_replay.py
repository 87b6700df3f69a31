"""The places of a trace are those of its batches, each once and in order."""

from __future__ import annotations

import pytest
from hypothesis import given

from recorded_traces import ROWS, SECOND, trace_of_rows
from zfstune.measurement.traces.replay import replay_batches
from zfstune.measurement.traces.trace import READ, SYNC, UNKNOWN, WRITE, TraceRows
from zfstune.values.errors import PlanError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from recorded_traces import Row

MOST = 1 << 40


@given(ROWS)
def test_each_operation_once(rows: list[Row]) -> None:
    """Writes and reads are all there, in order, and within the files that are filled."""
    moved = [row for row in sorted(rows, key=lambda row: row[4]) if row[0] != SYNC]
    if not moved:
        with pytest.raises(PlanError, match="neither writes nor reads"):
            replay_batches(trace_of_rows(rows), MOST)
        return
    found = replay_batches(trace_of_rows(rows), MOST)
    for kind, places in ((WRITE, sum(found.counted, ())), (READ, found.asked)):
        expected = [(offset, size) for k, _, offset, size, _ in moved if k == kind]
        assert [(offset, size) for _, offset, size in places] == expected
    numbers = {file: None for file, _, _ in (*sum(found.counted, ()), *found.asked)}
    assert set(numbers) == set(range(found.files))
    for file, offset, size in (*sum(found.counted, ()), *found.asked):
        assert offset + size <= found.lengths[file]
    assert found.recorded


def test_groups_of_five_seconds() -> None:
    """Writes within five seconds are a batch; without times, so many at once are."""
    rows = [(WRITE, 0, 512 * second, 512, second) for second in (0, 1, 4, 5, 20)]
    counted = replay_batches(trace_of_rows(rows), MOST).counted
    assert [len(batch) for batch in counted] == [3, 1, 1]
    made = TraceRows()
    for number in range(300):
        made.add(WRITE, made.file("/a"), offset=number, size=1)
    counted = replay_batches(made.trace("test"), MOST).counted
    assert [len(batch) for batch in counted] == [128, 128, 44]


def test_places_that_are_not_known() -> None:
    """A few bytes without an offset are left out; more of them are no replay."""
    made = TraceRows()
    made.add(WRITE, made.file("/a"), offset=0, size=10_000, at_ns=SECOND)
    made.add(WRITE, made.file("/a"), offset=UNKNOWN, size=100, at_ns=SECOND)
    assert replay_batches(made.trace("test"), MOST).counted == (((0, 0, 10_000),),)
    made.add(READ, made.file("/b"), offset=UNKNOWN, size=10_000, at_ns=SECOND)
    with pytest.raises(PlanError, match="of 50 % of its bytes") as caught:
        replay_batches(made.trace("test"), MOST)
    assert "without --replay" in caught.value.hint


def test_files_that_are_too_large() -> None:
    """What would have to be filled is said, with the size to ask for."""
    trace = trace_of_rows([(WRITE, 0, 5 << 20, 512, 0)])
    with pytest.raises(
        PlanError, match=r"files of 5\.00M in all, and 1M is to be"
    ) as caught:
        replay_batches(trace, 1 << 20)
    assert caught.value.hint == "give --size 6M"
