"""Read as many bytes of a stream as are wanted, and not one beyond them.

The first record is read here rather than by libzfs_core, so that the snapshots that a
forced receive would destroy are known before the kernel sees the stream, and the
properties are checked that are set as it arrives. The rest is left to the kernel.
"""

from __future__ import annotations

import os

__all__ = ["read_exactly"]


def read_exactly(fd: int, size: int) -> bytes:
    """Read bytes from a descriptor; fewer where the stream ends.

    Raises:
        OSError: The descriptor cannot be read.
    """
    parts: list[bytes] = []
    missing = size
    while missing:
        part = os.read(fd, missing)
        if not part:
            break
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
