"""Write all of some bytes to a descriptor, which may take them in parts."""

from __future__ import annotations

import os

__all__ = ["write_all"]


def write_all(fd: int, data: bytes | bytearray | memoryview) -> None:
    """Write all of it, however long its reader takes.

    Raises:
        OSError: It takes no more.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]
