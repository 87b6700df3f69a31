"""The plan of a run: the files that it writes anew, and what that costs and gains."""

from __future__ import annotations

from zfstune.values.frozen import frozen
from zfstune.values.size import format_size
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.measurement.retuning.found_file import FoundFile
    from zfstune.measurement.retuning.gain import Gain

__all__ = ["History", "Left", "Pinned", "RetunePlan", "count_of", "left_lines", "pinned"]

_NANO = 1_000_000_000


@frozen
class Left:
    """A file that stays as it is.

    Attributes:
        path: Its path below the root of the dataset.
        reason: Why.
    """

    path: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        """Return the same in JSON's types."""
        return {"path": self.path, "reason": self.reason}


@frozen
class History:
    """Snapshots that keep the old blocks of a file that is written anew.

    Attributes:
        snapshots: How many the dataset has; that which a clone came from is one of them.
        newest_s: When the newest was taken, in seconds since 1970.
        pool_checkpoint: The pool has a checkpoint, which keeps all blocks.
    """

    snapshots: int = 0
    newest_s: int = 0
    pool_checkpoint: bool = False


@frozen
class Pinned:
    """The old blocks that snapshots keep, so that a run frees nothing of them.

    Attributes:
        least_bytes: Those of files that have not changed since the newest snapshot.
        most_bytes: Those of all files that are written anew, where there is a snapshot.
    """

    least_bytes: int
    most_bytes: int

    def __str__(self) -> str:
        least, most = (
            format_size(size, exact=False) for size in (self.least_bytes, self.most_bytes)
        )
        return least if least == most else f"{least} to {most}"


def pinned(files: Iterable[FoundFile], history: History) -> Pinned:
    """Compute the space that snapshots will keep."""
    found = tuple(files)
    total = sum(file.used_bytes for file in found)
    if history.pool_checkpoint:
        return Pinned(total, total)
    if not history.snapshots:
        return Pinned(0, 0)
    older = (f for f in found if f.changed_ns < history.newest_s * _NANO)
    return Pinned(sum(file.used_bytes for file in older), total)


@frozen
class RetunePlan:
    """A run that is to come.

    Attributes:
        dataset: The filesystem.
        path: Where it is mounted.
        record_bytes: Its recordsize of today.
        compression: Its compression of today.
        looked_at: How many files it has.
        files: Those that are written anew, in the order of the run.
        left: Those that would be, and cannot.
        gains: What changes, one for each block size.
        history: The snapshots.
        free_bytes: The free space of the pool.
        floor_bytes: The free space at which the run stops.
        leftovers: How many files a killed run has left, which go first.
    """

    dataset: str
    path: str
    record_bytes: int
    compression: str
    looked_at: int
    files: tuple[FoundFile, ...]
    left: tuple[Left, ...]
    gains: tuple[Gain, ...]
    history: History
    free_bytes: int
    floor_bytes: int
    leftovers: int = 0

    @property
    def size_bytes(self) -> int:
        """The bytes that are read and written."""
        return sum(file.size_bytes for file in self.files)

    @property
    def pinned(self) -> Pinned:
        """The space that snapshots will keep."""
        return pinned(self.files, self.history)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Return the plan for people."""
        record = format_size(self.record_bytes)
        head = f"{self.dataset}: recordsize {record}, compression {self.compression}"
        lines = [head]
        if self.leftovers:
            lines.append(
                f"  a killed run left {self.leftovers} files, which are settled first"
            )
        if not self.files:
            lines.append(f"  nothing to do: looked at {count_of(self.looked_at)}")
        else:
            lines += self._work()
        return lines + left_lines(self.left)

    def _work(self) -> list[str]:
        size, used, after, free, floor = (
            format_size(number, exact=False)
            for number in (
                self.size_bytes,
                sum(gain.used_bytes for gain in self.gains),
                sum(gain.used_after_bytes for gain in self.gains),
                self.free_bytes,
                self.floor_bytes,
            )
        )
        count = f"{len(self.files)} of {count_of(self.looked_at)}"
        disk = f"{used} on disk now, about {after} afterwards"
        lines = [f"  {count} to write anew: {size}, {disk}"]
        for gain in self.gains:
            lines += gain.lines()
        return [*lines, self._pins(), f"  {free} are free; the run stops at {floor}"]

    def _pins(self) -> str:
        kept = self.pinned
        if self.history.pool_checkpoint:
            return f"  the pool's checkpoint keeps the old blocks: {kept}"
        if not self.history.snapshots:
            return "  no snapshot keeps the old blocks"
        many = self.history.snapshots
        if many == 1:
            return f"  the snapshot keeps the old blocks until it is destroyed: {kept}"
        return f"  {many} snapshots keep the old blocks until they are destroyed: {kept}"

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        kept = self.pinned
        return {
            "dataset": self.dataset,
            "path": self.path,
            "recordsize_bytes": self.record_bytes,
            "compression": self.compression,
            "files": len(self.files),
            "files_looked_at": self.looked_at,
            "size_bytes": self.size_bytes,
            "gains": [gain.to_dict() for gain in self.gains],
            "snapshots": self.history.snapshots,
            "pool_checkpoint": self.history.pool_checkpoint,
            "pinned_least_bytes": kept.least_bytes,
            "pinned_most_bytes": kept.most_bytes,
            "free_bytes": self.free_bytes,
            "keep_free_bytes": self.floor_bytes,
            "leftovers": self.leftovers,
            "left": [left.to_dict() for left in self.left],
        }


def left_lines(left: Iterable[Left]) -> list[str]:
    """Name each file that stays as it is, for people."""
    return [f"  left: {shown(each.path)}: {each.reason}" for each in left]


def count_of(count: int) -> str:
    """Return a number of files, for people."""
    return f"{count} file" if count == 1 else f"{count} files"
