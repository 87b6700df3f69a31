"""The parts of a file that hold data, without its holes."""

from __future__ import annotations

import errno
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["data_parts"]


def data_parts(fd: int, size_bytes: int) -> Iterator[tuple[int, int]]:
    """Give start and end of each part that is no hole; of a device, give it as a whole.

    Args:
        fd: A file or a block device.
        size_bytes: Its size.

    Raises:
        OSError: It cannot be read.
    """
    if not stat.S_ISREG(os.fstat(fd).st_mode):  # a device knows no holes
        yield 0, size_bytes
        return
    end = 0
    while end < size_bytes:
        try:
            start = os.lseek(fd, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # only a hole is left
                return
            raise
        end = min(os.lseek(fd, start, os.SEEK_HOLE), size_bytes)
        if start < end:  # a file may have become longer meanwhile
            yield start, end
