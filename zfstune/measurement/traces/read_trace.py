"""Read the trace in a file, of whichever of the known formats it is."""

from __future__ import annotations

from itertools import chain, islice

from zfstune.measurement.traces.iolog import iolog_version, read_iolog
from zfstune.measurement.traces.perf_trace import looks_like_perf, read_perf
from zfstune.measurement.traces.strace import looks_like_strace, read_strace
from zfstune.measurement.traces.trace import TraceFormatError, TraceRows
from zfstune.values.errors import InvalidValue, PlanError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.measurement.traces.trace import Trace

__all__ = ["read_lines", "read_trace"]

_LOOKED_AT = 20  # lines: a trace may begin with what a program said
_RECORD = (
    "record one with: strace -f -ttt -T -y -o FILE COMMAND, or -p PID in place of COMMAND"
)


def read_trace(path: str) -> Trace:
    """Read a trace of strace, of perf trace, or of fio's write_iolog.

    Raises:
        PlanError: The file cannot be read.
        InvalidValue: It is no such trace, or has no operation on a file.
    """
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return read_lines(file, path)
    except OSError as error:
        message = f"cannot read the trace '{shown(path)}': {error.strerror}"
        raise PlanError(message) from None


def read_lines(trace_lines: Iterable[str], path: str) -> Trace:
    """Read the lines of a trace, each with its end.

    Args:
        trace_lines: They are read once.
        path: Where they come from, for errors.

    Raises:
        InvalidValue: It is no such trace, or has no operation on a file.
    """
    rows = TraceRows()
    counted = _Counted(trace_lines)
    head = list(islice(counted, _LOOKED_AT))
    lines = chain(head, counted)
    if head and iolog_version(head[0]):
        kind, read = f"fio iolog v{iolog_version(head[0])}", read_iolog
    elif any(map(looks_like_perf, head)):
        kind, read = "perf trace", read_perf
    elif any(map(looks_like_strace, head)):
        kind, read = "strace", read_strace
    else:
        first = shown(head[0].rstrip()[:60]) if head else ""
        expected = "expected a trace of strace, of perf trace or of fio (write_iolog)"
        raise _unreadable(path, f"line 1: {expected}, found '{first}'")
    try:
        read(lines, rows)
    except TraceFormatError as error:
        raise _unreadable(path, f"{kind}, {error}") from None
    except (OverflowError, ValueError):
        # The clock or the process of a line has more digits than any kernel writes.
        reason = f"{kind}, no later than line {counted.number}: a number is out of range"
        raise _unreadable(path, reason) from None
    trace = rows.trace(kind)
    if not len(trace.kinds):
        seen = "; ".join(f"{count} {what}" for what, count in trace.passed_over.items())
        more = f" (passed over: {seen})" if seen else ""
        raise _unreadable(path, f"no operation on a file is in it{more}")
    return trace


class _Counted:
    """Lines, and the number of the last one that was taken."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        return line


def _unreadable(path: str, reason: str) -> InvalidValue:
    message = f"cannot read the trace '{shown(path)}': {reason}"
    return InvalidValue(message, hint=_RECORD)
