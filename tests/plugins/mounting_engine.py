"""A made-up engine whose filesystems are folders: what is written there, its disk wrote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fake_engine import FakeEngine
from zfstune.engine._errno import engine_error
from zfstune.measurement.write_pages import Pages
from zfstune.values.frozen import replace
from zfstune.values.pool_activity import DeviceTraffic, PoolActivity
from zfstune.values.state import Mount, PoolInfo, PropertyValue, Vdev

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import pytest

    from zfstune.values.state import Dataset

__all__ = ["MountingEngine"]

_KEPT = ".kept"


class MountingEngine(FakeEngine):
    """Datasets below one pool, each mounted in a folder of its own.

    Args:
        folder: Where they are mounted.

    Attributes:
        busy_with: What the pool is busy with.
        was: The properties of each dataset that was created, also after its end.
        read_bytes: What the device has read; a test counts it up.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__("tank", "tank/db")
        self.folder = folder
        self.busy_with = ""
        self.was: dict[str, dict[str, str]] = {}
        self.read_bytes = 0
        self.written_bytes = 0
        self.mounted: dict[str, Mount] = {}
        self.info = PoolInfo(
            name="tank",
            guid=1,
            vdevs=(Vdev("disk", 12, "normal", ("/dev/a",), None),),
            features=frozenset({"lz4_compress", "large_blocks", "zstd_compress"}),
            free_bytes=9 << 30,
            size_bytes=10 << 30,
            readonly=False,
            suspended=False,
        )

    def pool(self, name: str) -> PoolInfo:
        """Give the one pool."""
        super().pool(name)
        return self.info

    def activity(self, _: str) -> PoolActivity:
        """Give what was written to the folders since, and what a test read."""
        self.before("activity")
        written = self.written_bytes
        device = DeviceTraffic("/dev/a", self.read_bytes, written, 1, 1)
        return PoolActivity((device,), self.busy_with, 7)

    def dataset(self, name: str) -> Dataset:
        """Give a dataset with its number, and what its snapshots hold."""
        found = super().dataset(name)
        more = {"objsetid": PropertyValue("54"), "usedbysnapshots": PropertyValue("4096")}
        return replace(found, properties={**found.properties, **more})

    def create(self, name: str, *, properties: Mapping[str, str] | None = None) -> None:
        """Create a dataset."""
        self.before("create")
        self.marks[name] = self.was[name] = dict(properties or {})
        self.calls.append(("create", (name,)))

    def destroy(self, name: str) -> None:
        """Destroy a dataset that is not mounted, and has neither snapshots nor children."""
        self.before("destroy")
        below = [other for other in self.marks if other.startswith(f"{name}/")]
        if name in self.mounted or below or self.snapshots(name):
            raise engine_error("destroy", name, 16)
        del self.marks[name]
        self.calls.append(("destroy dataset", (name,)))

    def mount(self, name: str, **_: bool) -> str:
        """Make a folder for it."""
        self.before("mount")
        path = self.folder / name.replace("/", ".")
        path.mkdir(exist_ok=True)
        kept = Path(f"{path}{_KEPT}")
        if kept.exists():
            path.rmdir()
            kept.rename(path)
        self.mounted[name] = Mount(name, str(path), 0, 0, 0o755)
        return str(path)

    def mounts(self) -> dict[str, Mount]:
        """Give what is mounted."""
        return dict(self.mounted)

    def unmount(self, name: str, **_: bool) -> None:
        """Take its files away, as they are in the pool then; leave an empty folder."""
        self.before("unmount")
        path = Path(self.mounted.pop(name).path)
        path.rename(f"{path}{_KEPT}")
        path.mkdir()

    def count_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have the device write each page of a measurement, beside what a group costs."""
        write = Pages.write

        def counted(pages: Pages, *args: Any, synced: bool) -> int:
            written = write(pages, *args, synced=synced)
            self.written_bytes += written
            return written

        monkeypatch.setattr(Pages, "write", counted)

    def sync(self, *_: str, **__: bool) -> None:
        """Write what is in the folders: here, a fixed part for each group."""
        self.before("sync")
        self.written_bytes += 1000 * len(self.mounted)

    def wait(self, *_: str) -> bool:
        """Nothing is under way."""
        return False
