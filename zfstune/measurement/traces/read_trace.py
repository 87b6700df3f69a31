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
    from zfstune.measurement.traces.trace import Trace

__all__ = ["read_trace"]

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
    rows = TraceRows()
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            head = list(islice(file, _LOOKED_AT))
            lines = chain(head, file)
            if head and iolog_version(head[0]):
                kind, read = f"fio iolog v{iolog_version(head[0])}", read_iolog
            elif any(map(looks_like_perf, head)):
                kind, read = "perf trace", read_perf
            elif any(map(looks_like_strace, head)):
                kind, read = "strace", read_strace
            else:
                first = shown(head[0].rstrip()[:60]) if head else ""
                expected = (
                    "expected a trace of strace, of perf trace or of fio (write_iolog)"
                )
                raise _unreadable(path, f"line 1: {expected}, found '{first}'")
            read(lines, rows)
    except TraceFormatError as error:
        raise _unreadable(path, f"{kind}, {error}") from None
    except OSError as error:
        message = f"cannot read the trace '{shown(path)}': {error.strerror}"
        raise PlanError(message) from None
    trace = rows.trace(kind)
    if not len(trace.kinds):
        seen = "; ".join(f"{count} {what}" for what, count in trace.passed_over.items())
        more = f" (passed over: {seen})" if seen else ""
        raise _unreadable(path, f"no operation on a file is in it{more}")
    return trace


def _unreadable(path: str, reason: str) -> InvalidValue:
    message = f"cannot read the trace '{shown(path)}': {reason}"
    return InvalidValue(message, hint=_RECORD)
