"""Logs of fio, of both versions."""

from __future__ import annotations

import pytest

from recorded_traces import RECORDINGS, operations, trace_of
from zfstune.measurement.traces.iolog import iolog_version, read_iolog
from zfstune.measurement.traces.trace import TraceFormatError

V2 = """fio version 2 iolog
/a b add
/a b open
/a b wait 1500 0
/a b write 8192 4096
/a b datasync 0 0
/a b wait 500 0
/a b read 0 8192
/a b trim 0 4096
/a b close
"""


def test_version_2() -> None:
    """Lines that wait are the time of what follows; a name may have blanks."""
    trace = trace_of(read_iolog, V2)
    assert operations(trace) == [
        ("a b", "write", 8192, 4096),
        ("a b", "sync", -1, 0),
        ("a b", "read", 0, 8192),
    ]
    assert trace.at_ns.tolist() == [0, 0, 500_000]
    assert trace.passed_over == {"trims": 1}


def test_version_3() -> None:
    """What fio 3.33 wrote: times are in microseconds, and a sync repeats an offset."""
    trace = trace_of(read_iolog, (RECORDINGS / "fio-iolog-v3.log").read_text())
    kinds = [kind for _, kind, _, _ in operations(trace)]
    assert [kinds.count(kind) for kind in ("read", "write", "sync")] == [7, 17, 4]
    assert trace.names == ("d/mix file.0",)
    assert 0 < trace.at_ns[-1] < 10**9


@pytest.mark.parametrize(
    "line",
    [
        "/a write 0",
        "/a write x 1",
        "/a write -1 1",
        f"/a write {1 << 60} 1",
        "/a frobnicate 0 1",
        "write 0 1",
        "12 /a",
    ],
)
def test_another_line_is_an_error_that_names_it(line: str) -> None:
    """A line that fio did not write is not passed over in silence."""
    for version, stamp in ((2, ""), (3, "12 ")):
        with pytest.raises(TraceFormatError, match="line 2: expected '"):
            trace_of(read_iolog, f"fio version {version} iolog\n{stamp}{line}\n")


def test_the_header_says_the_version() -> None:
    """A log without it is refused, as fio does."""
    versions = [iolog_version(f"fio version {number} iolog\n") for number in (1, 2, 3, 4)]
    assert versions == [0, 2, 3, 0]
    with pytest.raises(TraceFormatError, match="line 1: expected 'fio version 2 iolog'"):
        trace_of(read_iolog, "hello\n")
