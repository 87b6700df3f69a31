"""The calls that zfstune makes to ZFS.

:class:`Engine` is the seam: everything above this package works on an engine and on the
values of :mod:`zfstune.values.state`. :func:`zfstune.engine.open.open_engine` opens one.
"""

from __future__ import annotations

from zfstune.values.errors import Busy, EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime
    from typing import Protocol, Self

    from zfstune.values.state import (
        Bookmark,
        Dataset,
        Limits,
        Mount,
        Partial,
        Place,
        PoolInfo,
        Snapshot,
    )
else:
    Protocol = object  # only a type checker looks at it; see zfstune/values/frozen.py

__all__ = ["Engine", "InUse", "ProgramError", "UnreadError"]


class ProgramError(EngineError):
    """A channel program could not run, or not to its end.

    The same change may still be possible without a program.
    """


class InUse(Busy):
    """The files of a snapshot are in use, or it is only mounted below ``.zfs``.

    :meth:`Engine.destroy_snapshots` unmounts it first, where that can be done.
    """


class UnreadError(EngineError):
    """The reader of a stream has closed it before its end: the send is not the cause."""


class Engine(Protocol):
    """The calls that zfstune makes to ZFS.

    Property values are text, the way ``zfs get -p`` prints them (``8192``, ``lz4``); a
    call also takes ``8K``. A call that fails raises a subclass of
    :class:`~zfstune.values.errors.EngineError`, or
    :class:`~zfstune.values.errors.BatchError` where it takes many targets. Values are
    checked before ZFS sees them (:class:`~zfstune.values.errors.InvalidValue`).
    """

    def __enter__(self) -> Self:
        """Return the engine itself."""

    def __exit__(self, *exc: object) -> None:
        """Close the engine."""

    @property
    def limits(self) -> Limits:
        """Limits that follow from the running release."""

    def pools(self) -> tuple[str, ...]:
        """Return the names of the imported pools, sorted."""

    def pool(self, name: str) -> PoolInfo:
        """Return the vdevs, features, space and health of a pool."""

    def exists(self, name: str) -> bool:
        """Tell whether a dataset or snapshot of that name exists."""

    def dataset(self, name: str) -> Dataset:
        """Return one filesystem or volume with all its properties."""

    def datasets(self, root: str, *, recursive: bool = True) -> list[Dataset]:
        """Return `root` and all below it (or `root` alone), parents before children.

        A recursive listing has datasets that are damaged on disk too, with the reason
        in ``Dataset.damaged``.
        """

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

    def create(
        self,
        name: str,
        *,
        properties: Mapping[str, str] | None = None,
        volume: bool = False,
        parents: bool = False,
    ) -> None:
        """Create a filesystem, or a volume of the size that ``volsize`` gives."""

    def set(self, name: str, properties: Mapping[str, str]) -> None:
        """Set properties, in one transaction where ZFS allows it."""

    def inherit(self, name: str, prop: str, *, received: bool = False) -> None:
        """Remove a local value; with `received`, go back to the received one."""

    def destroy(self, name: str) -> None:
        """Destroy one filesystem or volume that has no children and no snapshots."""

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

    def rename(self, old: str, new: str) -> None:
        """Rename a dataset or, within its dataset, a snapshot."""

    def clone(
        self, snapshot: str, name: str, *, properties: Mapping[str, str] | None = None
    ) -> None:
        """Make a dataset out of a snapshot; the two share their blocks."""

    def promote(self, name: str) -> None:
        """Turn a clone into the owner of the snapshot it came from."""

    def rollback(self, snapshot: str) -> None:
        """Bring a dataset back to its newest snapshot, which must be this one."""

    def hold(self, snapshots: Iterable[str], tag: str) -> None:
        """Keep snapshots from being destroyed until `tag` is released."""

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

    def send(
        self,
        snapshot: str,
        fd: int,
        *,
        base: str = "",
        raw: bool = False,
        compressed: bool = True,
    ) -> None:
        """Write a snapshot to a descriptor as a stream.

        A signal that raises an exception, as Ctrl-C does, ends the call even while
        nobody reads.

        Args:
            snapshot: The snapshot.
            fd: Any descriptor that can be written to.
            base: An earlier snapshot, or a bookmark of one: send the changes since.
            raw: Send encrypted blocks as they are, without their key.
            compressed: Send blocks as they lie on disk; else the kernel unpacks them.
        """

    def send_resumed(self, token: str, fd: int) -> str:
        """Write the rest of the stream of a resume token; return its snapshot's name."""

    def read_token(self, token: str) -> Partial:
        """Read the property ``receive_resume_token``: the stream that broke off.

        Raises:
            InvalidValue: It is no token, or of a stream that zfstune does not resume.
        """

    def abort_receive(self, name: str) -> None:
        """Give up the part of a stream that a receive kept when it broke off.

        Args:
            name: The dataset. Where no receive has ever been completed there, it is
                nothing but that part, and is destroyed.

        Raises:
            NotFound: No receive broke off there.
        """

    def send_size(self, snapshot: str, *, base: str = "", raw: bool = False) -> int:
        """Estimate the bytes of a stream."""

    def receive(
        self,
        snapshot: str,
        fd: int,
        *,
        origin: str = "",
        force: bool = False,
        losing: Iterable[str] = (),
        raw: bool = False,
        resumable: bool = False,
        properties: Mapping[str, str] | None = None,
        received: Mapping[str, str] | None = None,
        excluded: Iterable[str] = (),
    ) -> None:
        """Make a snapshot from a stream that is read from a descriptor.

        A property of the stream is set only where `received` has it.

        Args:
            snapshot: Its name; the dataset is new, or unchanged since the base.
            fd: The descriptor.
            origin: Receive an incremental as a clone of this snapshot.
            force: Roll the dataset back to the base first. All later writes are lost,
                and each snapshot that is newer than the base is destroyed; a full
                stream replaces the dataset with all of its snapshots.
            losing: Full names of the snapshots that `force` may destroy.
            raw: Take encrypted blocks as they are.
            resumable: Keep the received part if the stream ends early; the property
                ``receive_resume_token`` then tells where to go on.
            properties: Properties to set here (source ``local``), as ``zfs receive -o``
                does: on a new dataset they count from its first moment on.
            received: Properties that came with the stream, which the caller has read
                (source ``received``). They replace those of all earlier receives; None
                leaves those, and an empty mapping removes them. Local values stay.
            excluded: Properties that are not taken from the stream, as with ``zfs
                receive -x``: one that can be inherited is, now and after later receives,
                unless it was set here.

        Raises:
            InvalidProperty: A property is unknown, not for this kind of dataset, or has
                an invalid value; nothing has changed.
            EngineError: Also where the snapshot has arrived and a property could not be
                set: its operation is ``set`` then.
            PlanError: `force` would destroy snapshots that `losing` does not name;
                nothing has changed.
        """

    def object_path(self, snapshot: str, number: int) -> str | None:
        """Return a path of an object of a filesystem's snapshot, below its mountpoint.

        A file that has several links has the path of one of them. None: the object is
        no file, or nothing leads to it, or it cannot be read, or this user may not ask
        (it takes the permission ``diff``).
        """

    def reclaim_size(self, first: str, last: str) -> int:
        """Compute the bytes that destroying `first` to `last` would free."""

    def run_program(
        self,
        pool: str,
        program: str,
        arguments: Mapping[str, object] | None = None,
        *,
        sync: bool = True,
        instructions: int = ...,
        memory_bytes: int = ...,
    ) -> object:
        """Run a channel program (man/man8/zfs-program.8); return its result."""

    def mounts(self) -> dict[str, Mount]:
        """Return the mounted filesystems of this mount namespace by dataset."""

    def places(self, paths: Iterable[str]) -> dict[str, Place]:
        """Return where paths lead, and the obstacles to a mount there."""

    def mount(self, name: str, *, hide: bool = True) -> str:
        """Mount a filesystem where its properties say; return the path.

        Args:
            name: The filesystem.
            hide: Mount over a directory that is not empty, where ``overlay`` is on.
        """

    def give(
        self,
        name: str,
        *,
        uid: int | None = None,
        gid: int | None = None,
        mode: int | None = None,
    ) -> None:
        """Give the root directory of a mounted filesystem its owner and mode."""

    def remount(self, name: str) -> str:
        """Make a mount follow its properties as they are now; return the path."""

    def unmount(self, name: str, *, force: bool = False) -> None:
        """Unmount a filesystem."""

    def close(self) -> None:
        """Close the engine; it takes no more calls."""
