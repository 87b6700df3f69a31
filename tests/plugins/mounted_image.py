"""An image whose filesystems are mounted in a dict, as on a disk of a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zfstune.engine.image import ImageEngine, create_image
from zfstune.values.frozen import replace
from zfstune.values.mountpoint import effective_mountpoint, mount_words
from zfstune.values.state import Mount, Place

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Self

    from zfstune.values.state import PoolInfo


class MountedImage(ImageEngine):
    """An open image that says of itself that it is mounted, and lies on a disk."""

    _mountable = True

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self.table: dict[str, Mount] = {}

    @classmethod
    def make(cls, file: Path, *, size_bytes: int) -> MountedImage:
        """Make a pool `tank` with sectors of 512 bytes."""
        create_image(file, size_bytes=size_bytes, ashift=9).close()
        return cls(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Stay open: each command of a page opens it."""

    def pool(self, name: str) -> PoolInfo:
        """Give a pool on a disk."""
        found = super().pool(name)
        vdevs = tuple(replace(vdev, kind="disk") for vdev in found.vdevs)
        return replace(found, vdevs=vdevs)

    def mounts(self) -> dict[str, Mount]:
        """Give what was mounted."""
        return dict(self.table)

    def places(self, paths: Iterable[str]) -> dict[str, Place]:
        """Give each as a directory that can be made."""
        return {path: Place(path, path) for path in paths}

    def mount(self, name: str, *, hide: bool = True) -> str:
        """Note that it is mounted, and where."""
        del hide
        dataset = self.dataset(name)
        path = effective_mountpoint(dataset, "")
        assert path is not None
        self.table[name] = Mount(name, path, 0, 0, 0o755, mount_words(dataset))
        return path

    def remount(self, name: str) -> str:
        """Note the options as they are now."""
        words = mount_words(self.dataset(name))
        self.table[name] = replace(self.table[name], options=words)
        return self.table[name].path

    def give(
        self,
        name: str,
        *,
        uid: int | None = None,
        gid: int | None = None,
        mode: int | None = None,
    ) -> None:
        """Note whose it is."""
        asked = {"uid": uid, "gid": gid, "mode": mode}
        given = {key: value for key, value in asked.items() if value is not None}
        self.table[name] = replace(self.table[name], **given)

    def unmount(self, name: str, *, force: bool = False) -> None:
        """Note that it is mounted no more."""
        del force
        del self.table[name]
