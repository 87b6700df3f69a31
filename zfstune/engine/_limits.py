"""What the running module decides: its release and its tunables, from /sys."""

from __future__ import annotations

from zfstune.properties import Limits

__all__ = ["read_limits"]

_MODULE = "/sys/module/zfs"
_LARGE_VOLUME_BLOCKS = (2, 4)  # volblocksize up to 16M: man/man7/zfsprops.7


def read_limits() -> Limits:
    """Read release and limits; the release was found loaded when the engine opened."""
    version = _read("version") or "2.1"
    numbers = version.partition("-")[0].split(".")[:3]
    release = tuple(int(number) for number in numbers if number.isdecimal())
    largest = int(_read("parameters/zfs_max_recordsize") or 1 << 20)
    return Limits(
        max_recordsize_bytes=largest,
        max_volblocksize_bytes=largest if release >= _LARGE_VOLUME_BLOCKS else 128 << 10,
        release=release,
    )


def _read(name: str) -> str:
    try:
        with open(f"{_MODULE}/{name}", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""
