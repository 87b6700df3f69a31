"""The ZFS of the running kernel, as an Engine."""

from __future__ import annotations

from zfstune.engine import _mount, _mount_table
from zfstune.engine._arguments import checks_arguments
from zfstune.engine._binding import Binding
from zfstune.engine._limits import read_limits
from zfstune.engine._shared_calls import ZfsEngine
from zfstune.engine._temporary_holds import until_closed
from zfstune.host.walk import look
from zfstune.values.names import check_dataset

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager

    from zfstune.values.state import Mount, Place


__all__ = ["KernelEngine"]


@checks_arguments
class KernelEngine(ZfsEngine):
    """All calls, through libzfs_core and /dev/zfs; Engine describes each.

    Raises:
        ZfsUnavailable: No module is loaded, no library is installed, or the module
            is of a release this zfstune does not know.
    """

    _zfs: Binding
    _mountable = True
    _lists_creation = False

    def __init__(self) -> None:
        super().__init__(Binding(), read_limits())

    def mounts(self) -> dict[str, Mount]:
        """Return the mounted filesystems of this mount namespace by dataset."""
        return _mount_table.mount_table()

    def snapshot_numbers(self, datasets: Iterable[str]) -> dict[str, dict[str, int]]:
        """Return the numbers in ``.zfs/snapshot`` of each that is mounted."""
        return _mount_table.snapshot_numbers(map(check_dataset, datasets))

    def places(self, paths: Iterable[str]) -> dict[str, Place]:
        """Return where paths lead, and the obstacles to a mount there."""
        return {path: look(path) for path in paths}

    def mount(self, name: str, *, hide: bool = True) -> str:
        """Mount a filesystem where its properties say; return the path."""
        return _mount.mount(self, name, hide=hide)

    def give(
        self,
        name: str,
        *,
        uid: int | None = None,
        gid: int | None = None,
        mode: int | None = None,
    ) -> None:
        """Give the root directory of a mounted filesystem its owner and mode."""
        _mount.give(name, uid=uid, gid=gid, mode=mode)

    def remount(self, name: str) -> str:
        """Make a mount follow its properties as they are now; return the path."""
        return _mount.remount(self, name)

    def unmount(self, name: str, *, force: bool = False) -> None:
        """Unmount a filesystem."""
        _mount.unmount(name, force=force)

    def _held(self, targets: Mapping[str, str]) -> AbstractContextManager[None]:
        return until_closed(self._zfs, targets)

    def _snapshot_paths(self) -> dict[str, str]:
        return _mount_table.snapshot_paths()

    def _unmounted(self, name: str, *, renamed: str = "") -> AbstractContextManager[None]:
        return _mount.unmounted(self, name, renamed=renamed)
