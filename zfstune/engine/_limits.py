"""Limits that follow from the running module's release and tunables, read from /sys."""

from __future__ import annotations

from zfstune.values.state import Limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.values.property_table import Release

__all__ = ["limits_of", "read_limits"]

_MODULE = "/sys/module/zfs"
_LARGE_VOLUME_BLOCKS = (2, 4)  # volblocksize up to 16M: man/man7/zfsprops.7


def read_limits() -> Limits:
    """Read release and limits of the loaded module."""
    version = _read("version") or "2.1"
    numbers = version.partition("-")[0].split(".")[:3]
    release = tuple(int(number) for number in numbers if number.isdecimal())
    return limits_of(release, int(_read("parameters/zfs_max_recordsize") or 1 << 20))


def limits_of(release: Release, max_recordsize_bytes: int) -> Limits:
    """Compute the limits of a release with this largest recordsize."""
    large = release >= _LARGE_VOLUME_BLOCKS
    return Limits(
        max_recordsize_bytes=max_recordsize_bytes,
        max_volblocksize_bytes=max_recordsize_bytes if large else 128 << 10,
        release=release,
    )


def _read(name: str) -> str:
    try:
        with open(f"{_MODULE}/{name}", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""
