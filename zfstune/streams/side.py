"""One side of a replication: the datasets of this host, of an image, or of another host.

:class:`Side` has the calls that a replication makes, and no others: another host grants
these, and each is one exchange with it. ``local_side`` makes them on an engine.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from contextlib import AbstractContextManager
    from typing import Protocol

    from zfstune.streams.ends import End
    from zfstune.values.state import Bookmark, Limits, PropertyValue, Snapshot
else:
    Protocol = object  # only a type checker looks at it; see zfstune/values/frozen.py

__all__ = ["Side"]


class Side(Protocol):
    """The calls that a replication makes to one of its sides.

    Streams of several datasets run at once, so :meth:`send`, :meth:`receive` and all that
    comes before and after a stream are called from several threads. Those for all
    datasets at once (:meth:`ends`, :meth:`take_snapshots`, :meth:`change_bookmarks`,
    :meth:`holding`, :meth:`rename`) are made by the caller's thread, before and after.

    What a side returns was checked (:func:`zfstune.streams.ends.end_of`), also where it
    came from another host. A call that fails raises a subclass of
    :class:`~zfstune.values.errors.EngineError`.
    """

    @property
    def host(self) -> str:
        """The other host as ssh knows it; empty: this one."""

    @property
    def file(self) -> str:
        """The path of the image that its datasets are in; empty: they are in none."""

    @property
    def forces(self) -> bool:
        """Whether a receive there can be forced to lose snapshots, those named alone."""

    @property
    def limits(self) -> Limits:
        """Limits that follow from the release that runs there."""

    def ends(self, root: str, *, recursive: bool = False) -> list[End]:
        """Read a dataset, or it and all below it, parents before children.

        Returns:
            Nothing where `root` does not exist. A dataset of a tree that is damaged on
            disk has the reason in ``End.damaged``.

        Raises:
            InvalidName: No dataset can have that name.
            EngineError: A dataset cannot be read.
        """

    def with_properties(self, end: End) -> End:
        """Return an end whose snapshots have all of their properties; slow to read.

        They tell whether snapshots that are in the way hold any change.
        """

    def own_properties(
        self, root: str, *, recursive: bool = False, also: Collection[str] = ()
    ) -> dict[str, dict[str, PropertyValue]]:
        """Read the properties that were set on datasets, as far as a copy may take them.

        Args:
            root: The dataset.
            recursive: Whether those below it are read, too.
            also: Names of further properties to read.

        Returns:
            Those of each dataset that has some, as
            :func:`zfstune.streams.taken_properties.own_values` chooses them; nothing
            where `root` does not exist.
        """

    def copies(self, pool: str, guids: Collection[int]) -> dict[int, Snapshot]:
        """Find snapshots of a pool by guid; return them with their properties."""

    def pool_guid(self, pool: str) -> int:
        """Return the guid of a pool."""

    def available_bytes(self, name: str) -> int:
        """Return the space that a dataset may still fill.

        Raises:
            NotFound: There is no such dataset.
        """

    def bookmarks(self, name: str) -> list[Bookmark]:
        """Return the bookmarks of a dataset as they are now."""

    def guid(self, snapshot: str) -> int:
        """Return the guid of a snapshot as it is now."""

    def take_snapshots(self, datasets: Collection[str], name: str) -> list[Snapshot]:
        """Take a snapshot of each dataset, all at one instant, or none.

        Args:
            datasets: Datasets of one pool.
            name: The name behind the ``@``; empty: one with the time in UTC.

        Returns:
            The snapshots, those of encrypted datasets with their properties.
        """

    def holding(self, snapshots: Iterable[str]) -> AbstractContextManager[None]:
        """Keep many snapshots of one pool from being destroyed during a block.

        It is one exchange for a whole run, and the holds end with the process at the
        latest. A side that cannot promise that may do nothing here: :meth:`send` holds
        what it needs in any case.

        Raises:
            BatchError: It names each snapshot that could not be held; none is.
        """

    def send_size(self, snapshot: str, *, base: str = "", raw: bool = False) -> int:
        """Estimate the bytes of a stream."""

    def send(
        self,
        snapshot: str,
        fd: int,
        *,
        base: str = "",
        raw: bool = False,
        held: Iterable[str] = (),
    ) -> None:
        """Write a snapshot to a descriptor as a stream.

        Args:
            snapshot: The snapshot.
            fd: Any descriptor that can be written to; it stays open.
            base: An earlier snapshot, or a bookmark of one: send the changes since.
            raw: Send encrypted blocks as they are, without their key.
            held: Snapshots that nobody can destroy until the call has returned.
        """

    def send_resumed(
        self,
        token: str,
        fd: int,
        *,
        snapshot: str,
        base: str = "",
        raw: bool = False,
        held: Iterable[str] = (),
    ) -> None:
        """Write the rest of the stream of a resume token.

        The token comes from the other side, so it has to be of the stream that was
        chosen on this one: a token can ask for any snapshot, decrypted too.

        Args:
            token: The token.
            fd: Any descriptor that can be written to; it stays open.
            snapshot: The snapshot that the stream is of.
            base: Its base, as for :meth:`send`.
            raw: Whether it is raw.
            held: As for :meth:`send`.

        Raises:
            InvalidValue: The token is of another stream.
        """

    def token(self, name: str) -> str:
        """Return the resume token of a dataset as it is now; empty: none."""

    def receive(
        self,
        snapshot: str,
        fd: int,
        *,
        origin: str = "",
        losing: Iterable[str] | None = None,
        raw: bool = False,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        """Make a snapshot from a stream; a part of it is kept if it ends early.

        Args:
            snapshot: Its name; the dataset is new, or unchanged since the base.
            fd: The descriptor to read from; it stays open.
            origin: Receive an incremental as a clone of this snapshot.
            losing: Roll the dataset back to the base first, which may destroy these
                snapshots and no others, by full name. None: lose nothing.
            raw: Take encrypted blocks as they are.
            properties: Properties to set on a new dataset (source ``local``).
        """

    def change_properties(
        self, name: str, values: Mapping[str, str], inherited: Iterable[str]
    ) -> None:
        """Have a target inherit properties again, and set others, all at once.

        Args:
            name: The target.
            values: Properties to set, zfstune's note of them among these.
            inherited: Names of properties to inherit.
        """

    def digest(
        self,
        snapshot: str,
        *,
        raw: bool = False,
        stopped: Callable[[], bool] = lambda: False,
        on_bytes: Callable[[int], object] = lambda _: None,
    ) -> str:
        """Digest a snapshot's content, as :func:`zfstune.streams.digest.digest` does.

        Args:
            snapshot: The snapshot.
            raw: Digest the ciphertext, which takes no key.
            stopped: Tells whether to give up; the text is of no use then.
            on_bytes: Called with the number of bytes each time some were read on this
                host; where another host reads them nobody counts.

        Returns:
            The text of the digest: equal texts mean equal content.
        """

    def abort_receive(self, name: str) -> None:
        """Give up the part of a stream that a receive kept when it broke off."""

    def change_bookmarks(self, make: Mapping[str, str], drop: Iterable[str]) -> None:
        """Make bookmarks, all or none, and then destroy others.

        Args:
            make: The full name of each new bookmark, with that of the snapshot or
                bookmark which it is made of.
            drop: Full names of bookmarks; those that are gone already are ignored.
        """

    def note_target(self, name: str, identity: int, place: str) -> None:
        """Note on a source where a target is (:mod:`zfstune.streams.place`)."""

    def rename(self, name: str, new: str, mark: str | None = None) -> None:
        """Give a target another name; all below it goes along.

        Args:
            name: The target.
            new: Its new name.
            mark: The mark of a copy, for a target that was put aside and comes back;
                empty: it loses the one that it has. None: it keeps that.
        """

    def make_placeholder(self, name: str, properties: Mapping[str, str]) -> None:
        """Make a filesystem without data, below which others are received."""

    def put_aside(self, name: str, aside: str) -> None:
        """Rename a target, and mark it as neither target nor source.

        It may have been the source before roles were changed. What zfstune noted on it
        would claim the copy of the dataset that takes its place.
        """

    def take_over(self, name: str) -> None:
        """Make a target the owner of the snapshots that it shares with its origin.

        It stays a clone where it is none, or where both have a snapshot of one name.
        """
