"""The common base of two ends, and the bookmarks by which the source keeps it.

The base is the newest snapshot of the target that the source still has, as a snapshot or
as a bookmark. Guids decide alone: either side may have renamed its snapshots, and a
snapshot made anew under an old name is another one.

:mod:`zfstune.values.replication_marks` has the names of these bookmarks.
"""

from __future__ import annotations

from zfstune.values.frozen import frozen, replace
from zfstune.values.replication_marks import BaseMark, read_mark
from zfstune.values.state import Bookmark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zfstune.streams.ends import End
    from zfstune.values.state import Snapshot

__all__ = [
    "Base",
    "BaseMark",
    "BookmarkChanges",
    "find_base",
    "marks_for",
    "read_mark",
    "settle_bookmarks",
]


@frozen
class Base:
    """A snapshot that both sides have.

    Attributes:
        sent: The snapshot on the source, or a bookmark of it where the snapshot is gone.
        received: The snapshot on the target.
    """

    sent: Snapshot | Bookmark
    received: Snapshot


@frozen
class BookmarkChanges:
    """Bookmarks on the source to make, and then those to destroy.

    Attributes:
        make: The full name of each new bookmark, with that of the snapshot or bookmark
            which it is made of.
        drop: Full names of bookmarks that no transfer to the target needs any more.
    """

    make: Mapping[str, str]
    drop: tuple[str, ...]

    def with_tentative(
        self, source: End, identity: int, snapshots: Iterable[Snapshot]
    ) -> BookmarkChanges:
        """Return these changes and the bookmarks of snapshots that will be on their way.

        Args:
            source: The source as it is after these changes.
            identity: The identity of the target.
            snapshots: Snapshots of the source.

        Raises:
            InvalidName: The name of the source is too long for a bookmark on it.
        """
        there = {*map(read_mark, source.bookmarks)}
        make = dict(self.make)
        for snapshot in snapshots:
            mark = BaseMark(identity, snapshot.guid, tentative=True)
            if not {mark, replace(mark, tentative=False)} & there:
                make[mark.on(source.name)] = snapshot.name
        return BookmarkChanges(make, self.drop)

    def applied_to(self, source: End) -> End:
        """Return the source as it is after these changes."""
        sources: dict[str, Snapshot | Bookmark] = {s.name: s for s in source.snapshots}
        sources |= {mark.name: mark for mark in source.bookmarks}
        made = [
            Bookmark(name, sources[made_of].guid, sources[made_of].createtxg, 0)
            for name, made_of in self.make.items()
        ]
        left = [mark for mark in source.bookmarks if mark.name not in self.drop]
        marks = sorted([*left, *made], key=lambda mark: (mark.createtxg, mark.name))
        return replace(source, bookmarks=tuple(marks))


def find_base(source: End, target: End) -> Base | None:
    """Find the newest snapshot of the target that the source has too.

    A snapshot on the source comes before its bookmarks, and of several bookmarks the
    first by name is taken.
    """
    sent: dict[int, Snapshot | Bookmark] = {s.guid: s for s in source.snapshots}
    for bookmark in source.bookmarks:
        sent.setdefault(bookmark.guid, bookmark)
    for snapshot in reversed(target.snapshots):
        if snapshot.guid in sent:
            return Base(sent[snapshot.guid], snapshot)
    return None


def marks_for(source: End, target: End) -> dict[str, BaseMark]:
    """Return the marks of zfstune's bookmarks for one target, by full name."""
    marks = ((bookmark.name, read_mark(bookmark)) for bookmark in source.bookmarks)
    return {
        name: mark
        for name, mark in marks
        if mark is not None and mark.target == target.identity
    }


def settle_bookmarks(source: End, target: End) -> BookmarkChanges:
    """Decide which bookmarks the source keeps for a target, as both are now.

    The base gets a confirmed bookmark, a copy of a bookmark if the snapshot is gone.
    Bookmarks for this target that are older than the base go, and so does the tentative
    one of the base, and one that a promotion has carried to another dataset of the
    lineage. A tentative bookmark of a newer snapshot stays: its stream may be on the way.
    Where there is no common base nothing changes, since nobody knows what
    will turn out to be one.

    Args:
        source: The source, which may be a whole lineage.
        target: The target as it is after a transfer, or before the next one.

    Raises:
        InvalidName: The name of the source is too long for a bookmark on it.
    """
    base = find_base(source, target)
    if base is None:
        return BookmarkChanges({}, ())
    kept = BaseMark(target.identity, base.sent.guid).on(source.name)
    marks = marks_for(source, target)
    createtxg = {bookmark.name: bookmark.createtxg for bookmark in source.bookmarks}
    drop = tuple(
        name
        for name, mark in marks.items()
        if createtxg[name] < base.sent.createtxg
        or (mark.snapshot == base.sent.guid and name != kept)
    )
    return BookmarkChanges({} if kept in marks else {kept: base.sent.name}, drop)
