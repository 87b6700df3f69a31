"""A pool in a plain file, as an Engine: OpenZFS's own code in user space."""

from __future__ import annotations

import errno
import os
from contextlib import nullcontext

from zfstune.engine._arguments import check_number, check_path, checks_arguments
from zfstune.engine._image_errno import image_error
from zfstune.engine._image_process import ImageBinding
from zfstune.engine._limits import limits_of
from zfstune.engine._shared_calls import ZfsEngine
from zfstune.engine._temporary_holds import until_released
from zfstune.values import names
from zfstune.values.errors import InvalidValue, NotSupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager

    from zfstune.values.state import Mount, Place

__all__ = ["ImageEngine", "create_image"]

_LEAST_BYTES = 64 << 20  # SPA_MINDEVSIZE, include/sys/fs/zfs.h
_VERSION = 5  # ZPL_VERSION; native/ lays out no older ones
_MOST_BYTES = (1 << 63) - 1  # off_t
_ASHIFTS = range(9, 17)  # ASHIFT_MIN to ASHIFT_MAX, include/sys/vdev_impl.h


@checks_arguments
class ImageEngine(ZfsEngine):
    """All calls except those that mount, on a pool in a file; they need no root.

    Args:
        path: The file, made by :func:`create_image` or by ``zpool create`` on it.
        create: Name, bytes and ashift of a pool to make in the file; None: open the pool
            that is in it.
        take_over_from: The host that had the file open and no longer has, by the name
            that stands in the file. If that host still has it open, the two hosts
            destroy the pool.

    Raises:
        ZfsUnavailable: No libzpool is installed.
        Busy: Another process, the kernel or another host has it open.
        EngineError: It holds no pool, or a damaged one.
    """

    _zfs: ImageBinding
    _mountable = False
    _swaps_bytes = False
    _lists_creation = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        create: tuple[str, int, int] | None = None,
        take_over_from: str = "",
    ) -> None:
        target = check_path("the path of an image", path)
        binding = ImageBinding(target, create=create, take_over_from=take_over_from)
        limits = limits_of(binding.release, binding.max_recordsize_bytes)
        super().__init__(binding, limits)
        self._file = os.path.abspath(target)

    @property
    def file(self) -> str:
        """The path of the file."""
        return self._file

    def mounts(self) -> dict[str, Mount]:
        """Return nothing: no filesystem of an image is mounted."""
        return {}

    def snapshot_numbers(self, datasets: Iterable[str]) -> dict[str, dict[str, int]]:
        """Return nothing: no filesystem is mounted, and listing snapshots is fast here."""
        for name in datasets:
            names.check_dataset(name)
        return {}

    def places(self, paths: Iterable[str]) -> dict[str, Place]:
        """Return nothing: no filesystem of an image can be mounted."""
        del paths
        return {}

    def mount(self, name: str, *, hide: bool = True) -> str:
        """Refuse: only a kernel mounts a filesystem."""
        del hide
        raise self._not_mountable("mount", name)

    def remount(self, name: str) -> str:
        """Refuse: nothing is mounted."""
        raise self._not_mountable("remount", name)

    def give(
        self,
        name: str,
        *,
        uid: int | None = None,
        gid: int | None = None,
        mode: int | None = None,
    ) -> None:
        """Refuse: nothing is mounted."""
        del uid, gid, mode
        raise self._not_mountable("give an owner to", name)

    def unmount(self, name: str, *, force: bool = False) -> None:
        """Refuse: nothing is mounted."""
        del force
        raise self._not_mountable("unmount", name)

    def _held(self, targets: Mapping[str, str]) -> AbstractContextManager[None]:
        return until_released(self._zfs, targets)

    def _snapshot_paths(self) -> dict[str, str]:
        return {}

    def _unmounted(self, name: str, *, renamed: str = "") -> AbstractContextManager[None]:
        del name, renamed
        return nullcontext()

    def _new_values(
        self, name: str, wanted: Mapping[str, str], *, volume: bool
    ) -> dict[str, int | str]:
        values = super()._new_values(name, wanted, volume=volume)
        if values.get("version", _VERSION) != _VERSION:
            raise NotSupported(
                operation="create",
                target=name,
                errno=errno.ENOTSUP,
                reason=f"an image takes new filesystems of version {_VERSION} only",
                hint="create it on a machine whose kernel has imported the pool",
            )
        return values

    def _not_mountable(self, operation: str, name: str) -> NotSupported:
        return NotSupported(
            operation=operation,
            target=names.check_dataset(name),
            errno=errno.ENOTSUP,
            reason="it lies in an image, which no kernel has imported",
            hint="import the file with `zpool import -d FILE` to mount its filesystems",
        )


def create_image(
    path: str | os.PathLike[str], *, size_bytes: int, ashift: int = 12, pool: str = "tank"
) -> ImageEngine:
    """Make a pool in a new file and open it.

    Args:
        path: The file; it must not exist.
        size_bytes: Its length, 64 MiB at least. The file is sparse.
        ashift: Sector size as a power of two, 9 to 16.
        pool: Name of the pool.

    Raises:
        InvalidValue: A value is out of range.
        AlreadyExists: There is a file of that name.
        ZfsUnavailable: No libzpool is installed.
    """
    names.check_pool(pool, creating=True)
    target = check_path("the path of an image", path)
    check_number("the size of an image", size_bytes, most=_MOST_BYTES)
    check_number("ashift", ashift)
    if size_bytes < _LEAST_BYTES:
        raise InvalidValue(
            f"cannot create image of {size_bytes} bytes: the smallest has 64M",
            hint="its file is sparse, so a large one takes no more: --size 1G "
            "(in Python: 1 << 30)",
        )
    if ashift not in _ASHIFTS:
        raise InvalidValue(
            f"cannot create image with ashift {ashift}: it must be from 9 to 16",
            hint="12 stands for sectors of 4K",
        )
    try:
        os.close(
            os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        )
    except OSError as error:
        raise image_error("create", target, error.errno or 0) from None
    try:
        return ImageEngine(target, create=(pool, size_bytes, ashift))
    except BaseException:
        os.unlink(target)  # the file was made above and holds no pool
        raise
