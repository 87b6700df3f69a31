"""The calls of an engine for streams."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Protocol

    from zfstune.values.state import Partial
else:
    Protocol = object  # only a type checker looks at it; see zfstune/values/frozen.py

__all__ = ["StreamCalls"]


class StreamCalls(Protocol):
    """Calls that send and receive."""

    def send(
        self,
        snapshot: str,
        fd: int,
        *,
        base: str = "",
        raw: bool = False,
        compressed: bool = True,
        redaction: str = "",
    ) -> None:
        """Write a snapshot to a descriptor as a stream.

        A signal that raises an exception, as Ctrl-C does, ends the call even while
        nobody reads.

        Args:
            snapshot: The snapshot; or a filesystem or volume that is not mounted or
                open, which is sent as it is now, and whose copy has a snapshot
                ``@--head--``.
            fd: Any descriptor that can be written to.
            base: An earlier snapshot, or a bookmark of one: send the changes since.
            raw: Send encrypted blocks as they are, without their key; of a snapshot.
            compressed: Send blocks as they lie on disk; else the kernel unpacks them.
            redaction: The full name of a redaction bookmark of the snapshot: leave out
                the data that it lists. The copy cannot be mounted unless a later stream
                brings that data.
        """

    def send_resumed(self, token: str, fd: int) -> str:
        """Write the rest of the stream of a resume token; return its snapshot's name."""

    def send_saved(self, name: str, fd: int) -> None:
        """Write the part of a stream that a receive kept when it broke off.

        The stream has no end, so a receive of it breaks off there too, and keeps it.

        Args:
            name: The dataset that the part waits in.
            fd: Any descriptor that can be written to.

        Raises:
            NotFound: No receive broke off there.
            InvalidValue: The base of an incremental is gone.
        """

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

    def send_size(
        self,
        snapshot: str,
        *,
        base: str = "",
        raw: bool = False,
        compressed: bool = True,
        redaction: str = "",
    ) -> int:
        """Estimate the bytes of a stream that :meth:`send` writes with the same choices."""

    def redact(self, snapshot: str, bookmark: str, snapshots: Iterable[str]) -> None:
        """Make a redaction bookmark, which lists data that a send leaves out.

        A clone of the snapshot is made, what nobody shall see is overwritten or deleted
        in it, and a snapshot of the clone is taken: the blocks of the first snapshot that
        the other one lacks are left out.

        Args:
            snapshot: The snapshot to send.
            bookmark: The full name of the bookmark, of the snapshot's dataset.
            snapshots: One or more snapshots of clones of it.
        """

    def heal(self, snapshot: str, fd: int, *, raw: bool = False) -> None:
        """Repair damaged blocks of a snapshot from a stream of it; since 2.2.

        Nothing else changes: blocks that can be read stay.

        Args:
            snapshot: The damaged snapshot.
            fd: A descriptor with a stream of the same snapshot, by guid.
            raw: The stream is raw; one of an encrypted snapshot must be, unless its key
                is loaded.
        """

    def receive(
        self,
        snapshot: str,
        fd: int,
        *,
        header: bytes = b"",
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
            header: The first record of the stream, where it was read already.
            origin: Receive an incremental as a clone of this snapshot.
            force: Roll the dataset back to the base first. All later writes are lost,
                and each snapshot that is newer than the base is destroyed; a full
                stream replaces the dataset with all of its snapshots.
            losing: Full names of the snapshots that `force` may destroy.
            raw: Take encrypted blocks as they are.
            resumable: Keep the received part if the stream ends early; the property
                ``receive_resume_token`` then tells where to go on.
            properties: Properties to set here (source ``local``), as ``zfs receive -o``
                does: on a new dataset they count from its first moment on. Of
                ``encryption`` it may be ``off``, below a dataset that is encrypted.
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

    def exercise(self, name: str, fd: int) -> int:
        """Write and read bare objects of a filesystem of an image.

        They go the way of a file's data, through records, compression and the cache, and
        no directory has them. A measurement fills a dataset so that nothing mounts.

        Args:
            name: The filesystem.
            fd: A descriptor with operations, in the form of
                :mod:`zfstune.values.object_operations`, up to its end.

        Returns:
            How many operations were carried out.

        Raises:
            NotSupported: It lies in a pool of the kernel, which takes files.
            RefusedValue: An operation makes no sense; those before it were carried out.
        """
