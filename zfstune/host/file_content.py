"""The content of open files: copied by reading and writing, and compared.

Neither copy_file_range() nor a reflink nor sendfile() is used. The first two clone blocks,
and a cloned block keeps the size that it has (zfs_clone_range() in
module/zfs/zfs_vnops.c gives the target the block size of the source).
"""

from __future__ import annotations

import os

from zfstune.host.sparse_file import data_parts
from zfstune.values.ranges import union

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["copy_content", "same_content"]

_PART_BYTES = 1 << 20


def copy_content(
    source: int,
    copy: int,
    size: int,
    passed: Callable[[int], object],
    *,
    most_bytes: int = _PART_BYTES,
) -> bool:
    """Copy the data of a file into an empty one, holes as holes.

    The copy gets its length first, so that ZFS chooses the size of its blocks by the
    whole length and not by the first write (zfs_extend() in
    module/os/linux/zfs/zfs_znode_os.c).

    Args:
        source: The open file.
        copy: The open, empty one.
        size: The length of the file, in bytes.
        passed: Is told how many bytes were copied, after each part; it may wait.
        most_bytes: The most bytes of a part.

    Returns:
        Whether all of it was there; False: the file became shorter meanwhile.

    Raises:
        OSError: A file cannot be read or written.
    """
    os.ftruncate(copy, size)
    for start, end in data_parts(source, size):
        at = start
        while at < end:
            part = os.pread(source, min(most_bytes, end - at), at)
            if not part:
                return False
            written = 0
            while written < len(part):
                written += os.pwrite(copy, part[written:], at + written)
            at += len(part)
            passed(len(part))
    return True


def same_content(
    file: int, other: int, size: int, *, after_part: Callable[[], object] = lambda: None
) -> bool:
    """Tell whether two open files have the same content and this length.

    Args:
        file: An open file.
        other: Another one.
        size: The length of both, in bytes.
        after_part: Is called after each part; what it raises ends the comparison.

    Raises:
        OSError: One of them cannot be read.
    """
    if not os.fstat(file).st_size == os.fstat(other).st_size == size:
        return False
    for start, end in union(data_parts(file, size), data_parts(other, size)):
        for at in range(start, end, _PART_BYTES):
            part = min(_PART_BYTES, end - at)
            if os.pread(file, part, at) != os.pread(other, part, at):
                return False
            after_part()
    return True
