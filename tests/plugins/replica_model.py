"""A plain model of two datasets and the kernel's rules for streams between them.

Each side has a head and snapshots, and their contents are numbers. A receive is refused
here by the rules of ``module/zfs/dmu_recv.c``, which know nothing of what was decided: a
transfer that breaks one of them fails the test.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING

from zfstune.streams.ends import End, Replica
from zfstune.streams.steps import Resume
from zfstune.values.state import NONE, Bookmark, Partial, PropertyValue, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zfstune.streams.steps import Full, Incremental

_NUMBERS = count(1_000_003, 7)


def number() -> int:
    """Give a number that nothing else has: a guid, or a set of IVs."""
    return next(_NUMBERS)


@dataclass(frozen=True)
class Kept:
    """A snapshot, or what a bookmark remembers of one."""

    guid: int
    txg: int
    content: int
    ivset: int
    written: int = 0


@dataclass
class Side:
    """One dataset, or the place for one, on one pool."""

    name: str
    exists: bool = True
    encrypted: bool = False
    shows_ivsets: bool = True
    guid: int = field(default_factory=number)
    txg: int = 1
    head: int = 0
    snapshots: dict[str, Kept] = field(default_factory=dict)
    bookmarks: dict[str, Kept] = field(default_factory=dict)
    origin: tuple[str, Kept] | None = None
    partial: Partial | None = None
    replica: Replica | None = None

    @property
    def newest(self) -> Kept | None:
        """The newest snapshot."""
        return max(self.snapshots.values(), key=lambda kept: kept.txg, default=None)

    @property
    def is_modified(self) -> bool:
        """Whether the head differs from the newest snapshot."""
        newest = self.newest
        return newest is not None and newest.content != self.head

    def write(self) -> None:
        """Change the head."""
        self.head = number()

    def take(self, short: str) -> None:
        """Take a snapshot; a name that is taken gets a longer one."""
        while short in self.snapshots:
            short += "x"
        self.txg += 1
        newest = self.newest
        written = 4096 if newest is None or newest.content != self.head else 0
        ivset = number() if self.encrypted else 0
        self.snapshots[short] = Kept(number(), self.txg, self.head, ivset, written)

    def rename(self, old: str, new: str) -> None:
        """Rename a snapshot, if the new name is free."""
        if new not in self.snapshots:
            self.snapshots[new] = self.snapshots.pop(old)

    def roll_back(self, short: str) -> None:
        """Roll back to a snapshot; newer snapshots and bookmarks go, as ZFS wants it."""
        kept = self.snapshots[short]
        self.head = kept.content
        for found in (self.snapshots, self.bookmarks):
            for name in [n for n, k in found.items() if k.txg > kept.txg]:
                del found[name]

    def make_bookmark(self, name: str, made_from: str) -> None:
        """Make a bookmark of a snapshot or of another bookmark, by full names."""
        dataset, _, short = name.partition("#")
        assert dataset == self.name
        assert short not in self.bookmarks
        self.bookmarks[short] = self.find(made_from)

    def find(self, name: str) -> Kept:
        """Find a snapshot, a bookmark or the origin by its full name."""
        if self.origin is not None and name == self.origin[0]:
            return self.origin[1]
        dataset, snapshot, short = name.partition("@")
        if snapshot:
            assert dataset == self.name
            return self.snapshots[short]
        dataset, _, short = name.partition("#")
        assert dataset == self.name
        return self.bookmarks[short]

    def end(self) -> End:
        """Give what an engine says of this side."""
        if not self.exists:
            return End(self.name, exists=False)
        snapshots = [self._listed(name, kept) for name, kept in self.snapshots.items()]
        bookmarks = [
            Bookmark(f"{self.name}#{name}", kept.guid, kept.txg, 0)
            for name, kept in self.bookmarks.items()
        ]
        origin = self.origin
        return End(
            name=self.name,
            exists=True,
            guid=self.guid,
            kind="filesystem",
            snapshots=tuple(sorted(snapshots, key=lambda s: s.createtxg)),
            bookmarks=tuple(sorted(bookmarks, key=lambda m: m.createtxg)),
            origin=None if origin is None else self.shown(origin[0], origin[1]),
            encrypted=self.encrypted,
            written_bytes=512 if self.is_modified else 0,
            partial=self.partial,
            replica=self.replica,
        )

    def _listed(self, short: str, kept: Kept) -> Snapshot:
        return self.shown(f"{self.name}@{short}", kept)

    def shown(self, name: str, kept: Kept) -> Snapshot:
        """Give a snapshot as an engine lists it."""
        values = {"written": str(kept.written)}
        values["encryption"] = "on" if kept.ivset else "off"
        if kept.ivset and self.shows_ivsets:
            values["ivsetguid"] = str(kept.ivset)
        found = {prop: PropertyValue(value, NONE) for prop, value in values.items()}
        return Snapshot(name, kept.guid, kept.txg, 0, found)


@dataclass
class Wire:
    """The way from one side to the other."""

    source: Side
    target: Side
    copies: Mapping[str, Kept]
    in_flight: tuple[Kept, Kept | None] | None = None
    target_parent_encrypted: bool = False

    def send(self, step: Full | Incremental | Resume, identity: int) -> Iterator[None]:
        """Carry one stream over; whoever stops after a yield has broken it off."""
        sent = self.source.find(step.snapshot.name)
        base = None if step.base is None else self.source.find(step.base.name)
        assert sent.guid == step.snapshot.guid
        assert base is None or base.txg < sent.txg
        raw = step.raw
        assert not raw or self.source.encrypted
        target = self.target
        if isinstance(step, Resume):
            assert self.in_flight is not None
            assert target.partial is not None
            assert (self.in_flight[0].guid, target.partial.raw) == (sent.guid, raw)
            begun_from = self.in_flight[1]
            assert (begun_from and begun_from.guid) == (base and base.guid)
        else:
            assert target.partial is None, "a receive waits to be resumed"
            self._begin(step, base)
            target.partial = Partial(
                step.snapshot.name, sent.guid, base.guid if base else 0, raw
            )
            self.in_flight = sent, base
            if not target.snapshots:
                target.replica = Replica(identity, raw)
        yield
        self._end(step, sent, base)

    def _begin(self, step: Full | Incremental, base: Kept | None) -> None:
        """Check as dmu_recv_begin_check() does, and make a new dataset."""
        target, raw = self.target, step.raw
        if base is None or step.origin:
            assert not target.exists, "the target exists"
            if base is not None:
                copy = self.copies[step.origin]
                assert copy.guid == base.guid, "the origin is another one"
                assert not raw or copy.ivset == base.ivset, "sets of IVs differ"
                assert raw or not copy.ivset or copy.ivset != base.ivset
                target.encrypted, target.head = bool(copy.ivset), copy.content
            else:
                target.encrypted = raw or self.target_parent_encrypted
            target.exists, target.guid = True, number()
            return
        received = {kept.guid: kept for kept in target.snapshots.values()}
        assert base.guid in received, "the base is missing"
        copy = received[base.guid]
        assert copy == target.newest, "there are newer snapshots"
        assert not target.is_modified, "the target was modified"
        assert target.encrypted or not raw
        if raw:
            assert copy.ivset == base.ivset, "sets of IVs differ"
        else:
            assert not copy.ivset or copy.ivset != base.ivset, "a raw chain ends"

    def _end(
        self, step: Full | Incremental | Resume, sent: Kept, base: Kept | None
    ) -> None:
        """Check as dmu_recv_end_check() does, and make the snapshot."""
        target = self.target
        assert not target.is_modified or not target.snapshots
        newest = target.newest
        assert newest is None or (base is not None and newest.guid == base.guid)
        dataset, _, short = step.received.partition("@")
        assert dataset == target.name
        assert short not in target.snapshots, "the name is taken"
        target.txg += 1
        target.head = sent.content
        ivset = number() if target.encrypted else 0
        ivset = sent.ivset if step.raw else ivset
        target.snapshots[short] = replace(sent, txg=target.txg, ivset=ivset)
        target.partial = self.in_flight = None

    def abort(self) -> None:
        """Give up what waits to be resumed; a dataset that is no more goes with it."""
        target = self.target
        assert target.partial is not None
        target.partial = self.in_flight = None
        if not target.snapshots:
            target.exists, target.replica, target.encrypted = False, None, False
