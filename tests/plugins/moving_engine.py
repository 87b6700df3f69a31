"""A fake engine that mounts by renaming: a filesystem's files lie where it is mounted."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, cast

from zfstune.values.errors import Busy
from zfstune.values.frozen import replace
from zfstune.values.state import LOCAL, Dataset, Mount, PropertyValue

if TYPE_CHECKING:
    from typing import Self

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import PoolInfo

from sick_host import POOL

# What a move tells of itself, one after the other.
STEPS = (
    "made",
    "tuned",
    "copied",
    "compared",
    "unmounted",
    "set aside",
    "directory made",
    "mounted",
    "in force",
    "done",
)

__all__ = ["MovingEngine"]


class MovingEngine:
    """Pool `tank`, whose filesystems lie in a store as long as they are not mounted."""

    file = ""

    def __init__(self, store: Path, *, altroot: str = "") -> None:
        store.mkdir()
        self.store = store
        self.altroot = altroot
        self.sets: dict[str, dict[str, str]] = {"tank": {"available": str(1 << 40)}}
        self.mounted: dict[str, str] = {}
        self.mountable = True

    @property
    def seam(self) -> Engine:
        """Give itself as what the effects take."""
        return cast("Engine", self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def pools(self) -> tuple[str, ...]:
        """Give the one pool."""
        return ("tank",)

    def pool(self, name: str) -> PoolInfo:
        """Give the pool."""
        return replace(POOL, name=name, altroot=self.altroot, mountable=self.mountable)

    def exists(self, name: str) -> bool:
        """Tell whether a dataset is there."""
        return name in self.sets

    def dataset(self, name: str) -> Dataset:
        """Give one dataset."""
        values = {key: PropertyValue(v, LOCAL) for key, v in self.sets[name].items()}
        return Dataset(name, "filesystem", 1, 1, values)

    def mounts(self) -> dict[str, Mount]:
        """Give what is mounted."""
        return {name: Mount(name, path, 0, 0, 0o755) for name, path in self.mounted.items()}

    def create(self, name: str, *, properties: dict[str, str]) -> None:
        """Make a dataset, with an empty folder in the store."""
        self.sets[name] = dict(properties)
        (self.store / name.replace("/", "_")).mkdir()

    def set(self, name: str, properties: dict[str, str]) -> None:
        """Set properties."""
        self.sets[name] |= properties

    def inherit(self, name: str, prop: str) -> None:
        """Remove a property."""
        self.sets[name].pop(prop, None)

    def mount(self, name: str, *, hide: bool = True) -> str:
        """Put the files where `mountpoint` says; nothing may be hidden."""
        assert not hide
        path = Path(self.altroot + self.sets[name]["mountpoint"])
        if self.mounted.get(name) == str(path):
            return str(path)
        if any(path.iterdir()):
            raise Busy(operation="mount", target=name, reason="it would hide files")
        path.rmdir()
        shutil.move(self.store / name.replace("/", "_"), path)
        self.mounted[name] = str(path)
        return str(path)

    def unmount(self, name: str) -> None:
        """Put the files back into the store, and leave an empty folder."""
        path = Path(self.mounted.pop(name))
        shutil.move(path, self.store / name.replace("/", "_"))
        path.mkdir()
