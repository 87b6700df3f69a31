"""A folder of this host that is retuned as if it were a dataset: the engine is made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fake_engine import FakeEngine
from model_pool import pool_info
from zfstune.values.frozen import replace
from zfstune.values.state import LOCAL, Mount, PropertyValue

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zfstune.values.state import Dataset, PoolInfo

NAME = "tank/a"
# Each option, and a command line that uses it on an image, which cannot be mounted.
RETUNE_OPTIONS = {
    option: f"tank/a {words} !1"
    for option, words in {
        "--compression": "--compression",
        "--all": "--all",
        "--rate": "--rate 50M",
        "--keep-free": "--keep-free 20%",
        "--idle": "--idle",
        "-n --dry-run": "-n",
        "--plan": "--plan",
        "--json": "--json",
    }.items()
}


class FolderEngine(FakeEngine):
    """One dataset, mounted on a folder; its recordsize is the host's block size.

    Attributes:
        synced: How often the pool was synced.
        on_sync: Called at each sync.
        free_bytes: The free space of the pool.
    """

    def __init__(self, folder: Path, **properties: str) -> None:
        super().__init__("tank", NAME)
        self.folder = folder
        self.properties = {"recordsize": "4096", "compression": "off", **properties}
        self.synced = 0
        self.on_sync: Callable[[], object] = lambda: None
        self.free_bytes = 1 << 40
        self.options: frozenset[str] = frozenset()

    def mounts(self) -> dict[str, Mount]:
        """Give the one mount."""
        facts = self.folder.stat()
        mode = facts.st_mode & 0o7777
        path = str(self.folder.resolve())
        return {NAME: Mount(NAME, path, facts.st_uid, facts.st_gid, mode, self.options)}

    def dataset(self, name: str) -> Dataset:
        """Give the dataset with its properties."""
        found = super().dataset(name)
        own = {n: PropertyValue(v, LOCAL) for n, v in self.properties.items()}
        return replace(found, properties=own)

    def pool(self, name: str) -> PoolInfo:
        """Give a pool with room."""
        assert name == "tank"
        return replace(
            pool_info(suspended=self.suspended),
            free_bytes=self.free_bytes,
            size_bytes=1 << 40,
        )

    def sync(self, pool: str, *, force: bool = False) -> None:
        """Count the sync."""
        assert (pool, force) == ("tank", False)
        self.synced += 1
        self.on_sync()
