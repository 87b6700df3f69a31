"""An engine with streams, made of lists, that can be stopped before any of its calls.

It keeps the rules of a receive that replication relies on (recv_begin_check_existing_impl()
in module/zfs/dmu_recv.c): the base is there, nothing is newer unless it is forced, and a
full stream needs a name that is free.
"""

from __future__ import annotations

import errno
import json
import os
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Self, cast

from model_pool import pool_info
from zfstune.engine._errno import engine_error
from zfstune.values.errors import BatchError, NotFound
from zfstune.values.frozen import replace
from zfstune.values.properties import DEFAULT_LIMITS
from zfstune.values.state import (
    LOCAL,
    NONE,
    Bookmark,
    Dataset,
    Partial,
    PropertyValue,
    Snapshot,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import PoolInfo


class Killed(BaseException):
    """Stands for the end of the process before a call."""


class StreamEngine:
    """One pool; see Engine for the calls.

    Attributes:
        taken: Dataset to its snapshots, oldest first.
        marks: Dataset to its bookmarks by full name.
        local: Dataset to the properties that were set on it.
        origins: Clone to the full name of its origin.
        held: Snapshots that are held now.
        kinds: The kind of each dataset that is no filesystem.
        damaged: Datasets that cannot be read.
        left: How many calls are made before the process is killed; None: all.
        calls: The calls that wait for the pool, by name.
        available: The property of that name, of each dataset.
    """

    limits = DEFAULT_LIMITS
    file = ""
    _numbers = count(1)

    def __init__(self, pool: str) -> None:
        self.pool_name = pool
        self.guids: dict[str, int] = {}
        self.taken: dict[str, list[Snapshot]] = {}
        self.marks: dict[str, dict[str, Bookmark]] = {}
        self.local: dict[str, dict[str, str]] = {}
        self.origins: dict[str, str] = {}
        self.held: set[str] = set()
        self.kinds: dict[str, str] = {}
        self.damaged: set[str] = set()
        self.written: dict[str, int] = {}
        self.left: int | None = None
        self.calls: list[str] = []
        self.available = 1 << 40
        self.add(pool)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    @property
    def zfs(self) -> Engine:
        """The same, for a type checker."""
        return cast("Engine", self)

    def add(self, name: str, *snapshots: str) -> None:
        """Make a dataset with snapshots of these short names."""
        self.guids[name] = next(self._numbers)
        self.taken[name], self.marks[name], self.local[name] = [], {}, {}
        for short in snapshots:
            self.take(f"{name}@{short}")

    def take(self, name: str, guid: int = 0) -> None:
        """Take a snapshot."""
        number = next(self._numbers)
        snapshot = Snapshot(name, guid or number, number, 0, {})
        self.taken[name.partition("@")[0]].append(snapshot)

    def shorts(self, name: str) -> list[str]:
        """Return the short names of a dataset's snapshots."""
        return [snapshot.short_name for snapshot in self.taken[name]]

    def _call(self, name: str = "") -> None:
        self.calls.append(name)
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Killed

    def pools(self) -> tuple[str, ...]:
        """Return its one pool."""
        return (self.pool_name,)

    def pool(self, name: str) -> PoolInfo:
        """Return a pool."""
        return replace(pool_info(), name=name, mountable=False)

    def exists(self, name: str) -> bool:
        """Tell whether a dataset exists."""
        return name in self.taken

    def dataset(self, name: str) -> Dataset:
        """Return a dataset, or say that there is none."""
        if name not in self.taken:
            raise engine_error("read", name, errno.ENOENT)
        values = {n: PropertyValue(v, LOCAL) for n, v in self.local[name].items()}
        values["available"] = PropertyValue(str(self.available), NONE)
        values["written"] = PropertyValue(str(self.written.get(name, 0)), NONE)
        if name in self.origins:
            values["origin"] = PropertyValue(self.origins[name], NONE)
        if name in self.damaged:
            return Dataset(name, "filesystem", 0, 0, {}, damaged="it is damaged")
        kind = self.kinds.get(name, "filesystem")
        return Dataset(name, kind, self.guids[name], self.guids[name], values)

    def datasets(self, root: str) -> list[Dataset]:
        """Return a dataset and all below it."""
        return [self.dataset(n) for n in self.taken if f"{n}/".startswith(f"{root}/")]

    def mounts(self) -> dict[str, object]:
        """Return nothing: it mounts nothing."""
        return {}

    def take_snapshots(
        self, names: Iterable[str], *, properties: Mapping[str, str]
    ) -> None:
        """Take snapshots."""
        self._call("take_snapshots")
        assert properties
        wanted = list(names)
        if there := [name for name in wanted if self._has(name)]:
            errors = [engine_error("snapshot", name, errno.EEXIST) for name in there]
            raise BatchError(operation="snapshot", failures=errors)
        for name in wanted:
            self.take(name)

    def find_snapshots(
        self, names: Iterable[str], *, properties: bool
    ) -> dict[str, Snapshot]:
        """Return the named snapshots."""
        assert properties
        return {name: self.snapshot(name) for name in names}

    def create(self, name: str, *, properties: Mapping[str, str]) -> None:
        """Make a filesystem."""
        self._call("create")
        assert name.rpartition("/")[0] in self.taken
        self.add(name)
        self.local[name].update(properties)

    def snapshots(
        self, name: str, *, properties: bool = False, dated: bool = False
    ) -> list[Snapshot]:
        """Return the snapshots of a dataset."""
        del properties, dated
        return list(self.taken[name])

    def _has(self, name: str) -> bool:
        dataset = name.partition("@")[0]
        return name in [snapshot.name for snapshot in self.taken.get(dataset, ())]

    def snapshot(self, name: str) -> Snapshot:
        """Return one snapshot."""
        for snapshot in self.taken.get(name.partition("@")[0], ()):
            if snapshot.name == name:
                return snapshot
        raise engine_error("read", name, errno.ENOENT)

    def bookmarks(self, name: str) -> dict[str, Bookmark]:
        """Return the bookmarks of a dataset."""
        return dict(self.marks[name])

    def bookmark(self, snapshot: str, bookmark: str) -> None:
        """Make a bookmark."""
        self.bookmark_all({bookmark: snapshot})

    def bookmark_all(self, sources: Mapping[str, str]) -> None:
        """Make bookmarks, of bookmarks too, or none."""
        self._call("bookmark_all")
        gone = [n for n, s in sources.items() if "@" in s and not self._has(s)]
        if gone:
            errors = [engine_error("bookmark", name, errno.ENOENT) for name in gone]
            raise BatchError(operation="bookmark", failures=errors)
        for name, of in sources.items():
            dataset = name.partition("#")[0]
            source: Snapshot | Bookmark = (
                self.marks[of.partition("#")[0]][of] if "#" in of else self.snapshot(of)
            )
            assert name not in self.marks[dataset], f"{name} is there already"
            self.marks[dataset][name] = Bookmark(name, source.guid, source.createtxg, 0)

    def destroy_bookmarks(self, names: Iterable[str]) -> None:
        """Destroy bookmarks."""
        self._call("destroy_bookmarks")
        for name in names:
            del self.marks[name.partition("#")[0]][name]

    @contextmanager
    def holding(self, names: Iterable[str], tag: str) -> Iterator[None]:
        """Hold snapshots during a block."""
        assert tag.startswith("zfstune-send-")
        added = set(names)
        if added:
            self.calls.append("holding")
        gone = [name for name in added if not self._has(name)]
        if gone:
            errors = [engine_error("hold", name, errno.ENOENT) for name in gone]
            raise BatchError(operation="hold", failures=errors)
        self.held |= added
        try:
            yield
        finally:
            self.held -= added

    def read_token(self, token: str) -> Partial:
        """Read a token, which is JSON here."""
        return Partial(**json.loads(token))

    def abort_receive(self, name: str) -> None:
        """Give up a partial receive."""
        self._call()
        if self.local[name].pop("receive_resume_token", None) is None:
            raise NotFound(operation="abort the receive of", target=name, reason="none")
        if not self.taken[name]:
            self.forget(name)

    def forget(self, name: str) -> None:
        """Take a dataset away."""
        self.origins.pop(name, None)
        self.local.pop(name)
        self.marks.pop(name)
        self.taken.pop(name)
        self.guids.pop(name)

    def send_size(
        self, snapshot: str, *, base: str = "", raw: bool = False, compressed: bool = True
    ) -> int:
        """Estimate: a full stream is larger."""
        del raw, compressed
        self.snapshot(snapshot)
        if "@" in base:
            self.snapshot(base)
        elif base:
            assert base in self.marks[base.partition("#")[0]]
        return 10 if base else 1000

    def send(self, snapshot: str, fd: int, *, base: str = "", raw: bool = False) -> None:
        """Write a stream, which is a line of JSON here."""
        self._call()
        assert snapshot in self.held
        found = self.snapshot(snapshot)
        fromguid = 0
        if "#" in base:
            fromguid = self.marks[base.partition("#")[0]][base].guid
        elif base:
            assert base in self.held
            fromguid = self.snapshot(base).guid
        stream = {"toname": snapshot, "toguid": found.guid, "fromguid": fromguid}
        os.write(fd, json.dumps({**stream, "raw": raw}).encode())

    def send_resumed(self, token: str, fd: int) -> str:
        """Write the rest of a stream."""
        self._call()
        os.write(fd, token.encode())
        return self.read_token(token).toname

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
    ) -> None:
        """Make a snapshot of a stream; stopped half way, it keeps a token."""
        del raw
        assert resumable
        stream = json.loads(os.read(fd, 1 << 16) or b"{}")
        if not stream:
            raise engine_error("receive", snapshot, errno.EPIPE)
        name = snapshot.partition("@")[0]
        if name not in self.taken:
            if name.rpartition("/")[0] not in self.taken:
                raise engine_error("receive", snapshot, errno.ENOENT)
            self.add(name)
            self.local[name].update(properties or {})
            if origin:
                assert self.snapshot(origin).guid == stream["fromguid"]
                self.origins[name] = origin
        elif "receive_resume_token" not in self.local[name] or self.taken[name]:
            self._check_base(name, stream["fromguid"], force=force, losing={*losing})
        self.local[name]["receive_resume_token"] = json.dumps(stream)
        self._call()
        del self.local[name]["receive_resume_token"]
        self.take(snapshot, stream["toguid"])

    def _check_base(
        self, name: str, fromguid: int, *, force: bool, losing: set[str]
    ) -> None:
        guids = [snapshot.guid for snapshot in self.taken[name]]
        if not guids and not fromguid:
            assert force
            return
        assert fromguid in guids, "the base is not there"
        lost = self.taken[name][guids.index(fromguid) + 1 :]
        assert {snapshot.name for snapshot in lost} <= losing
        if lost or self.written.get(name):
            assert force
        del self.taken[name][guids.index(fromguid) + 1 :]
        self.written.pop(name, None)

    def rename(self, old: str, new: str) -> None:
        """Rename a dataset, and all below it."""
        self._call("rename")
        assert new.rpartition("/")[0] in self.taken
        for name in [n for n in self.taken if f"{n}/".startswith(f"{old}/")]:
            self._rename_one(name, f"{new}{name[len(old) :]}")

    def _rename_one(self, old: str, new: str) -> None:
        assert new not in self.taken, f"{new} is there already"
        self.guids[new] = self.guids.pop(old)
        marks = self.marks.pop(old).values()
        renamed = [replace(m, name=f"{new}#{m.name.partition('#')[2]}") for m in marks]
        self.marks[new] = {mark.name: mark for mark in renamed}
        self.local[new] = self.local.pop(old)
        self.written[new] = self.written.pop(old, 0)
        if old in self.origins:
            self.origins[new] = self.origins.pop(old)
        for clone, origin in self.origins.items():
            if origin.startswith(f"{old}@"):
                self.origins[clone] = f"{new}@{origin.partition('@')[2]}"
        moved = self.taken.pop(old)
        self.taken[new] = [replace(s, name=f"{new}@{s.short_name}") for s in moved]

    def set(self, name: str, properties: Mapping[str, str]) -> None:
        """Set local values."""
        self._call()
        self.local[name].update(properties)

    def inherit(self, name: str, prop: str) -> None:
        """Remove a local value."""
        self._call()
        self.local[name].pop(prop, None)

    def promote(self, name: str) -> None:
        """Give a clone the snapshots up to its origin."""
        self._call()
        origin = self.snapshot(self.origins.pop(name))
        old = origin.name.partition("@")[0]
        shared = [s for s in self.taken[old] if s.createtxg <= origin.createtxg]
        self.taken[old] = [s for s in self.taken[old] if s not in shared]
        moved = [replace(s, name=f"{name}@{s.short_name}") for s in shared]
        self.taken[name] = moved + self.taken[name]
        for mark in [
            m for m in self.marks[old].values() if m.createtxg <= origin.createtxg
        ]:
            del self.marks[old][mark.name]
            kept = replace(mark, name=f"{name}#{mark.name.partition('#')[2]}")
            self.marks[name][kept.name] = kept
        for clone, of in self.origins.items():
            if of in {s.name for s in shared}:
                self.origins[clone] = f"{name}@{of.partition('@')[2]}"
        if old in self.origins:
            self.origins[name] = self.origins[old]
        self.origins[old] = f"{name}@{origin.short_name}"
