"""An engine with clones, made of dicts and folders, that can be stopped before any call.

A filesystem is a folder that a mount renames to its place; a volume is a list of blocks,
which arrive and leave in real streams.
"""

from __future__ import annotations

import errno
import io
import shutil
import threading
from itertools import count
from typing import TYPE_CHECKING, Any, Self, cast

from model_pool import pool_info
from zfstune.clones.volume_stream import VolumeShape, read_blocks, volume_records
from zfstune.engine._errno import batch_error, engine_error
from zfstune.engine.stream_sum import StreamSum
from zfstune.values.errors import Busy
from zfstune.values.frozen import replace
from zfstune.values.mountpoint import effective_mountpoint
from zfstune.values.names import ancestors_of, check_dataset, parent_of
from zfstune.values.properties import DEFAULT_LIMITS
from zfstune.values.state import (
    DEFAULT,
    INHERITED,
    LOCAL,
    NONE,
    Dataset,
    Mount,
    PropertyValue,
    Snapshot,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import PoolInfo

DEFAULTS = {"canmount": "on", "mountpoint": "/", "readonly": "off", "encryption": "off"}
BLOCK = 16384


class Killed(BaseException):
    """Stands for the end of the process before a call."""


class CloneEngine:
    """One pool, tank; see Engine for the calls.

    Attributes:
        kinds: Dataset to its kind.
        local: Dataset to the properties that were set on it.
        guids: Dataset to its guid.
        origins: Clone to the full name of its origin.
        taken: Snapshot to itself.
        marks: Snapshot to its user properties.
        tags: Snapshot to its holds.
        blocks: Volume to its blocks by offset.
        mounted: Filesystem to the place where it is mounted.
        mountable: Whether it says that its filesystems can be mounted.
        changes: The changes that were made, in words.
        left: How many changes are made before the process is killed; None: all.
        end: What ends it then.
    """

    limits = DEFAULT_LIMITS
    _numbers = count(1000)

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kinds: dict[str, str] = {}
        self.local: dict[str, dict[str, str]] = {}
        self.guids: dict[str, int] = {}
        self.origins: dict[str, str] = {}
        self.taken: dict[str, Snapshot] = {}
        self.marks: dict[str, dict[str, str]] = {}
        self.tags: dict[str, list[str]] = {}
        self.blocks: dict[str, dict[int, bytes]] = {}
        self.mounted: dict[str, str] = {}
        self.written: dict[str, str] = {}
        self.mountable = True
        self.changes: list[str] = []
        self.left: int | None = None
        self.end: type[BaseException] = Killed
        self._lock = threading.Lock()
        self.add("tank")
        self.local["tank"]["mountpoint"] = str(folder / "mnt")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    @property
    def zfs(self) -> Engine:
        """The same, for a type checker."""
        return cast("Engine", self)

    def add(self, name: str, *, size: int = 0) -> Path:
        """Make a dataset, a volume where it has a size; give its folder."""
        self.kinds[name] = "volume" if size else "filesystem"
        self.local[name] = {"volsize": str(size)} if size else {}
        self.guids[name] = next(self._numbers)
        self.blocks[name] = {}
        self._home(name).mkdir(parents=True)
        return self._home(name)

    def _home(self, name: str) -> Path:
        return self.folder / "content" / name.replace("/", ":")

    def _change(self, what: str) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise self.end
        self.changes.append(what)

    # Reading.

    def pool(self, name: str) -> PoolInfo:
        """Return the pool."""
        return replace(pool_info(), name=name, mountable=self.mountable)

    def pools(self) -> tuple[str, ...]:
        """Return the one pool."""
        return ("tank",)

    def mounts(self) -> dict[str, Mount]:
        """Return what is mounted."""
        return {n: Mount(n, path, 0, 0, 0o755) for n, path in self.mounted.items()}

    def dataset(self, name: str) -> Dataset:
        """Return a dataset, or say that there is none."""
        with self._lock:
            if name not in self.kinds:
                raise engine_error("read", name, errno.ENOENT)
            values = {n: PropertyValue(v, DEFAULT) for n, v in DEFAULTS.items()}
            for above in ancestors_of(name):
                for prop in ("mountpoint", "readonly", "org.zfstune:golden"):
                    if prop in self.local[above]:
                        value = self.local[above][prop]
                        values[prop] = PropertyValue(value, INHERITED, above)
            values |= {n: PropertyValue(v, LOCAL) for n, v in self.local[name].items()}
            if "volsize" in self.local[name]:
                values["volblocksize"] = PropertyValue(str(BLOCK), DEFAULT)
            values["origin"] = PropertyValue(self.origins.get(name, ""), NONE)
            values["written"] = PropertyValue(self.written.get(name, "0"), NONE)
            return Dataset(name, self.kinds[name], self.guids[name], 1, values)

    def datasets(self, root: str) -> list[Dataset]:
        """Return a dataset and all below it."""
        names = [n for n in sorted(self.kinds) if f"{n}/".startswith(f"{root}/")]
        return [self.dataset(name) for name in names]

    def snapshots(self, dataset: str) -> list[Snapshot]:
        """Return the snapshots of a dataset."""
        return [s for s in self.taken.values() if s.dataset == dataset]

    def snapshot(self, name: str) -> Snapshot:
        """Return a snapshot with its properties."""
        if name not in self.taken:
            raise engine_error("read", name, errno.ENOENT)
        values = {n: PropertyValue(v, LOCAL) for n, v in self.marks[name].items()}
        clones = sorted(c for c, origin in self.origins.items() if origin == name)
        held = str(len(self.tags.get(name, ())))
        more = {"clones": ",".join(clones), "userrefs": held}
        dataset = name.partition("@")[0]
        if "volsize" in self.local[dataset]:
            more["volsize"] = self.local[dataset]["volsize"]
        values |= {n: PropertyValue(v, NONE) for n, v in more.items()}
        found = self.taken[name]
        return replace(found, properties=values, clones=len(clones))

    def find_snapshots(
        self, names: Iterable[str], *, properties: bool = False
    ) -> dict[str, Snapshot]:
        """Return those that are there."""
        del properties
        return {name: self.snapshot(name) for name in names if name in self.taken}

    def holds(self, name: str) -> dict[str, datetime]:
        """Return the tags; nobody asks when they were set."""
        return cast("dict[str, datetime]", dict.fromkeys(self.tags.get(name, ())))

    # Changing.

    def take_snapshots(
        self, names: Iterable[str], *, properties: Mapping[str, str] | None = None
    ) -> None:
        """Take snapshots."""
        for name in names:
            self._change(f"take {name}")
            self._take(name, next(self._numbers), properties)

    def _take(
        self, name: str, guid: int, properties: Mapping[str, str] | None = None
    ) -> None:
        assert name not in self.taken
        self.taken[name] = Snapshot(name, guid, guid)
        self.marks[name] = dict(properties or {})

    def hold(self, names: Iterable[str], tag: str) -> None:
        """Hold snapshots."""
        for name in names:
            self._change(f"hold {name}")
            assert tag not in self.tags.setdefault(name, [])
            self.tags[name].append(tag)

    def release(self, names: Iterable[str], tag: str) -> None:
        """Release them."""
        for name in names:
            self._change(f"release {name}")
            self.tags[name].remove(tag)

    def set(self, name: str, properties: Mapping[str, str]) -> None:
        """Set properties."""
        with self._lock:
            self._change(f"set {name} {' '.join(sorted(properties))}")
            self.local[name].update(properties)

    def inherit(self, name: str, prop: str) -> None:
        """Inherit a property."""
        with self._lock:
            self._change(f"inherit {name} {prop}")
            self.local[name].pop(prop, None)

    def clone(
        self, snapshot: str, name: str, *, properties: Mapping[str, str] | None = None
    ) -> None:
        """Make a clone."""
        with self._lock:
            check_dataset(name, creating=True)
            assert name not in self.kinds
            assert parent_of(name) in self.kinds
            self._change(f"clone {name}")
            origin = snapshot.partition("@")[0]
            size = int(self.local[origin].get("volsize", "0"))
            self.add(name, size=size).rmdir()
            shutil.copytree(self._home(origin), self._home(name), symlinks=True)
            self.blocks[name] = dict(self.blocks[origin])
            self.local[name].update(properties or {})
            self.origins[name] = snapshot

    def clone_all(
        self,
        snapshot: str,
        names: Iterable[str],
        *,
        properties: Mapping[str, str] | None = None,
        on_made: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Make clones."""
        for name in names:
            self.clone(snapshot, name, properties=properties)
            on_made(name)

    def send_size(
        self, snapshot: str, *, raw: bool = False, compressed: bool = True
    ) -> int:
        """Estimate a stream."""
        del raw, compressed
        self.snapshot(snapshot)
        return 1000

    def destroy_snapshots(self, names: Iterable[str]) -> None:
        """Destroy snapshots that neither a hold nor a clone keeps."""
        targets = list(names)
        errors = {
            name: errno.EBUSY
            for name in targets
            if self.tags.get(name) or self.snapshot(name).clones
        }
        if errors:
            raise batch_error("destroy snapshot", errno.EBUSY, errors, targets)
        self._change(f"destroy {' '.join(targets)}")
        for name in targets:
            del self.taken[name], self.marks[name]

    def destroy(self, name: str) -> None:
        """Destroy a dataset without snapshots."""
        assert not self.snapshots(name)
        self._change(f"destroy {name}")
        shutil.rmtree(self._home(name))
        for facts in (self.kinds, self.local, self.guids, self.blocks):
            del facts[name]
        self.origins.pop(name, None)

    # Mounts.

    def mount(self, name: str, *, hide: bool = True) -> str:
        """Bring the folder of a filesystem to its place."""
        del hide
        path = effective_mountpoint(self.dataset(name), "")
        assert path is not None
        with self._lock:
            if name in self.mounted:
                if self.mounted[name] != path:
                    raise Busy(operation="mount", target=name, reason="mounted elsewhere")
                return path
            self._change(f"mount {name}")
            self._bring(self._home(name), path)
            self.mounted[name] = path
        return path

    def _bring(self, home: Path, path: str) -> None:
        place = type(home)(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        assert not place.exists() or not any(place.iterdir())
        home.rename(place)

    def unmount(self, name: str, *, force: bool = False) -> None:
        """Bring it back, and leave an empty folder there."""
        del force
        with self._lock:
            self._change(f"unmount {name}")
            place = type(self.folder)(self.mounted.pop(name))
            place.rename(self._home(name))
            place.mkdir()

    def remount(self, name: str) -> str:
        """Say where it is mounted."""
        return self.mounted[name]

    def give(self, name: str, **owner: int | None) -> None:
        """Note that an owner was given."""
        with self._lock:
            self._change(f"give {name} {owner}")

    # Streams.

    def send(self, snapshot: str, fd: int, **how: Any) -> None:
        """Send a volume."""
        del how
        name, _, short_name = snapshot.partition("@")
        size = int(self.local[name]["volsize"])
        shape = VolumeShape(size, BLOCK, self.taken[snapshot].guid, 0, short_name)
        records = volume_records(shape, sorted(self.blocks[name].items()), StreamSum())
        with open(fd, "wb", closefd=False) as pipe:
            pipe.writelines(records)

    def receive(
        self,
        snapshot: str,
        fd: int,
        *,
        properties: Mapping[str, str] | None = None,
        **how: Any,
    ) -> None:
        """Receive a volume: whole, or not at all."""
        del how
        name = snapshot.partition("@")[0]
        with open(fd, "rb", closefd=False) as stream:
            data = stream.read()
        blocks = dict(read_blocks(io.BytesIO(data).read, snapshot))
        self._change(f"receive {snapshot}")
        # The size stands in the last block but the header, before the last record.
        self.add(name, size=int.from_bytes(data[-760:-752], "little"))
        self.blocks[name] = blocks
        self.local[name].update(properties or {})
        self._take(snapshot, int.from_bytes(data[40:48], "little"))
