"""Calls of processes on their file descriptors, followed as the kernel follows them.

A trace names a descriptor, and for read() and write() no place in the file. So each
process has its table of descriptors here, and each open file its position: threads share
a table, a child begins with a copy of its parent's, and copies share the position.
"""

from __future__ import annotations

import re

from zfstune.measurement.traces.trace import READ, SYNC, UNKNOWN, WRITE
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.measurement.traces.trace import TraceRows

__all__ = ["BIRTHS", "CALLS", "NOT_OPENED", "NO_FILE", "Call", "Descriptors"]

_READS = frozenset(("read", "pread64", "pread", "readv", "preadv", "preadv2"))
_WRITES = frozenset(("write", "pwrite64", "pwrite", "writev", "pwritev", "pwritev2"))
_SYNCS = frozenset(("fsync", "fdatasync", "sync_file_range"))
_OF_ALL = frozenset(("sync", "syncfs"))
_OPENS = frozenset(("open", "openat", "openat2", "creat"))
_COPIES = frozenset(("dup", "dup2", "dup3", "fcntl"))
BIRTHS = frozenset(("clone", "clone3", "fork", "vfork"))
# What these move is not in a trace of calls.
_UNSEEN = frozenset(
    (
        *("io_submit", "io_uring_enter", "sendfile", "sendfile64", "splice"),
        *("copy_file_range", "msync", "mmap"),
    )
)
CALLS = frozenset(("close", "lseek")).union(
    *(_READS, _WRITES, _SYNCS, _OF_ALL, _OPENS, _COPIES, BIRTHS, _UNSEEN)
)
_NO_FILES = (
    *("/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/pts/", "/dev/ptmx"),
    *("/dev/random", "/dev/urandom", "/proc/", "/sys/", "/memfd:", "anon_inode:"),
)
_KIND_AND_NUMBER = re.compile(r"[\w-]+:\[")  # pipe:[4711], TCP:[127.0.0.1:80]
NO_FILE = "reads and writes of pipes, sockets, terminals and the like"
NOT_OPENED = "reads and writes of descriptors that the trace does not open"


@frozen
class Call:
    """A call of a process that has returned.

    Attributes:
        process: Its number; 0 where the trace has a single one.
        name: As in ``pread64``.
        result: What it returned; below zero: it failed.
        at_ns: When it began.
        took_ns: How long it took.
        fd: The descriptor that it was given; -1: none.
        path: What that descriptor leads to, or the file that is opened; may be empty.
        offset: Where the call itself says that it reads or writes; else -1.
        flags: Words of its arguments that matter: ``O_APPEND``, ``SEEK_END`` and so on,
            or all of its arguments.
        distance: How far from the end it seeks, for ``SEEK_END``.
    """

    process: int
    name: str
    result: int
    at_ns: int = UNKNOWN
    took_ns: int = UNKNOWN
    fd: int = -1
    path: str = ""
    offset: int = UNKNOWN
    flags: str = ""
    distance: int = 0


class _OpenFile:
    """An open file: what copies of a descriptor share."""

    __slots__ = ("appends", "durable", "file", "is_named", "position")

    def __init__(self, file: int, position: int, flags: str, *, is_named: bool) -> None:
        self.file = file
        self.position = position
        self.appends = "APPEND" in flags
        self.durable = "SYNC" in flags
        self.is_named = is_named


class Descriptors:
    """Turns the calls of processes into the rows of a trace.

    Args:
        rows: Where the rows go.
    """

    def __init__(self, rows: TraceRows) -> None:
        self._rows = rows
        self._tables: dict[int, dict[int, _OpenFile | None]] = {}
        self._births: list[tuple[int, bool]] = []
        self._unnamed = 0
        self._ends: dict[int, int] = {}  # the sizes of files, where they are known
        self._steps: dict[str, Callable[[Call], None]] = {
            **dict.fromkeys(_READS | _WRITES, self._move),
            **dict.fromkeys(_SYNCS, self._sync),
            **dict.fromkeys(_OF_ALL, self._sync_all),
            **dict.fromkeys(_OPENS, self._open),
            **dict.fromkeys(_COPIES, self._copy),
            **dict.fromkeys(BIRTHS, self._end_birth),
            **dict.fromkeys(_UNSEEN, self._unseen),
            "close": self._close,
            "lseek": self._seek,
        }

    def take(self, call: Call) -> None:
        """Follow a call that has returned; a failed one changes nothing."""
        if call.result >= 0:
            self._steps[call.name](call)

    def begin_birth(self, process: int, flags: str) -> None:
        """Note that a process is about to have a child, which may be seen before it."""
        self._births.append((process, _shares(flags)))

    def end(self, process: int) -> None:
        """Forget a process that has ended, since its number may be used again."""
        self._tables.pop(process, None)

    def _table(self, process: int) -> dict[int, _OpenFile | None]:
        table = self._tables.get(process)
        if table is None:
            parent, shares = self._births.pop(0) if self._births else (process, False)
            table = self._tables.get(parent, {})
            table = self._tables[process] = table if shares else dict(table)
        return table

    def _end_birth(self, call: Call) -> None:
        waiting = next((birth for birth in self._births if birth[0] == call.process), None)
        if waiting is not None:
            self._births.remove(waiting)
        if call.result and call.result not in self._tables:
            table = self._table(call.process)
            self._tables[call.result] = table if _shares(call.flags) else dict(table)

    def _open(self, call: Call) -> None:
        table = self._table(call.process)
        table[call.result] = None
        if not _is_file(call.path):
            return
        file, flags = self._file(call.path, call.result, call.process), call.flags
        table[call.result] = _OpenFile(file, 0, flags, is_named=bool(call.path))
        if (
            "TRUNC" in flags
            or ("CREAT" in flags and "EXCL" in flags)
            or call.name == "creat"
        ):
            self._ends[file] = 0

    def _file(self, path: str, fd: int, process: int) -> int:
        """Return the number of a file, of a new one where the path does not show."""
        self._unnamed += not path
        unnamed = f"file {self._unnamed}, descriptor {fd} of process {process}"
        return self._rows.file(path or unnamed)

    def _found(self, call: Call) -> _OpenFile | None:
        """Return the open file that a call is about; None where it is no file."""
        table = self._table(call.process)
        if not _is_file(call.path):
            return None
        known = table.get(call.fd)
        if known is None:
            # A descriptor that has a place is one of a file, wherever it was opened.
            if not call.path and call.name in ("read", "readv", "write", "writev"):
                return None
            file = self._file(call.path, call.fd, call.process)
            known = _OpenFile(file, UNKNOWN, "", is_named=bool(call.path))
            table[call.fd] = known
        elif call.path and not known.is_named:
            size = self._ends.pop(known.file, None)
            known.file = self._rows.is_now(known.file, call.path)
            known.is_named = True
            if size is not None:
                self._ends[known.file] = size
        elif call.path and known.file != self._rows.file(call.path):
            # The descriptor was closed and opened anew, by calls that were not traced.
            known = _OpenFile(self._rows.file(call.path), UNKNOWN, "", is_named=True)
            table[call.fd] = known
        return known

    def _move(self, call: Call) -> None:
        known = self._found(call)
        if known is None:
            opened = call.fd in self._table(call.process) or call.path
            self._rows.pass_over(NO_FILE if opened else NOT_OPENED)
            return
        if not call.result:
            return  # the end of the file
        writes = call.name in _WRITES
        offset = call.offset
        if offset < 0:
            ends = known.appends and writes
            offset = self._ends.get(known.file, UNKNOWN) if ends else known.position
            known.position = offset + call.result if offset >= 0 else UNKNOWN
        if writes and known.file in self._ends:
            if offset >= 0:
                self._ends[known.file] = max(self._ends[known.file], offset + call.result)
            else:
                del self._ends[known.file]  # the file may have grown
        self._rows.add(
            WRITE if writes else READ,
            known.file,
            offset=offset,
            size=call.result,
            at_ns=call.at_ns,
            took_ns=call.took_ns,
            durable=writes and (known.durable or "RWF_DSYNC" in call.flags),
        )

    def _sync(self, call: Call) -> None:
        known = self._found(call)
        if known is not None:
            self._rows.add(SYNC, known.file, at_ns=call.at_ns, took_ns=call.took_ns)

    def _sync_all(self, call: Call) -> None:
        self._rows.add(SYNC, UNKNOWN, at_ns=call.at_ns, took_ns=call.took_ns)

    def _copy(self, call: Call) -> None:
        if call.name != "fcntl" or "DUPFD" in call.flags:
            table = self._table(call.process)
            table[call.result] = self._found(call) if call.path else table.get(call.fd)

    def _close(self, call: Call) -> None:
        self._table(call.process).pop(call.fd, None)

    def _seek(self, call: Call) -> None:
        known = self._found(call)
        if known is not None:
            known.position = call.result
            if "END" in call.flags:
                self._ends[known.file] = call.result - call.distance

    def _unseen(self, call: Call) -> None:
        if call.name != "mmap" or ("SHARED" in call.flags and "ANON" not in call.flags):
            self._rows.pass_over(
                f"calls of {call.name}, whose reads and writes do not show"
            )


def _shares(flags: str) -> bool:
    """Tell whether a child shares the table of its parent, as threads do."""
    return "FILES" in flags


def _is_file(path: str) -> bool:
    """Tell whether a path may be one of a file or a disk; an empty one may be."""
    return not path.startswith(_NO_FILES) and not _KIND_AND_NUMBER.match(path)
