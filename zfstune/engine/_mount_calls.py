"""What an engine does with mounts; most runs do nothing, so nothing is loaded before."""

from __future__ import annotations

from zfstune.values import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from typing import Any

    from zfstune.values.state import Mount, Place

__all__ = ["MountCalls"]


class MountCalls:
    """The calls, of an engine whose filesystems this kernel can mount."""

    def mounts(self) -> dict[str, Mount]:
        """Give the mounted filesystems of this mount namespace by dataset."""
        from zfstune.engine._mount_table import mount_table  # noqa: PLC0415 (see above)

        return mount_table()

    def snapshot_numbers(self, datasets: Iterable[str]) -> dict[str, dict[str, int]]:
        """Give what names snapshots without opening them, where something does."""
        from zfstune.engine._mount_table import (  # noqa: PLC0415 (see above)
            snapshot_numbers,
        )

        return snapshot_numbers(map(names.check_dataset, datasets))

    def places(self, paths: Iterable[str]) -> dict[str, Place]:
        """Give where paths lead, and what a mount there would meet."""
        from zfstune.host.walk import look  # noqa: PLC0415 (see above)

        return {path: look(path) for path in paths}

    def mount(self: Any, name: str, *, hide: bool = True) -> str:
        """Mount a filesystem where its properties say; give the path."""
        from zfstune.engine._mount import mount  # noqa: PLC0415 (see above)

        return mount(self, name, hide=hide)

    def give(
        self,
        name: str,
        *,
        uid: int | None = None,
        gid: int | None = None,
        mode: int | None = None,
    ) -> None:
        """Give the root directory of a mounted filesystem its owner and mode."""
        from zfstune.engine._mount import give  # noqa: PLC0415 (see above)

        give(name, uid=uid, gid=gid, mode=mode)

    def remount(self: Any, name: str) -> str:
        """Make a mount follow its properties as they are now; give the path."""
        from zfstune.engine._mount import remount  # noqa: PLC0415 (see above)

        return remount(self, name)

    def unmount(self, name: str, *, force: bool = False) -> None:
        """Unmount a filesystem."""
        from zfstune.engine._mount import unmount  # noqa: PLC0415 (see above)

        unmount(name, force=force)

    def _snapshot_paths(self) -> dict[str, str]:
        from zfstune.engine._mount_table import snapshot_paths  # noqa: PLC0415 (see above)

        return snapshot_paths()

    def _unmounted(
        self: Any, name: str, *, renamed: str = ""
    ) -> AbstractContextManager[None]:
        from zfstune.engine._mount import unmounted  # noqa: PLC0415 (see above)

        return unmounted(self, name, renamed=renamed)
