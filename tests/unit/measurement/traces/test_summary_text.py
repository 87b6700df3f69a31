"""The summary on a terminal: 80 columns, and the figures that it is about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from recorded_traces import RECORDINGS, ROWS, trace_of_rows
from zfstune.measurement.traces.read_trace import read_trace
from zfstune.measurement.traces.summary import summarize
from zfstune.measurement.traces.summary_text import summary_lines
from zfstune.measurement.traces.trace import SYNC, WRITE, TraceRows

if TYPE_CHECKING:
    from recorded_traces import Row

RECORDED = ("strace.txt", "perf-trace.txt", "fio-iolog-v3.log")


def width(lines: list[str]) -> int:
    """Return the length of the longest line."""
    return max(map(len, lines))


@given(ROWS)
def test_any_summary_fits_the_terminal(rows: list[Row]) -> None:
    """No line is longer than 80 columns, and none ends in blanks."""
    lines = list(summary_lines(summarize(trace_of_rows(rows))))
    assert width(lines) <= 80
    assert [line for line in lines if line != line.rstrip()] == []
    assert "".join(lines).isascii()


@pytest.mark.parametrize("name", RECORDED)
def test_recordings_fit_the_terminal(name: str) -> None:
    """So do those of real programs."""
    assert width(list(summary_lines(summarize(read_trace(str(RECORDINGS / name)))))) <= 80


def test_it_says_what_the_application_does() -> None:
    """The lines of a database's pages: their size, their syncs and what records cost."""
    rows = TraceRows()
    for number in (5, 2, 9, 0, 7, 3):
        file, offset = rows.file("/data/x"), number * 131072
        rows.add(WRITE, file, offset=offset, size=8192, at_ns=number, took_ns=20_000)
        rows.add(SYNC, file, at_ns=number, took_ns=3_000_000)
    text = "\n".join(summary_lines(summarize(rows.trace("strace"))))
    assert text.startswith("strace: 12 operations in 9ns on 1 file\n")
    assert "writes           6  100%" in text
    assert "commonest write: 8,192 bytes (100%); 48K touched in blocks of 4K" in text
    assert "writes for each sync: 1; written to a file between two: 8K" in text
    assert re.search(r"^  128K  ### +17% +16x +-$", text, re.MULTILINE)
    assert "/data/x" in text
    assert "20us" in text
    assert "3ms" in text


def test_what_is_not_known_is_said() -> None:
    """Unknown offsets, no sync at all, and calls that were passed over."""
    rows = TraceRows()
    rows.add(WRITE, rows.file("a"), size=10)
    rows.pass_over("calls of mmap")
    text = "\n".join(summary_lines(summarize(rows.trace("strace"))))
    assert "writes without a known offset: 1;" in text
    assert "nothing is synced" in text
    assert "passed over, calls of mmap: 1" in text
