"""The calls of an engine for snapshots, holds and bookmarks."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime
    from typing import Protocol

    from zfstune.values.errors import EngineError
    from zfstune.values.object_stats import ObjectStats
    from zfstune.values.state import Bookmark, Snapshot
else:
    Protocol = object  # only a type checker looks at it; see zfstune/values/frozen.py

__all__ = ["SnapshotCalls"]


class SnapshotCalls(Protocol):
    """Calls for snapshots, holds and bookmarks, most of them for many at once."""

    def snapshot(self, name: str) -> Snapshot:
        """Return one snapshot with all its properties."""

    def snapshots(
        self, dataset: str, *, properties: bool = False, dated: bool = False
    ) -> list[Snapshot]:
        """Return the snapshots of one dataset, oldest first by createtxg.

        Args:
            dataset: The filesystem or volume.
            properties: Read all properties of each snapshot, which is slow.
            dated: Read ``creation`` at least, which is as slow except in an image.
        """

    def find_snapshots(
        self, names: Iterable[str], *, properties: bool = False
    ) -> dict[str, Snapshot]:
        """Return the named snapshots that exist, by name."""

    def snapshot_numbers(self, datasets: Iterable[str]) -> dict[str, dict[str, int]]:
        """Return numbers that identify snapshots, read without opening the snapshots.

        Returns:
            For each mounted filesystem whose ``.zfs`` can be read: short name to
            number. A snapshot keeps its number when it is renamed. After it was
            destroyed, a snapshot of a later transaction group may get the number.
        """

    def take_snapshots(
        self, names: Iterable[str], *, properties: Mapping[str, str] | None = None
    ) -> None:
        """Take snapshots of many datasets of one pool at one instant, or none."""

    def destroy_snapshots(self, names: Iterable[str], *, defer: bool = False) -> None:
        """Destroy many snapshots of one pool in one transaction, or none.

        Names that do not exist are ignored, as ZFS does. Signals wait until the call is
        done; only SIGKILL can stop it half way.
        """

    def destroy_exactly(
        self,
        snapshots: Mapping[str, int],
        *,
        survivors: Iterable[str] = (),
        marks: Mapping[str, Mapping[str, str]] | None = None,
    ) -> dict[str, EngineError]:
        """Destroy snapshots of one pool, each only if it still has its guid.

        A channel program looks at guids, holds and clones in the transaction that
        destroys. A snapshot that cannot be destroyed does not keep the others.

        Args:
            snapshots: Name to guid.
            survivors: Names of snapshots: where one is missing, nothing of its dataset
                is destroyed.
            marks: Dataset to user properties to set on it in the same transaction,
                if there is room for them.

        Returns:
            The error for each snapshot that was not destroyed: it was gone before
            (NotFound), is held or cloned (Busy), is in use (InUse), or was made anew.

        Raises:
            ProgramError: The program could not run, as for want of root, or not to
                its end; nothing was destroyed.
            EngineError: The pool takes no change at all; unless it was an I/O error,
                nothing was destroyed.
        """

    def rollback(self, snapshot: str) -> None:
        """Bring a dataset back to its newest snapshot, which must be this one."""

    def hold(self, snapshots: Iterable[str], tag: str) -> None:
        """Keep snapshots from being destroyed until `tag` is released."""

    def hold_all(self, tag_of: Mapping[str, str]) -> None:
        """Hold snapshots of one pool, each by a tag of its own.

        Args:
            tag_of: Each snapshot and its tag.

        Raises:
            BatchError: It names each snapshot that could not be held. Where snapshots do
                not exist, the others are held; else none is.
        """

    def holding(self, snapshots: Iterable[str], tag: str) -> AbstractContextManager[None]:
        """Hold snapshots during a ``with`` block, and no longer than this process lives.

        The kernel ends the holds when the block ends or the process dies, even by
        SIGKILL; a process that was forked in the block keeps them up until it ends or
        runs another program. After a power cut the next import ends them.

        In an image the block ends them by their snapshots' names. If the process dies
        first, or a snapshot was renamed in the block, they end when the image is opened
        the next time.

        Args:
            snapshots: The snapshots, all of one pool.
            tag: The tag, which none of them has yet.

        Raises:
            BatchError: A snapshot could not be held; none is.
        """

    def release(self, snapshots: Iterable[str], tag: str) -> None:
        """Remove a hold."""

    def release_all(self, tags_of: Mapping[str, Iterable[str]]) -> None:
        """Remove holds of snapshots of one pool.

        Args:
            tags_of: Each snapshot and its tags.

        Raises:
            BatchError: It names each snapshot that does not exist or lacks a tag; all
                other holds are removed.
        """

    def holds(self, snapshot: str) -> dict[str, datetime]:
        """Return the tags that hold a snapshot, and when each was set, in UTC."""

    def bookmark(self, snapshot: str, bookmark: str) -> None:
        """Remember a snapshot's place as the base of an incremental send."""

    def bookmark_all(self, sources: Mapping[str, str]) -> None:
        """Make many bookmarks in one pool in one transaction, or none.

        Args:
            sources: Each bookmark's full name, and the snapshot that it is of or the
                bookmark that it is a copy of. A source lies in the bookmark's dataset or
                in one that it was cloned from.

        Raises:
            BatchError: It names each bookmark that could not be made; none was.
        """

    def bookmarks(self, dataset: str) -> dict[str, Bookmark]:
        """Return the bookmarks of a dataset by full name."""

    def destroy_bookmarks(self, names: Iterable[str]) -> None:
        """Destroy many bookmarks of one pool in one transaction, or none.

        Names that do not exist are ignored, as ZFS does.
        """

    def object_stats(self, snapshot: str, number: int) -> ObjectStats | None:
        """Return the path of an object of a filesystem's snapshot, its kind and links.

        None: the object is no file, or nothing leads to it, or it cannot be read, or
        this user may not ask (it takes the permission ``diff``).
        """

    def changed_objects(self, base: str, snapshot: str) -> list[int]:
        """Return the numbers of the objects that differ between two snapshots.

        Args:
            base: An earlier snapshot of the same dataset, or of one that it was cloned
                from.
            snapshot: The snapshot.

        Returns:
            Objects that were made, changed or removed; some may be as they were.

        Raises:
            RefusedValue: The base is not earlier, or no ancestor of the snapshot.
        """

    def reclaim_size(self, first: str, last: str) -> int:
        """Compute the bytes that destroying `first` to `last` would free."""
