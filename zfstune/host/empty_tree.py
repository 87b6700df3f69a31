"""Remove all that is in a folder, but for the folders that something is mounted on."""

from __future__ import annotations

import os
import stat

__all__ = ["empty_tree"]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def empty_tree(folder: int) -> bool:
    """Remove all files below an open folder, and all folders that are no mount points.

    What is mounted below is emptied as well: the caller made all of it.

    Returns:
        Whether nothing is left, not even a mount point.

    Raises:
        OSError: Something cannot be removed.
    """
    left = False
    device = os.fstat(folder).st_dev
    for name in os.listdir(folder):
        facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISDIR(facts.st_mode):
            os.unlink(name, dir_fd=folder)
            continue
        below = os.open(name, _FOLDER, dir_fd=folder)
        try:
            is_empty = empty_tree(below)
        finally:
            os.close(below)
        if is_empty and facts.st_dev == device:
            os.rmdir(name, dir_fd=folder)
        else:
            left = True
    return not left
