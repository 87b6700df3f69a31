"""Exchange the files behind two names, in one step."""

from __future__ import annotations

import errno
import os

from zfstune.engine._binding import lib

__all__ = ["exchange_names"]


def exchange_names(
    directory: int, name: str, other_directory: int, other_name: str
) -> bool:
    """Exchange the files behind two names; nobody sees one of the names missing.

    A file that somebody else moves to one of the names at the same moment is exchanged,
    or comes after; it is never lost, as it would be by rename().

    Args:
        directory: The open directory of the first name.
        name: A name in it.
        other_directory: The open directory of the other name.
        other_name: A name in that.

    Returns:
        Whether it was done; False: the filesystem cannot, as ZFS before 2.2
        (zpl_rename2() in module/os/linux/zfs/zpl_inode.c).

    Raises:
        OSError: It is refused, as where one of them is missing.
    """
    error = lib.zt_exchange_names(
        directory, os.fsencode(name), other_directory, os.fsencode(other_name)
    )
    if error not in (0, errno.EINVAL):
        raise OSError(error, os.strerror(error), name)
    return not error
