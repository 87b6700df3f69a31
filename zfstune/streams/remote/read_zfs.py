"""Questions to the zfs command of another host, and the checks of what it answers."""

from __future__ import annotations

from contextlib import contextmanager

from zfstune.streams.ends import end_of
from zfstune.streams.remote import zfs_output, zfs_words
from zfstune.streams.remote.answers import check_within
from zfstune.streams.remote.failures import lost_error
from zfstune.streams.remote.fields import BadMessageError
from zfstune.streams.remote.requests import check_token
from zfstune.streams.remote.ssh import CommandFailed
from zfstune.values.errors import InvalidValue, NotFound
from zfstune.values.frozen import replace
from zfstune.values.names import check_pool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from zfstune.streams.ends import End
    from zfstune.streams.remote.ssh import RemoteCommand, SshHost
    from zfstune.values.state import (
        Bookmark,
        Dataset,
        Limits,
        Partial,
        PropertyValue,
        Snapshot,
    )

__all__ = ["ZfsReader"]

_MOST_BYTES = 128 << 20  # a listing of a million snapshots


class ZfsReader:
    """The calls of a side that change nothing; see :class:`zfstune.streams.side.Side`.

    Args:
        reached: The host.
        keeper: The session that holds the connection which the others share.
        read_token: Reads a resume token, on this host.
    """

    def __init__(
        self, reached: SshHost, keeper: RemoteCommand, read_token: Callable[[str], Partial]
    ) -> None:
        self.host = reached.host
        self._reached = reached
        self._keeper = keeper
        self._read_token = read_token
        self._limits: Limits | None = None

    def close(self) -> None:
        """End the connection."""
        self._keeper.close()
        self._reached.close()

    def _run(
        self, operation: str, target: str, words: Iterable[str], *, properties: str = ""
    ) -> bytes:
        with self._told(operation, target, properties):
            return self._reached.run(words, most_bytes=_MOST_BYTES)
        raise AssertionError  # a failed command has raised its error

    @contextmanager
    def _told(self, operation: str, target: str, properties: str = "") -> Iterator[None]:
        """Turn what zfs says as it fails into an error of an engine."""
        try:
            yield
        except CommandFailed as failed:
            raise zfs_output.refusal_of(
                operation, self.host, target, failed.reason, properties=properties
            ) from None

    @contextmanager
    def _checked(self) -> Iterator[None]:
        """Turn what zfs cannot have printed into the error of a broken connection."""
        try:
            yield
        except (BadMessageError, InvalidValue) as error:
            reason = f"what it says cannot be used: {error}"
            raise lost_error(self.host, reason) from None

    @property
    def limits(self) -> Limits:
        """Limits that follow from the release there."""
        if self._limits is None:
            printed = self._run("ask for the release of", "zfs", ["zfs", "version"])
            with self._checked():
                self._limits = zfs_output.limits_told(printed)
        return self._limits

    def ends(self, root: str, *, recursive: bool = False) -> list[End]:
        """Read a dataset, or it and all below it."""
        words = zfs_words.properties_words(root, recursive=recursive)
        try:
            printed = self._run("read", root, words)
        except NotFound:
            return []
        kinds = "snapshot,bookmark"
        listing = zfs_words.listing_words(root, kinds, recursive=recursive)
        listed = self._run("list", root, listing)
        noted = self._run("read", root, zfs_words.notes_words(root, recursive=recursive))
        with self._checked():
            datasets = zfs_output.read_datasets(printed, zfs_output.read_notes(noted))
            snapshots, bookmarks = zfs_output.read_listed(listed)
            for name in [
                item.name for found in (datasets, snapshots, bookmarks) for item in found
            ]:
                check_within(name, root)
            by_dataset: dict[str, tuple[list[Snapshot], list[Bookmark]]] = {
                dataset.name: ([], []) for dataset in datasets
            }
            for snapshot in snapshots:  # what came or went in between is left out
                by_dataset.get(snapshot.dataset, ([], []))[0].append(snapshot)
            for mark in bookmarks:
                by_dataset.get(mark.name.partition("#")[0], ([], []))[1].append(mark)
        return [self._end(dataset, *by_dataset[dataset.name]) for dataset in datasets]

    def _end(
        self, dataset: Dataset, snapshots: list[Snapshot], bookmarks: list[Bookmark]
    ) -> End:
        if dataset.value("encryption") not in (None, "off") and snapshots:
            snapshots = self._snapshots(dataset.name)
        origin = dataset.value("origin")
        found = self._snapshots(origin)[0] if origin else None
        token = dataset.value("receive_resume_token")
        with self._checked():
            partial = self._read_token(check_token(token)) if token else None
            return end_of(dataset, snapshots, bookmarks, origin=found, partial=partial)

    def _snapshots(self, name: str) -> list[Snapshot]:
        """Read the snapshots of a dataset, or one of them, with properties."""
        with self._checked():
            words = zfs_words.properties_words(name, snapshots=True)
        printed = self._run("read", name, words)
        with self._checked():
            snapshots = zfs_output.read_snapshots(printed)
            if not snapshots:
                raise BadMessageError(f"nothing is printed about '{name}'")
        return snapshots

    def with_properties(self, end: End) -> End:
        """Read the properties of the snapshots as well."""
        return replace(end, snapshots=tuple(self._snapshots(end.name)))

    def own_properties(
        self, root: str, *, recursive: bool = False, also: Collection[str] = ()
    ) -> dict[str, dict[str, PropertyValue]]:
        """Read the properties that were set on datasets."""
        native, user = zfs_words.own_words(root, recursive=recursive, also=also)
        try:
            printed = self._run("read", root, native), self._run("read", root, user)
        except NotFound:
            return {}
        with self._checked():
            found = zfs_output.read_own(*printed, self.limits.release, also)
            return {check_within(name, root): own for name, own in found.items()}

    def copies(self, pool: str, guids: Collection[int]) -> dict[int, Snapshot]:
        """Find snapshots of a pool by guid; the first of each guid is taken."""
        if not guids:
            return {}
        words = zfs_words.listing_words(pool, "snapshot", recursive=True)
        printed = self._run("list", pool, words)
        with self._checked():
            names: dict[int, str] = {}
            for snapshot in zfs_output.read_listed(printed)[0]:
                if snapshot.guid in guids:
                    names.setdefault(snapshot.guid, check_within(snapshot.name, pool))
        return {guid: self._snapshots(name)[0] for guid, name in names.items()}

    def pool_guid(self, pool: str) -> int:
        """Return the guid of a pool."""
        words = ["zpool", "get", "-Hp", "-o", "value", "guid", check_pool(pool)]
        return self._number(self._run("read", pool, words))

    def available_bytes(self, name: str) -> int:
        """Return the space that a dataset may still fill."""
        return self._number(self._value("available", name))

    def _value(self, prop: str, name: str) -> bytes:
        return self._run("read", name, zfs_words.value_words(prop, name))

    def _number(self, printed: bytes) -> int:
        with self._checked():
            return zfs_output.read_number(printed)

    def bookmarks(self, name: str) -> list[Bookmark]:
        """Return the bookmarks of a dataset."""
        printed = self._run("list", name, zfs_words.listing_words(name, "bookmark"))
        with self._checked():
            bookmarks = zfs_output.read_listed(printed)[1]
            return [b for b in bookmarks if check_within(b.name, name)]

    def guid(self, snapshot: str) -> int:
        """Return the guid of a snapshot."""
        return self._number(self._value("guid", snapshot))
