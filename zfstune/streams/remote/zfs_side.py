"""A side of a replication on a host that has the zfs command and no zfstune.

A snapshot that is being sent there is kept by the kernel itself: it refuses to destroy
one (dsl_destroy_snapshot_check_impl() in module/zfs/dsl_destroy.c asks for long holds,
which dmu_send_impl() takes). A hold by name would outlive a connection that breaks, so
none is made. A receive is never forced: what zfs would destroy then could change between
a look and the receive.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime

from zfstune.streams.digest import digest_stream
from zfstune.streams.ends import end_of
from zfstune.streams.remote import zfs_output, zfs_words
from zfstune.streams.remote.answers import check_within
from zfstune.streams.remote.failures import forced_error, lost_error
from zfstune.streams.remote.fields import BadMessageError
from zfstune.streams.remote.requests import check_token
from zfstune.streams.remote.ssh import NO_INPUT, CommandFailed
from zfstune.streams.remote.ssh_words import remote_line
from zfstune.values.errors import (
    AlreadyExists,
    BatchError,
    EngineError,
    InvalidValue,
    NotFound,
)
from zfstune.values.frozen import replace
from zfstune.values.marks import auto_name
from zfstune.values.names import check_dataset, check_pool
from zfstune.values.replication_marks import ASIDE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

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

__all__ = ["ZfsSide"]

_MOST_BYTES = 128 << 20  # a listing of a million snapshots
_USERPROP = "userprop"  # the permission for zfstune's own properties


class ZfsSide:
    """The zfs command as a side; see :class:`zfstune.streams.side.Side`.

    Args:
        reached: The host.
        keeper: The session that holds the connection which the others share.
        read_token: Reads a resume token, on this host.
    """

    file = ""
    forces = False

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

    def take_snapshots(self, datasets: Collection[str], name: str) -> list[Snapshot]:
        """Take a snapshot of each dataset, all at one instant, or none."""
        short = name or auto_name(datetime.now(UTC))
        taken = [f"{dataset}@{short}" for dataset in datasets]
        self._run("take a snapshot of", taken[0], zfs_words.snapshot_words(taken))
        return [found for name in taken for found in self._snapshots(name)]

    def holding(self, snapshots: Iterable[str]) -> AbstractContextManager[None]:  # noqa: ARG002
        """Do nothing (see above)."""
        return nullcontext()

    def send_size(self, snapshot: str, *, base: str = "", raw: bool = False) -> int:
        """Estimate the bytes of a stream."""
        words = zfs_words.send_words(snapshot, base, raw=raw, estimate=True)
        printed = self._run("send", snapshot, words)
        with self._checked():
            return zfs_output.size_told(printed)

    def send(
        self,
        snapshot: str,
        fd: int,
        *,
        base: str = "",
        raw: bool = False,
        held: Iterable[str] = (),  # noqa: ARG002 (see above)
    ) -> None:
        """Write a snapshot to a descriptor as a stream."""
        self._send(snapshot, zfs_words.send_words(snapshot, base, raw=raw), fd)

    def send_resumed(
        self,
        token: str,
        fd: int,
        *,
        snapshot: str,
        base: str = "",  # noqa: ARG002 (zfs finds it by the token)
        raw: bool = False,  # noqa: ARG002 (as the token says)
        held: Iterable[str] = (),  # noqa: ARG002 (see above)
    ) -> None:
        """Write the rest of the stream of a resume token."""
        self._send(snapshot, zfs_words.resume_words(token), fd)

    def _send(self, snapshot: str, words: list[str], fd: int) -> None:
        command = self._reached.start(remote_line(words), source=NO_INPUT)
        with self._told("send", snapshot):
            command.pass_output_to(fd)

    def token(self, name: str) -> str:
        """Return the resume token of a dataset."""
        printed = self._value("receive_resume_token", name)
        with self._checked():
            token = zfs_output.read_value(printed)
            return check_token(token) if token else ""

    def receive(
        self,
        snapshot: str,
        fd: int,
        *,
        origin: str = "",
        losing: Iterable[str] | None = None,
        raw: bool = False,  # noqa: ARG002 (zfs sees that by the stream)
        properties: Mapping[str, str] | None = None,
    ) -> None:
        """Make a snapshot from a stream."""
        dataset = snapshot.partition("@")[0]
        if losing is not None:
            raise forced_error(self.host, check_dataset(dataset))
        line = remote_line(zfs_words.receive_words(snapshot, origin, properties))
        command = self._reached.start(line, source=fd)
        with self._told("receive", snapshot):
            said = command.run_to_its_end()
        unset = zfs_output.unset_told(said, self.host, snapshot)
        if unset is not None:
            raise unset

    def change_properties(
        self, name: str, values: Mapping[str, str], inherited: Iterable[str]
    ) -> None:
        """Have a target inherit properties again, and set others."""
        changed = ",".join((*values, *inherited))
        for words in zfs_words.change_words(name, values, inherited):
            self._run("set", name, words, properties=changed)

    def digest(
        self,
        snapshot: str,
        *,
        raw: bool = False,
        stopped: Callable[[], bool] = lambda: False,
    ) -> str:
        """Digest a snapshot's content here; its whole stream is read for that."""
        line = remote_line(zfs_words.content_words(snapshot, raw=raw))
        command = self._reached.start(line, source=NO_INPUT)
        try:
            with self._told("send", snapshot), self._checked():
                try:
                    found = digest_stream(command.out, snapshot, stopped=stopped)
                except InvalidValue:
                    command.check()  # the stream ended early: zfs knows the reason
                    raise
                if not stopped():
                    command.check()
        finally:
            command.close(at_once=True)
        return found.text

    def abort_receive(self, name: str) -> None:
        """Give up the part of a stream that a receive kept."""
        self._run("abort the receive of", name, zfs_words.abort_words(name))

    def change_bookmarks(self, make: Mapping[str, str], drop: Iterable[str]) -> None:
        """Make bookmarks one by one, and then destroy others.

        One that is there already is of the same snapshot, whose guid its name has.

        Raises:
            BatchError: Some were not made; the others were.
        """
        failures: list[EngineError] = []
        for bookmark, words in zfs_words.bookmark_words(make, drop):
            done = AlreadyExists if bookmark in make else NotFound
            if failures and bookmark not in make:
                break  # nothing goes whose successor may be missing
            verb = "bookmark" if bookmark in make else "destroy bookmark"
            try:
                self._run(verb, bookmark, words)
            except done:
                pass
            except EngineError as error:
                failures.append(error)
        if failures:
            raise BatchError(operation="change bookmarks", failures=failures)

    def note_target(self, name: str, identity: int, place: str) -> None:
        """Note on a source where a target is."""
        words = zfs_words.note_words(name, identity, place)
        self._run("set", name, words, properties=_USERPROP)

    def rename(self, name: str, new: str, mark: str | None = None) -> None:
        """Give a target another name, and before that its mark."""
        if mark is not None:
            self._mark(name, mark)
        self._run("rename", name, zfs_words.rename_words(name, new))

    def _mark(self, name: str, mark: str) -> None:
        self._run("set", name, zfs_words.mark_words(name, mark), properties=_USERPROP)

    def make_placeholder(self, name: str, properties: Mapping[str, str]) -> None:
        """Make a filesystem without data."""
        self._run("create", name, zfs_words.create_words(name, properties))

    def put_aside(self, name: str, aside: str) -> None:
        """Rename a target, and mark it as neither target nor source."""
        self.rename(name, aside)
        self._mark(aside, ASIDE)
        noted = self._run("read", aside, zfs_words.notes_words(aside))
        for note in zfs_output.read_notes(noted).get(aside, ()):
            words = ["zfs", "inherit", note, aside]
            self._run("set", aside, words, properties=_USERPROP)

    def take_over(self, name: str) -> None:
        """Promote a target that is a clone."""
        printed = self._value("origin", name)
        with self._checked():
            origin = zfs_output.read_value(printed)
        if origin:
            with suppress(AlreadyExists):
                self._run("promote", name, ["zfs", "promote", check_dataset(name)])
