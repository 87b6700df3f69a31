"""perf trace's output: the same operations as strace saw."""

from __future__ import annotations

import pytest

from recorded_traces import RECORDINGS, operations, trace_of
from zfstune.measurement.traces.perf_trace import looks_like_perf, read_perf
from zfstune.measurement.traces.strace import read_strace
from zfstune.measurement.traces.trace import TraceFormatError


def test_perf_and_strace_agree() -> None:
    """Two recordings of one application hold the same, in the order of its threads.

    perf shows no path where a file is opened, and often none where it is used.
    """
    perf = trace_of(read_perf, (RECORDINGS / "perf-trace.txt").read_text())
    strace = trace_of(read_strace, (RECORDINGS / "strace.txt").read_text())
    assert sorted(operations(perf)) == sorted(operations(strace))
    assert perf.durable.sum() == 1
    assert sum(perf.passed_over.values()) == 2
    assert (perf.took_ns >= 0).mean() > 0.5


def line(call: str, *, took: str = "0.021 ms") -> str:
    """Return a line of perf trace."""
    return f"     1.234 ({took:>9}): pg/main 1/4711 {call}\n"


def test_arguments_that_are_zero_are_left_out() -> None:
    """No argument that is zero is printed: descriptor 0, offset 0."""
    text = line("pread64(buf: 0x7f, count: 8192)  = 8192") + line(
        "pread64(fd: 3, buf: 0x7f, count: 8192, pos: 8192)  = 8192"
    )
    found = operations(trace_of(read_perf, text))
    assert [each[1:] for each in found] == [("read", 0, 8192), ("read", 8192, 8192)]
    assert found[0][0] != found[1][0]


def test_times_are_in_milliseconds() -> None:
    """The time of a call and how long it took come in milliseconds."""
    trace = trace_of(
        read_perf, line("fsync(fd: 3)  = 0") + "  2.234 (0.5 ms): fsync(fd: 3) = 0\n"
    )
    assert trace.took_ns.tolist() == [21_000, 500_000]
    assert trace.at_ns.tolist() == [0, 1_000_000]


@pytest.mark.parametrize(
    "text",
    [
        line("fcntl(fd: 3</a>, cmd: GETFL)  = RDONLY|LARGEFILE"),
        line("exit_group()  = ?"),
        line("read(fd: 3</a>, buf: 0x7f, count: 10)  = -1 EAGAIN (Resource not available)"),
        "         ? (         ): sh/1  ... [continued]: clone())  = \n",
        "LOST 5 events!\n",
        "\n Summary of events:\n\n sh (1), 10 events, 1.0%\n",
    ],
)
def test_what_moved_nothing_is_no_operation(text: str) -> None:
    """Failed calls, the results of others, and perf's own words."""
    assert operations(trace_of(read_perf, text)) == []


def test_lost_calls_are_reported() -> None:
    """A gap that perf knows of is a gap that the reader hears of."""
    assert trace_of(read_perf, "LOST 5 events!\n").passed_over == {
        "gaps where perf lost calls": 1
    }


def test_another_line_is_an_error_that_names_it() -> None:
    """A line that is none of perf's is not passed over in silence."""
    with pytest.raises(TraceFormatError, match="line 2: expected a call as perf trace"):
        trace_of(read_perf, line("close(fd: 3)  = 0") + "hello\n")
    assert looks_like_perf(line("close(fd: 3)  = 0"))
    assert not looks_like_perf("pread64(3, 1, 1, 1) = 1\n")
