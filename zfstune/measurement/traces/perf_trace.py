"""Read what ``perf trace`` prints: a call a line, or two for one that another came into."""

from __future__ import annotations

import re

from zfstune.measurement.traces.descriptors import BIRTHS, CALLS, Call, Descriptors
from zfstune.measurement.traces.trace import UNKNOWN, TraceFormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.measurement.traces.trace import TraceRows

__all__ = ["looks_like_perf", "read_perf"]

_LINE = re.compile(
    r"\s*(?P<at>\?|\d+\.\d+) \(\s*(?:(?P<took>\d+\.\d+) ms)?\s*\):\s+"
    r"(?:(?P<comm>\S.*?)/(?P<pid>\d+) +)?"
    r"(?:\.\.\. \[continued\]: (?P<continued>\w+)\(\)(?P<end>\).*)"
    r"|(?P<name>\w+)\((?P<rest>.*))",
    re.DOTALL,
)
_TALK = re.compile(r"\s*$|LOST \d+ events!|\s*Summary of events:")
_RESULT = re.compile(
    r"(?P<args>.*)\)\s+= (?P<result>-?\d+|0x[0-9a-f]+|[A-Z][A-Z_|]*|\?|)(?:<(?P<path>.*)>)?"
    r"(?: (?:E[A-Z0-9]+ )?\(.*\))?\s*",
    re.DOTALL,
)
_NUMBERS = frozenset("-0123456789")  # others: never returned, or flags in words
_UNFINISHED = re.compile(r"(?P<args>.*?)\)?\s+\.\.\.\s*", re.DOTALL)
# The path may hold any character, so it ends where the next argument begins.
_FD = re.compile(r"fd: (?P<fd>\d+)(?:<(?P<path>.*?)>)?(?=, \w+: |$)", re.DOTALL)
_COPIED = re.compile(r"(?:fildes|oldfd): (?P<fd>\d+)(?:<(?P<path>.*?)>)?(?=, \w+: |$)")
_FILENAME = re.compile(r'(?:filename|pathname): "(?P<path>.*?)"(?=, \w+: |$)', re.DOTALL)
_PLACE = re.compile(r", (?:pos|pos_l): (?P<place>-?\d+)")
_DISTANCE = re.compile(r", offset: (?P<place>-?\d+), whence: END")
_EXPECTED = (
    "expected a call as perf trace prints it, such as '1.234 ( 0.021 ms): "
    "postgres/4711 pread64(fd: 3, count: 8192, pos: 0) = 8192'"
)


def looks_like_perf(line: str) -> bool:
    """Tell whether a line may be the first of perf trace's output."""
    return _LINE.match(line) is not None


def read_perf(lines: Iterable[str], rows: TraceRows) -> None:
    """Read the lines of a trace.

    Args:
        lines: Each with its end; one without, which was cut off, is passed over if it
            cannot be read.
        rows: Where the operations go.

    Raises:
        TraceFormatError: A line is none of perf trace's.
    """
    descriptors = Descriptors(rows)
    begun: dict[int, tuple[str, str]] = {}
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line.rstrip("\n"))
        if match is None:
            if "Summary of events:" in line:
                return
            if line.startswith("LOST "):
                rows.pass_over("gaps where perf lost calls")
            elif line.endswith("\n") and not _TALK.match(line):
                raise TraceFormatError(number, _EXPECTED)
            continue
        process = int(match["pid"] or 0)
        name, text = match["name"], match["rest"]
        if match["continued"] is not None:
            name, head = begun.pop(process, ("", ""))
            text = head + match["end"]
        if name not in CALLS:
            continue
        unfinished = _UNFINISHED.fullmatch(text)
        if unfinished is not None:
            begun[process] = name, unfinished["args"]
            if name in BIRTHS:
                descriptors.begin_birth(process, _birth_flags(name, text))
            continue
        ended = _RESULT.fullmatch(text)
        if ended is not None and ended["result"][:1] in _NUMBERS:
            times = (_nanoseconds(match["at"]), _nanoseconds(match["took"]))
            descriptors.take(_call(process, name, times, ended))
        elif ended is None and line.endswith("\n"):
            raise TraceFormatError(number, _EXPECTED)


def _nanoseconds(milliseconds: str | None) -> int:
    if milliseconds is None or milliseconds == "?":
        return UNKNOWN
    whole, _, fraction = milliseconds.partition(".")
    return int(whole) * 10**6 + int(fraction[:6].ljust(6, "0"))


def _birth_flags(name: str, args: str) -> str:
    """Return the flags of a new process.

    Those of clone3, by which libc makes threads, lie in memory that perf does not show.
    """
    return "FILES" if name == "clone3" else args


def _call(process: int, name: str, times: tuple[int, int], ended: re.Match[str]) -> Call:
    args = ended["args"]
    opens = name in ("open", "openat", "openat2", "creat")
    descriptor = (
        None if opens else (_COPIED if name.startswith("dup") else _FD).search(args)
    )
    if opens:
        filename = _FILENAME.search(args)
        path = ended["path"] or (filename["path"] if filename else "")
    else:
        path = (descriptor["path"] if descriptor else "") or ""
    place, distance = _PLACE.search(args), _DISTANCE.search(args)
    # An offset of zero is left out, as all arguments are that are zero.
    offset = (int(place["place"]) if place else 0) if name[0] == "p" else UNKNOWN
    return Call(
        process,
        name,
        int(ended["result"], 0),
        times[0],
        times[1],
        int(descriptor["fd"]) if descriptor else 0,
        path.removesuffix(" (deleted)"),
        offset,
        _birth_flags(name, args),
        int(distance["place"]) if distance else 0,
    )
