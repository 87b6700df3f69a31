"""The changes between two snapshots: dataset by dataset, in bytes and in paths.

Which change an object stands for is decided as ``zfs diff`` does it
(lib/libzfs/libzfs_diff.c), by what ZFS says of the object in either snapshot.
"""

from __future__ import annotations

import stat

from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.size import format_size
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.values.object_stats import ObjectStats
    from zfstune.values.state import Snapshot

__all__ = [
    "ADDED",
    "CHANGED",
    "GONE",
    "MODIFIED",
    "NEW",
    "REMOVED",
    "RENAMED",
    "SAME",
    "ChangesBetween",
    "DatasetChanges",
    "PathChange",
    "check_order",
    "path_changes",
]

ADDED, REMOVED, MODIFIED, RENAMED = "added", "removed", "modified", "renamed"
SAME, CHANGED, NEW, GONE = "same", "changed", "new", "gone"

_SIGNS = {ADDED: "+", REMOVED: "-", MODIFIED: "M", RENAMED: "R"}
_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "link",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFBLK: "block device",
    stat.S_IFCHR: "character device",
}
# zfs_obj_to_path_impl() in module/zfs/zfs_znode.c: where extended attributes lie in a
# directory of their own, this is its name below the file.
_ATTRIBUTES = "/<xattrdir>"


@frozen
class PathChange:
    """A change that a path shows.

    Attributes:
        kind: ``added``, ``removed``, ``modified`` or ``renamed``.
        what: ``file``, ``directory``, ``link`` and so on.
        path: The path below the mountpoint, in the later snapshot if it is there.
        old_path: The path in the earlier snapshot, of what was renamed; else empty.
        links: How many links more (or, below 0, fewer) lead to it than before.
    """

    kind: str
    what: str
    path: str
    old_path: str = ""
    links: int = 0

    def to_dict(self) -> dict[str, object]:
        """Return the change in JSON's types."""
        return {
            "change": self.kind,
            "what": self.what,
            "path": self.path,
            "old_path": self.old_path or None,
            "links": self.links,
        }

    @property
    def line(self) -> str:
        """The change for people, with escapes for what would not be one line."""
        renamed = f" (was {shown(self.old_path)})" if self.old_path else ""
        links = f" ({self.links:+} links)" if self.links else ""
        return f"{_SIGNS[self.kind]} {self.what} {shown(self.path)}{renamed}{links}"


@frozen
class DatasetChanges:
    """The changes to one dataset.

    Attributes:
        dataset: Its name.
        before: Full name of the earlier snapshot; empty: the dataset has none.
        after: Full name of the later snapshot; empty: the dataset has none.
        size_bytes: The estimated bytes of a stream from one to the other, or, for a
            dataset without the earlier snapshot, of all that it has.
        changed: Whether anything differs, be it only the time of an access.
        paths: The changes by path; empty for a volume.
    """

    dataset: str
    before: str
    after: str
    size_bytes: int = 0
    changed: bool = False
    paths: tuple[PathChange, ...] = ()

    @property
    def status(self) -> str:
        """``new`` or ``gone`` where a snapshot is missing, else ``changed`` or ``same``."""
        if not self.before:
            return NEW
        if not self.after:
            return GONE
        return CHANGED if self.changed else SAME

    def to_dict(self) -> dict[str, object]:
        """Return the changes in JSON's types."""
        return {
            "dataset": self.dataset,
            "status": self.status,
            "before": self.before or None,
            "after": self.after or None,
            "size_bytes": self.size_bytes,
            "paths": [change.to_dict() for change in self.paths],
        }

    def lines(self) -> Iterator[str]:
        """Yield the changes for people."""
        size = format_size(self.size_bytes, exact=False)
        texts = {
            NEW: f"has no earlier snapshot; it holds {size}",
            GONE: "has no later snapshot",
            SAME: "no change",
            CHANGED: f"changed, about {size}",
        }
        yield f"{self.dataset}: {texts[self.status]}"
        for change in self.paths:
            yield f"  {change.line}"


@frozen
class ChangesBetween:
    """The changes to all datasets that were looked at, in the order of their names."""

    datasets: tuple[DatasetChanges, ...]

    @property
    def any(self) -> bool:
        """Whether there is any change."""
        return any(changes.status != SAME for changes in self.datasets)

    def to_dict(self) -> dict[str, object]:
        """Return the changes in JSON's types."""
        return {
            "datasets": [changes.to_dict() for changes in self.datasets],
            "size_bytes": sum(changes.size_bytes for changes in self.datasets),
        }

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """Yield the changes for people."""
        for changes in self.datasets:
            yield from changes.lines()


def check_order(before: Snapshot, after: Snapshot) -> None:
    """Refuse two snapshots of one dataset in the wrong order.

    Raises:
        PlanError: The first is not older than the second.
    """
    if before.dataset != after.dataset or before.createtxg < after.createtxg:
        return
    if before.guid == after.guid:
        raise PlanError(
            f"cannot compare '{before.name}' with itself",
            hint=f"zfstune snapshots {for_shell(before.dataset)} lists the others",
        )
    first, second = for_shell(after.name), for_shell(before.name)
    raise PlanError(
        f"cannot compare '{before.name}' with '{after.name}': the first is the newer one",
        hint=f"zfstune diff {first} {second}",
    )


def path_changes(
    objects: Iterable[tuple[ObjectStats | None, ObjectStats | None]],
) -> tuple[PathChange, ...]:
    """Decide which changes objects stand for, sorted by path.

    Args:
        objects: What ZFS says of each object in the earlier and in the later snapshot;
            None: it is not there, or no file.
    """
    found: dict[PathChange, None] = {}
    for before, after in objects:
        for change in _changes_of(_linked(before), _linked(after)):
            found[_of_owner(change)] = None
    return tuple(sorted(found, key=lambda change: (change.path, change.kind)))


def _linked(stats: ObjectStats | None) -> ObjectStats | None:
    """Return None for a file that was deleted and only open."""
    return stats if stats is not None and stats.links else None


def _changes_of(
    before: ObjectStats | None, after: ObjectStats | None
) -> Iterator[PathChange]:
    if before is None or after is None or _is_other(before, after):
        if before is not None:
            yield PathChange(REMOVED, _kind(before), before.path)
        if after is not None:
            yield PathChange(ADDED, _kind(after), after.path)
        return
    if (before.changed_s, before.changed_ns) == (after.changed_s, after.changed_ns):
        return  # only another object in the same block of objects has changed
    links = 0 if stat.S_ISDIR(after.mode) else after.links - before.links
    if links:
        # With a link more or fewer, another one of them may give the path now.
        kept = before if links > 0 else after
        yield PathChange(MODIFIED, _kind(after), kept.path, links=links)
    elif before.path != after.path:
        yield PathChange(RENAMED, _kind(after), after.path, before.path)
    else:
        yield PathChange(MODIFIED, _kind(after), after.path)


def _is_other(before: ObjectStats, after: ObjectStats) -> bool:
    """Tell whether a number belongs to another file than before."""
    return before.generation != after.generation or _kind(before) != _kind(after)


def _of_owner(change: PathChange) -> PathChange:
    """Turn a change to a directory of extended attributes into one to its file."""
    owner, found, _ = change.path.partition(_ATTRIBUTES)
    return PathChange(MODIFIED, "file", owner) if found else change


def _kind(stats: ObjectStats) -> str:
    return _KINDS.get(stat.S_IFMT(stats.mode), "object")
