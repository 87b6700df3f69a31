"""A trace: what an application read, wrote and synced, one row an operation, in arrays."""

from __future__ import annotations

from array import array

import numpy as np

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["READ", "SYNC", "UNKNOWN", "WRITE", "Trace", "TraceFormatError", "TraceRows"]

READ, WRITE, SYNC = range(3)
UNKNOWN = -1


class TraceFormatError(ValueError):
    """A line is not of the format of its trace.

    Args:
        number: The line, from 1.
        expected: What should have stood there.
    """

    def __init__(self, number: int, expected: str) -> None:
        super().__init__(f"line {number}: {expected}")
        self.number = number
        self.expected = expected


@frozen
class Trace:
    """What an application did, in the order in which it was done.

    Each array has an entry for each operation.

    Attributes:
        format: What recorded it, such as ``strace``.
        at_ns: When the operation began, in nanoseconds since the first;
            :data:`UNKNOWN` in all entries where the trace has no times.
        took_ns: How long it took; :data:`UNKNOWN` where the trace does not tell.
        kinds: :data:`READ`, :data:`WRITE` or :data:`SYNC`.
        files: The file, an index of `names`; :data:`UNKNOWN` for a sync of all files.
        offsets: Where in the file, in bytes; :data:`UNKNOWN` at the position of a file
            that was open before the trace began, or at the end of a file of unknown size.
        sizes: Bytes that were read or written.
        durable: Whether a write was a sync too, as on a file opened with O_DSYNC.
        names: The files.
        passed_over: Calls that say too little, counted by a few words about them.
    """

    format: str
    at_ns: NDArray[np.int64]
    took_ns: NDArray[np.int64]
    kinds: NDArray[np.int8]
    files: NDArray[np.int32]
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]
    durable: NDArray[np.bool_]
    names: tuple[str, ...]
    passed_over: Mapping[str, int]


class TraceRows:
    """The rows of a trace while it is read: 38 bytes each."""

    def __init__(self) -> None:
        self.passed_over: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._same_as: list[int] = []
        self._offsets, self._sizes = array("q"), array("q")
        self._at_ns, self._took_ns = array("q"), array("q")
        self._kinds, self._durable = array("b"), array("b")
        self._files = array("i")

    def file(self, name: str) -> int:
        """Return the number of a file; a new one for a name that was not there."""
        number = self._numbers.setdefault(name, len(self._names))
        if number == len(self._names):
            self._names.append(name)
            self._same_as.append(number)
        return number

    def is_now(self, number: int, name: str) -> int:
        """Note that a file that had no proper name has this one; return its number."""
        self._same_as[number] = self.file(name)
        return self._same_as[number]

    def pass_over(self, what: str) -> None:
        """Count a call that the trace says too little of."""
        self.passed_over[what] = self.passed_over.get(what, 0) + 1

    def add(
        self,
        kind: int,
        file: int,
        *,
        offset: int = UNKNOWN,
        size: int = 0,
        at_ns: int = UNKNOWN,
        took_ns: int = UNKNOWN,
        durable: bool = False,
    ) -> None:
        """Add an operation."""
        self._kinds.append(kind)
        self._files.append(file)
        self._offsets.append(offset)
        self._sizes.append(size)
        self._at_ns.append(at_ns)
        self._took_ns.append(took_ns)
        self._durable.append(durable)

    def trace(self, format_name: str) -> Trace:
        """Return the trace."""
        offsets, sizes, at_ns, took_ns = (
            np.frombuffer(column, np.int64) if column else np.zeros(0, np.int64)
            for column in (self._offsets, self._sizes, self._at_ns, self._took_ns)
        )
        kinds = np.array(self._kinds, np.int8)
        # One name may have led to another. UNKNOWN, the last entry, leads to itself.
        same_as = np.array([*self._same_as, UNKNOWN], np.int32)
        files = same_as[np.array(self._files, np.int32)]
        used = np.unique(files[files >= 0])
        places = np.full(len(same_as), UNKNOWN, np.int32)
        places[used] = np.arange(len(used), dtype=np.int32)
        known = at_ns[at_ns >= 0]
        return Trace(
            format_name,
            at_ns - known.min() if len(known) == len(at_ns) and len(known) else at_ns,
            took_ns,
            kinds,
            places[files],
            offsets,
            sizes,
            np.array(self._durable, np.bool_),
            tuple(self._names[number] for number in used),
            dict(self.passed_over),
        )
