"""Read the log that fio writes with ``--write_iolog``, of version 2 and 3.

The format is that of fio's HOWTO, "Trace file format". Version 3, which fio writes from
3.31 on, has a time in microseconds at the beginning of each line; version 2 has lines
that wait.
"""

from __future__ import annotations

from zfstune.measurement.traces.trace import READ, SYNC, WRITE, TraceFormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.measurement.traces.trace import TraceRows

__all__ = ["iolog_version", "read_iolog"]

_HEADER = "fio version {} iolog"
_VERSIONS = (2, 3)
_FILE_ACTIONS = frozenset(("add", "open", "close"))
_KINDS = {
    "read": READ,
    "write": WRITE,
    "sync": SYNC,
    "datasync": SYNC,
    "sync_file_range": SYNC,
}
_MOST_BYTES = 1 << 50
_EXPECTED = {
    2: "expected 'FILE read|write|sync|datasync|trim|wait OFFSET LENGTH' or 'FILE "
    "add|open|close'",
    3: "expected 'MICROSECONDS FILE read|write|sync|datasync|trim OFFSET LENGTH' or "
    "'MICROSECONDS FILE add|open|close'",
}


def iolog_version(line: str) -> int:
    """Return the version that the first line of a log says; 0 if it says none."""
    return next((v for v in _VERSIONS if line.rstrip() == _HEADER.format(v)), 0)


def read_iolog(lines: Iterable[str], rows: TraceRows) -> None:
    """Read the lines of a log, the first included.

    Raises:
        TraceFormatError: A line is none of fio's.
    """
    version, now_us = 0, 0
    for number, line in enumerate(lines, 1):
        if number == 1:
            version = iolog_version(line)
            if not version:
                expected = " or ".join(f"'{_HEADER.format(v)}'" for v in _VERSIONS)
                raise TraceFormatError(1, f"expected {expected}")
            continue
        fault = TraceFormatError(number, _EXPECTED[version])
        text = line.strip("\r\n")
        if not text:
            continue
        if version > _VERSIONS[0]:
            stamp, _, text = text.partition(" ")
            now_us = _whole(stamp, fault)
        name, _, action = text.rpartition(" ")
        if name and action in _FILE_ACTIONS:
            continue
        name, action, offset, length = _operation(text, fault)
        if action == "wait":
            now_us += offset
        elif action in _KINDS:
            kind = _KINDS[action]
            file, at_ns = rows.file(name), now_us * 1000
            if kind == SYNC:
                rows.add(kind, file, at_ns=at_ns)
            else:
                rows.add(kind, file, offset=offset, size=length, at_ns=at_ns)
        elif action == "trim":
            rows.pass_over("trims")
        else:
            raise fault


def _operation(text: str, fault: TraceFormatError) -> tuple[str, str, int, int]:
    """Split a line from its end, since the file's name may have blanks."""
    parts = text.rsplit(" ", 3)
    if len(parts) < 4 or not parts[0]:  # noqa: PLR2004
        raise fault
    name, action, offset, length = parts
    return name, action, _whole(offset, fault), _whole(length, fault)


def _whole(text: str, fault: TraceFormatError) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) < _MOST_BYTES):
        raise fault
    return int(text)
