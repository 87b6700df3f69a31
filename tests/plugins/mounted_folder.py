"""An engine whose dataset is a folder of this host, with its snapshots below .zfs."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from fake_engine import FakeEngine
from zfstune.engine._errno import engine_error
from zfstune.values.state import Mount

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.values.state import Snapshot

__all__ = ["MountedFolder"]


class MountedFolder(FakeEngine):
    """A pool `tank` with `tank/home`, mounted at a folder, and snapshots of it.

    Args:
        folder: An empty folder of the test's own.

    Attributes:
        path: The folder that stands for the mounted filesystem.
        table: The mounts by dataset.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__("tank", "tank/home")
        self.path = folder / "home"
        self.path.mkdir()
        self.table = {"tank/home": Mount("tank/home", str(self.path), 0, 0, 0o755)}

    def mounts(self) -> dict[str, Mount]:
        """Give the mounts."""
        return dict(self.table)

    def snapshot(self, name: str) -> Snapshot:
        """Give one snapshot."""
        if name not in self.taken:
            raise engine_error("read", name, errno.ENOENT)
        return self.taken[name]

    def take(self, short: str) -> Path:
        """Take a snapshot, and give the folder in which its files are to be made."""
        self.take_snapshots([f"tank/home@{short}"])
        inside = self.path / ".zfs" / "snapshot" / short
        inside.mkdir(parents=True)
        return inside
