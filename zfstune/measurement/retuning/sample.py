"""Sample files, to tell whether today's compression would store them otherwise.

Only the pointers to its blocks say how a file is compressed, and no call of ZFS tells
them. What can be seen from outside is how much space a file takes.
"""

from __future__ import annotations

import os
import zlib

from zfstune.measurement.retuning.copy import open_found
from zfstune.measurement.retuning.found_file import LeftAlone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.measurement.retuning.found_file import FoundFile

__all__ = ["is_stored_otherwise"]

_PARTS = 4
_PART_BYTES = 128 << 10


def is_stored_otherwise(
    root: int, file: FoundFile, *, compressed: bool, copies: int = 1
) -> bool:
    """Tell whether compression of today would store a file in less, or in more.

    Args:
        root: The open root directory of the dataset.
        file: The file.
        compressed: Whether compression is on today.
        copies: The ``copies`` property.
    """
    # ZFS stores a block compressed if that saves an eighth (zio_compress_data()).
    whole = file.used_bytes // copies * 8 >= file.size_bytes * 7
    if compressed is not whole:
        return False
    try:
        source = open_found(root, file)
    except LeftAlone:
        return False
    try:
        if compressed:
            return _shrinks(source, file.size_bytes)
        return os.lseek(source, 0, os.SEEK_HOLE) >= file.size_bytes
    except OSError:
        return False
    finally:
        os.close(source)


def _shrinks(source: int, size: int) -> bool:
    """Tell whether parts of a file, spread over it, get smaller by an eighth."""
    step = max(size // _PARTS, _PART_BYTES)
    parts = [os.pread(source, _PART_BYTES, at) for at in range(0, size, step)]
    data = b"".join(parts)
    return len(zlib.compress(data, 1)) * 8 <= len(data) * 7
