"""A trace in a file: its format is found out, and what is none is refused by line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from recorded_traces import RECORDINGS
from zfstune.measurement.traces.read_trace import read_trace
from zfstune.values.errors import InvalidValue, PlanError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "kind", "count"),
    [
        ("strace.txt", "strace", 56),
        ("strace-terminal.txt", "strace", 56),
        ("perf-trace.txt", "perf trace", 56),
        ("fio-iolog-v3.log", "fio iolog v3", 28),
    ],
)
def test_the_format_is_found_out(name: str, kind: str, count: int) -> None:
    """Each recording is read by its own reader, whatever its name."""
    trace = read_trace(str(RECORDINGS / name))
    assert (trace.format, len(trace.kinds)) == (kind, count)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "line 1: expected a trace of strace, of perf trace or of fio"),
        (b"8,0 1 1 0.0 Q WS 8 + 8 [sh]\n", "found '8,0 1 1 0.0 Q WS 8 + 8 [sh]'"),
        (bytes(range(256)), "line 1: expected a trace"),
        (b"pread64(3, 0, 1, 0) = 1\n# end\n", "strace, line 2: expected a call as strace"),
        (b"fio version 2 iolog\nx\n", "fio iolog v2, line 2: expected 'FILE read|write"),
        (b" 1.0 ( 0.1 ms): brk() = 0\nx\n", "perf trace, line 2: expected a call as perf"),
        (b"brk(0) = 0\n", "no operation on a file is in it"),
        (b'write(1, "x", 1) = 1\n', "(passed over: 1 reads and writes of descriptors"),
    ],
)
def test_what_is_no_trace_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    """The error names the file, the line and what was expected, and how to record one."""
    path = tmp_path / "trace"
    path.write_bytes(content)
    with pytest.raises(InvalidValue, match=re.escape(reason)) as caught:
        read_trace(str(path))
    assert caught.value.message.startswith(f"cannot read the trace '{path}': ")
    assert "strace -f -ttt -T -y -o FILE" in caught.value.hint


@pytest.mark.parametrize(
    "line",
    [
        f"{'9' * 30}.000001 pwrite64(3, 0, 8, 0) = 8 <0.1>\n",
        f"{'9' * 5000} 1700000000.1 pwrite64(3</a>, 0, 8, 0) = 8 <0.1>\n",
        f"1700000000.1 pwrite64(3</a>, 0, {'9' * 30}, 0) = {'9' * 30} <0.1>\n",
    ],
)
def test_a_number_that_no_kernel_writes(tmp_path: Path, line: str) -> None:
    """A time, a process or a length of too many digits is refused, and the line named."""
    path = tmp_path / "trace"
    begun = '1700000000.000001 openat(AT_FDCWD, "/a", O_RDWR) = 3 <0.1>\n'
    path.write_text(begun + line)
    with pytest.raises(InvalidValue, match=r"no later than line 2: a number is out"):
        read_trace(str(path))


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file and a folder are errors of the system, in its words."""
    with pytest.raises(PlanError, match="No such file or directory"):
        read_trace(str(tmp_path / "none"))
    with pytest.raises(PlanError, match="Is a directory"):
        read_trace(str(tmp_path))
