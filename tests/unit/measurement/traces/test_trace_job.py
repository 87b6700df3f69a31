"""The job of a trace: its pages, order, mix and syncs."""

from __future__ import annotations

import pytest
from hypothesis import given

from recorded_traces import ROWS, trace_of_rows
from zfstune.measurement.job_file import read_job
from zfstune.measurement.traces.summary import summarize
from zfstune.measurement.traces.trace import READ, SYNC, WRITE
from zfstune.measurement.traces.trace_job import trace_job

TYPE_CHECKING = False
if TYPE_CHECKING:
    from recorded_traces import Row
    from zfstune.measurement.results import WorkloadFacts

AT_RANDOM = (5, 2, 9, 0, 7, 3)


def facts_of(rows: list[Row]) -> WorkloadFacts:
    """Return what a measurement takes from the job of these operations."""
    return read_job(trace_job(summarize(trace_of_rows(rows))), "trace").facts


def test_pages_at_random_with_syncs() -> None:
    """A database: 8K at random, every second write synced."""
    rows = [(WRITE, 0, 8192 * number, 8192, 0) for number in AT_RANDOM]
    rows += [(SYNC, 0, 0, 0, 1)] * 3
    facts = facts_of(rows)
    assert (facts.page_bytes, facts.pattern, facts.sync_every) == (8192, "random", 2)
    assert facts.read_share == 0


def test_a_log_is_appended_to() -> None:
    """Small writes, one behind the other, and nothing synced: whole sectors of them."""
    rows = [(WRITE, 0, 100 * number, 100, 0) for number in range(50)]
    facts = facts_of(rows)
    assert (facts.page_bytes, facts.pattern, facts.sync_every) == (512, "append", 0)
    assert "offset=${FILE_SIZE}" in facts.job
    assert "filesize" not in facts.job


def test_reads_one_behind_the_other() -> None:
    """A file that is read from its start to its end, in parts of 1M."""
    rows = [(READ, 0, number << 20, 1 << 20, 0) for number in range(9)]
    facts = facts_of(rows)
    assert (facts.page_bytes, facts.pattern, facts.read_share) == (1 << 20, "sequential", 1)
    assert "filesize=${FILE_SIZE}" in facts.job


def test_a_mix_keeps_its_shares() -> None:
    """Reads and writes in the shares of the trace, to a percent."""
    rows = [(READ, 0, 16384 * number, 16384, 0) for number in AT_RANDOM]
    rows += [(WRITE, 0, 16384 * number, 16384, 1) for number in (5, 2)]
    facts = facts_of(rows)
    assert facts.read_share == pytest.approx(0.75)
    assert (facts.page_bytes, facts.pattern) == (16384, "random")


@given(ROWS)
def test_any_trace_has_a_job(rows: list[Row]) -> None:
    """Whatever was recorded, its job is one that can be measured."""
    if all(kind == SYNC for kind, *_ in rows):
        return
    facts = facts_of(rows)
    assert 512 <= facts.page_bytes <= 1 << 20
    assert facts.page_bytes % 512 == 0
    assert 0 <= facts.read_share <= 1
