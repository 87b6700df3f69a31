"""The rows of a trace become arrays, and a file that got its name late is one file."""

from __future__ import annotations

import numpy as np

from zfstune.measurement.traces.trace import (
    READ,
    SYNC,
    UNKNOWN,
    TraceFormatError,
    TraceRows,
)


def test_rows_become_arrays() -> None:
    """Each column keeps its values; times count from the first operation."""
    rows = TraceRows()
    rows.add(READ, rows.file("a"), offset=8192, size=10, at_ns=1500, took_ns=7)
    rows.add(SYNC, UNKNOWN, at_ns=1000)
    trace = rows.trace("strace")
    assert trace.format == "strace"
    assert trace.kinds.tolist() == [READ, SYNC]
    assert trace.files.tolist() == [0, UNKNOWN]
    assert trace.offsets.tolist() == [8192, UNKNOWN]
    assert trace.sizes.tolist() == [10, 0]
    assert trace.at_ns.tolist() == [500, 0]
    assert trace.took_ns.tolist() == [7, UNKNOWN]
    assert trace.offsets.dtype == np.int64


def test_a_trace_without_times_has_none() -> None:
    """One operation without a time makes all of them worthless."""
    rows = TraceRows()
    rows.add(READ, rows.file("a"), at_ns=5)
    rows.add(READ, rows.file("a"))
    assert rows.trace("strace").at_ns.tolist() == [5, UNKNOWN]
    assert TraceRows().trace("strace").at_ns.tolist() == []


def test_files_that_turn_out_to_be_one() -> None:
    """A file without a name gets it later, and names that nobody used are left out."""
    rows = TraceRows()
    rows.file("unused")
    nameless = rows.file("descriptor 3")
    rows.add(READ, nameless)
    rows.add(READ, rows.file("/b"))
    assert rows.is_now(nameless, "/a") == rows.file("/a")
    rows.add(READ, rows.file("/a"))
    trace = rows.trace("strace")
    assert [trace.names[file] for file in trace.files] == ["/a", "/b", "/a"]
    assert set(trace.names) == {"/a", "/b"}


def test_an_error_names_the_line() -> None:
    """The caller adds the file's name."""
    assert str(TraceFormatError(7, "expected this")) == "line 7: expected this"
