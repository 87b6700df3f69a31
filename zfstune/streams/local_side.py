"""A side of a replication that an engine reaches."""

from __future__ import annotations

import secrets
from contextlib import contextmanager, suppress

from zfstune.snapshots.take import take_named
from zfstune.streams.digest import digest
from zfstune.streams.ends import end_of, missing_end
from zfstune.streams.taken_properties import own_values
from zfstune.values.errors import AlreadyExists, InvalidValue, NotFound
from zfstune.values.frozen import replace
from zfstune.values.marks import REPLICA_PROPERTY
from zfstune.values.replication_marks import ASIDE, notes_on, target_property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from zfstune.engine.protocol import Engine
    from zfstune.streams.ends import End
    from zfstune.values.state import Bookmark, Dataset, Limits, PropertyValue, Snapshot

__all__ = ["LocalSide"]


class LocalSide:
    """An engine as a side; see :class:`zfstune.streams.side.Side` for the calls."""

    host = ""
    forces = True

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._held: frozenset[str] = frozenset()

    @property
    def file(self) -> str:
        """The path of the image."""
        return self._engine.file

    @property
    def limits(self) -> Limits:
        """Limits of the running release."""
        return self._engine.limits

    def ends(self, root: str, *, recursive: bool = False) -> list[End]:
        """Read a dataset, or it and all below it."""
        try:
            if not recursive:
                return [self._end(self._engine.dataset(root))]
            found = self._engine.datasets(root)
        except NotFound:
            return []
        return [
            replace(missing_end(d.name), exists=True, damaged=d.damaged)
            if d.damaged
            else self._end(d)
            for d in found
        ]

    def _end(self, dataset: Dataset) -> End:
        if dataset.damaged:
            return end_of(dataset, ())  # raises the reason
        engine = self._engine
        encrypted = dataset.value("encryption") not in (None, "off")
        origin = dataset.value("origin")
        token = dataset.value("receive_resume_token")
        return end_of(
            dataset,
            # Only of an encrypted snapshot a property is needed: the number of its IVs.
            engine.snapshots(dataset.name, properties=encrypted),
            engine.bookmarks(dataset.name).values(),
            origin=engine.snapshot(origin) if origin else None,
            partial=engine.read_token(token) if token else None,
        )

    def with_properties(self, end: End) -> End:
        """Read all properties of the snapshots as well."""
        snapshots = self._engine.snapshots(end.name, properties=True)
        return replace(end, snapshots=tuple(snapshots))

    def own_properties(
        self, root: str, *, recursive: bool = False, also: Collection[str] = ()
    ) -> dict[str, dict[str, PropertyValue]]:
        """Read the properties that were set on datasets."""
        engine = self._engine
        try:
            found = engine.datasets(root) if recursive else [engine.dataset(root)]
        except NotFound:
            return {}
        return {d.name: own for d in found if (own := own_values(d.properties, also))}

    def copies(self, pool: str, guids: Collection[int]) -> dict[int, Snapshot]:
        """Find snapshots of a pool by guid; the first of each guid is taken."""
        found: dict[int, Snapshot] = {}
        if not guids:
            return found
        for dataset in self._engine.datasets(pool):
            if dataset.damaged:
                continue
            for snapshot in self._engine.snapshots(dataset.name):
                if snapshot.guid in guids and snapshot.guid not in found:
                    found[snapshot.guid] = self._engine.snapshot(snapshot.name)
            if len(found) == len(guids):
                break
        return found

    def pool_guid(self, pool: str) -> int:
        """Return the guid of a pool."""
        return self._engine.pool(pool).guid

    def available_bytes(self, name: str) -> int:
        """Return the space that a dataset may still fill."""
        return int(self._engine.dataset(name).value("available") or 0)

    def bookmarks(self, name: str) -> list[Bookmark]:
        """Return the bookmarks of a dataset."""
        return list(self._engine.bookmarks(name).values())

    def guid(self, snapshot: str) -> int:
        """Return the guid of a snapshot."""
        return self._engine.snapshot(snapshot).guid

    def take_snapshots(self, datasets: Collection[str], name: str) -> list[Snapshot]:
        """Take a snapshot of each dataset, all at one instant, or none."""
        taken = take_named(self._engine, datasets, name or None)
        return list(self._engine.find_snapshots(taken, properties=True).values())

    @contextmanager
    def holding(self, snapshots: Iterable[str]) -> Iterator[None]:
        """Keep many snapshots from being destroyed during a block."""
        held = frozenset(snapshots)
        with self._hold(held):
            self._held = held
            try:
                yield
            finally:
                self._held = frozenset()

    def _hold(self, snapshots: Iterable[str]) -> AbstractContextManager[None]:
        """Hold those snapshots that are not held for the whole run already."""
        names = frozenset(snapshots) - self._held
        return self._engine.holding(names, f"zfstune-send-{secrets.token_hex(4)}")

    def send_size(self, snapshot: str, *, base: str = "", raw: bool = False) -> int:
        """Estimate the bytes of a stream."""
        return self._engine.send_size(snapshot, base=base, raw=raw)

    def send(
        self,
        snapshot: str,
        fd: int,
        *,
        base: str = "",
        raw: bool = False,
        held: Iterable[str] = (),
    ) -> None:
        """Write a snapshot to a descriptor as a stream."""
        with self._hold(held):
            self._engine.send(snapshot, fd, base=base, raw=raw)

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
        """Write the rest of the stream of a resume token, if it is of that stream."""
        partial = self._engine.read_token(token)
        guids = self.guid(snapshot), self._base_guid(base)
        if (partial.toguid, partial.fromguid) != guids or partial.raw != raw:
            raise InvalidValue(
                f"cannot resume the send of '{snapshot}': the token of the other side is "
                "of another stream",
                hint="abort the partial receive there: `zfs receive -A DATASET`",
            )
        with self._hold(held):
            self._engine.send_resumed(token, fd)

    def _base_guid(self, base: str) -> int:
        """Return the guid of a snapshot or a bookmark; 0 where there is no base."""
        dataset, hash_sign, _ = base.partition("#")
        if not hash_sign:
            return self.guid(base) if base else 0
        marks = self._engine.bookmarks(dataset)
        return marks[base].guid if base in marks else 0

    def token(self, name: str) -> str:
        """Return the resume token of a dataset."""
        return self._engine.dataset(name).value("receive_resume_token") or ""

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
        """Make a snapshot from a stream."""
        name = snapshot.partition("@")[0]
        if losing is not None and properties and name in self._engine.mounts():
            # It becomes a copy, which is not mounted; one that is in use loses nothing.
            self._engine.unmount(name)
        self._engine.receive(
            snapshot,
            fd,
            origin=origin,
            force=losing is not None,
            losing=() if losing is None else losing,
            raw=raw,
            resumable=True,
            properties=properties,
        )

    def change_properties(
        self, name: str, values: Mapping[str, str], inherited: Iterable[str]
    ) -> None:
        """Have a target inherit properties again, and set others."""
        # First: one that was set and is noted no more would count as somebody else's.
        for prop in inherited:
            self._engine.inherit(name, prop)
        if values:
            self._engine.set(name, values)

    def digest(
        self,
        snapshot: str,
        *,
        raw: bool = False,
        stopped: Callable[[], bool] = lambda: False,
        on_bytes: Callable[[int], object] = lambda _: None,
    ) -> str:
        """Digest a snapshot's content."""
        return digest(
            self._engine, snapshot, raw=raw, stopped=stopped, on_bytes=on_bytes
        ).text

    def abort_receive(self, name: str) -> None:
        """Give up the part of a stream that a receive kept."""
        self._engine.abort_receive(name)

    def change_bookmarks(self, make: Mapping[str, str], drop: Iterable[str]) -> None:
        """Make bookmarks, and then destroy others."""
        if make:
            self._engine.bookmark_all(make)
        if unneeded := tuple(drop):
            self._engine.destroy_bookmarks(unneeded)

    def note_target(self, name: str, identity: int, place: str) -> None:
        """Note on a source where a target is."""
        self._engine.set(name, {target_property(identity): place})

    def rename(self, name: str, new: str, mark: str | None = None) -> None:
        """Give a target another name, and before that its mark."""
        if mark:
            self._engine.set(name, {REPLICA_PROPERTY: mark})
        elif mark is not None:
            self._engine.inherit(name, REPLICA_PROPERTY)
        self._engine.rename(name, new)

    def make_placeholder(self, name: str, properties: Mapping[str, str]) -> None:
        """Make a filesystem without data."""
        self._engine.create(name, properties=properties)

    def put_aside(self, name: str, aside: str) -> None:
        """Rename a target, and mark it as neither target nor source."""
        self._engine.rename(name, aside)
        self._engine.set(aside, {REPLICA_PROPERTY: ASIDE})
        for note in notes_on(self._engine.dataset(aside)):
            self._engine.inherit(aside, note)

    def take_over(self, name: str) -> None:
        """Promote a target that is a clone."""
        if self._engine.dataset(name).value("origin"):
            with suppress(AlreadyExists):
                self._engine.promote(name)
