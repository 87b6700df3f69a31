"""Tells whether OpenZFS gets on with what it writes to an image's file.

Where writes to a part of the file fail, as on a failing disk of a network file system,
OpenZFS does not suspend the pool: it tries the whole transaction group again, for ever
(ZIO_REEXECUTE_NOW in zio_done(), module/zfs/zio.c). A group is written to free space, so
it has fewer bytes than the file, and once it is complete there is a new uberblock in the
labels. A process that has written more than the file's size without a new uberblock is in
that loop.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["Progress"]

# vdev_label_t in include/sys/vdev_impl.h: two labels of 256 KiB at each end of the
# device, the latter half of each with the uberblocks.
_LABEL_BYTES = 256 << 10
_UBERBLOCKS = 128 << 10


class Progress:
    """The bytes that this process has written since the file's newest uberblock.

    Args:
        path: The file that the pool lies in.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._uberblocks: list[bytes] = []
        self._counted_bytes = 0

    def restart(self) -> None:
        """Count from the next look on."""
        self._uberblocks = []

    def is_stuck(self) -> bool:
        """Tell whether more was written than a transaction group can hold."""
        written_bytes = _written_bytes()
        with Path(self._path).open("rb", buffering=0) as file:
            size_bytes = os.fstat(file.fileno()).st_size
            if self._uberblocks and written_bytes - self._counted_bytes <= size_bytes:
                return False
            uberblocks = _read_uberblocks(file.fileno(), size_bytes)
        if uberblocks == self._uberblocks:
            return True
        self._uberblocks, self._counted_bytes = uberblocks, written_bytes
        return False


def _written_bytes() -> int:
    """Return the bytes that all successful writes of this process had together."""
    for line in Path("/proc/self/io").read_text(encoding="ascii").splitlines():
        if line.startswith("wchar:"):
            return int(line.partition(":")[2])
    return 0  # a kernel without the count


def _read_uberblocks(descriptor: int, size_bytes: int) -> list[bytes]:
    """Read the uberblocks of all four labels; one that cannot be read is empty."""
    end = size_bytes // _LABEL_BYTES * _LABEL_BYTES
    found = []
    for label in (0, _LABEL_BYTES, end - 2 * _LABEL_BYTES, end - _LABEL_BYTES):
        try:
            found.append(os.pread(descriptor, _UBERBLOCKS, label + _UBERBLOCKS))
        except OSError:
            found.append(b"")
    return found
