"""Read what strace prints: a call a line, with or without process, time and duration.

The best recording is ``strace -f -ttt -T -y -o FILE``: processes (-f), times (-ttt), how
long each call took (-T), and the path of each descriptor (-y). Less is read too.
"""

from __future__ import annotations

import re

from zfstune.measurement.traces.descriptors import BIRTHS, CALLS, Call, Descriptors
from zfstune.measurement.traces.trace import UNKNOWN, TraceFormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.measurement.traces.trace import TraceRows

__all__ = ["looks_like_strace", "read_strace"]

_LINE = re.compile(
    r"\s*(?:\[pid\s+(?P<pid>\d+)\]\s+|(?P<number>\d+)\s+)?"
    r"(?:(?P<clock>\d\d:\d\d:\d\d(?:\.\d+)?)\s+|(?P<stamp>\d+\.\d+)\s+)?"
    r"(?:\(\+\s*\d+\.\d+\)\s+)?"  # -r beside another time
    r"(?:(?P<name>\w+)\((?P<rest>.*)"
    r"|<\.\.\. (?P<resumed>\w+) resumed>(?P<tail>.*)"
    r"|\+\+\+ (?P<ended>exited|killed) .*"
    r"|--- .* ---)",
    re.DOTALL,
)
_ATTACHED = re.compile(r"strace: Process (?P<pid>\d+) attached\s*$")
_TALK = re.compile(r"strace: |\[ Process PID=| > |\s*$|\[pid\s+\d+\] \?{4}|\?{4}\( ")
_UNFINISHED = "<unfinished ...>"
# A path in angle brackets has its own brackets escaped; that of a socket has an arrow,
# that of a device its numbers in brackets.
_PATH = r"<(?P<{}>[^<>]*(?:(?:->|<[^<>]*>)[^<>]*)*)>(?:\(deleted\))?"
_RESULT = re.compile(
    r"(?P<args>.*)\)\s+= (?P<result>-?\d+|0x[0-9a-f]+|\?)(?:" + _PATH.format("path") + r")?"
    r"(?: E[A-Z0-9]+ \(.*\))?(?: \([^()]*\))?(?: <(?P<took>\d+\.\d+)>)?\s*",
    re.DOTALL,
)
_FD = re.compile(r"(?P<fd>\d+)(?:" + _PATH.format("path") + r")?(?:, |$)")
_TEXT = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"(?:\.\.\.)?', re.DOTALL)
_DIRECTORY = re.compile(r"(?:AT_FDCWD|\d+)" + _PATH.format("path"))
_LAST = re.compile(r", (-?\d+)$")
_LAST_BUT_FLAGS = re.compile(r", (-?\d+), [A-Z_0-9|]+$")
_FROM_END = re.compile(r", (-?\d+), SEEK_END$")
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|([0-7]{1,3})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "v": "\v", "f": "\f", "a": "\a", "b": "\b"}
_EXPECTED = (
    "expected a call as strace prints it, such as 'pread64(3, ..., 8192, 0) = 8192 "
    "<0.000021>'"
)
_DAY_NS = 86_400 * 10**9
_EPOCH_NS = 10**17  # 1973: a smaller time stamp counts from the call before (-r)


def looks_like_strace(line: str) -> bool:
    """Tell whether a line may be the first of strace's output."""
    return _LINE.match(line) is not None or line.startswith("strace: ")


def read_strace(lines: Iterable[str], rows: TraceRows) -> None:
    """Read the lines of a trace.

    Args:
        lines: Each with its end; one without, which the death of strace cut off, is
            passed over if it cannot be read.
        rows: Where the operations go.

    Raises:
        TraceFormatError: A line is none of strace's.
    """
    descriptors = Descriptors(rows)
    times = _Times()
    begun: dict[int, tuple[int, str, str]] = {}
    attached: set[int] = set()
    for number, line in _joined(lines, attached):
        match = _LINE.fullmatch(line.rstrip("\n"))
        if match is None:
            if line.endswith("\n") and not _TALK.match(line):
                raise TraceFormatError(number, _EXPECTED)
            continue
        process = int(match["pid"] or match["number"] or 0)
        if match["pid"] and process not in attached:
            process = 0  # the first one, whose number is shown once there are others
        at_ns = times.read(match["clock"], match["stamp"])
        name, text = match["name"], match["rest"]
        if match["resumed"] is not None:
            at_ns, name, head = begun.pop(process, (at_ns, "", ""))
            text = head + match["tail"]
        elif match["ended"] is not None:
            descriptors.end(process)
        if name not in CALLS:
            continue
        if text.endswith(_UNFINISHED):
            begun[process] = at_ns, name, text.removesuffix(_UNFINISHED)
            if name in BIRTHS:
                descriptors.begin_birth(process, text)
            continue
        call = _call(process, at_ns, name, text)
        if call is not None:
            descriptors.take(call)
        elif line.endswith("\n"):
            raise TraceFormatError(number, _EXPECTED)


def _joined(lines: Iterable[str], attached: set[int]) -> Iterator[tuple[int, str]]:
    """Give each line with its number, and note the processes that strace attached to.

    On a terminal, where no -o keeps them apart, such a note may come in mid-line.
    """
    head = ""
    for number, line in enumerate(lines, 1):
        note = _ATTACHED.search(line)
        if note is None:
            yield number, head + line
            head = ""
        else:
            attached.add(int(note["pid"]))
            head += line[: note.start()]


class _Times:
    """The times of calls, of whichever kind the options of strace asked for."""

    def __init__(self) -> None:
        self._last = 0

    def read(self, clock: str | None, stamp: str | None) -> int:
        """Return nanoseconds; :data:`UNKNOWN` where the line has no time."""
        if stamp is not None:
            now = _nanoseconds(stamp)
            if now < _EPOCH_NS:
                now += self._last
        elif clock is not None:
            hours, minutes, seconds = clock.split(":")
            now = (int(hours) * 60 + int(minutes)) * 60 * 10**9 + _nanoseconds(seconds)
            now += self._last // _DAY_NS * _DAY_NS
            if now < self._last - _DAY_NS // 2:
                now += _DAY_NS  # it is past midnight
        else:
            return UNKNOWN
        self._last = now
        return now


def _nanoseconds(text: str) -> int:
    seconds, _, fraction = text.partition(".")
    return int(seconds) * 10**9 + int(fraction[:9].ljust(9, "0"))


def _call(process: int, at_ns: int, name: str, text: str) -> Call | None:
    """Read the arguments and the result of a call; None if they have another form."""
    match = _RESULT.fullmatch(text)
    if match is None:
        return None
    if match["result"] == "?":
        return Call(process, name, -1)  # it never returned
    result, took = int(match["result"], 0), match["took"]
    took_ns = UNKNOWN if took is None else _nanoseconds(took)
    args = match["args"].rstrip()
    fd, path = -1, ""
    if name in ("open", "openat", "openat2", "creat"):
        path = _unescaped(match["path"] or "") or _opened(args)
    else:
        found = _FD.match(args)
        if found is not None:
            fd, path = int(found["fd"]), _unescaped(found["path"] or "")
    flags = _TEXT.sub("", args)
    offset = UNKNOWN
    if name[0] == "p":
        place = (_LAST_BUT_FLAGS if name.endswith("2") else _LAST).search(args)
        if place is None:
            return None
        offset = int(place[1])
    distance = 0
    if name == "lseek":
        end = _FROM_END.search(args)
        distance = int(end[1]) if end else 0
    return Call(process, name, result, at_ns, took_ns, fd, path, offset, flags, distance)


def _opened(args: str) -> str:
    """Return the path that is opened, as far as the arguments tell it."""
    match = _TEXT.search(args)
    path = _unescaped(match["text"]) if match else ""
    directory = _DIRECTORY.match(args)
    if directory is None or path.startswith("/"):
        return path
    return f"{_unescaped(directory['path'])}/{path}"


def _unescaped(text: str) -> str:
    """Undo the escapes of strace, which writes bytes as C does."""
    if "\\" not in text:
        return text

    def byte(match: re.Match[str]) -> bytes:
        hexadecimal, octal, letter = match.groups()
        if letter is not None:
            return _LETTERS.get(letter, letter).encode("utf-8", "surrogateescape")
        number = int(hexadecimal, 16) if hexadecimal else int(octal, 8)
        return bytes((number & 0xFF,))

    parts, start = [], 0
    for match in _ESCAPE.finditer(text):
        parts += [
            text[start : match.start()].encode("utf-8", "surrogateescape"),
            byte(match),
        ]
        start = match.end()
    parts.append(text[start:].encode("utf-8", "surrogateescape"))
    return b"".join(parts).decode("utf-8", "surrogateescape")
