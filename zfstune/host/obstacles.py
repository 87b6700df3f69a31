"""What an error of the system means for a file that is to be opened, copied or moved."""

from __future__ import annotations

import errno

__all__ = ["is_elsewhere", "is_out_of_space", "obstacle"]

_WORDS = {
    errno.EAGAIN: "a program has it open, has it mapped or runs it",
    errno.EDQUOT: "its copy would exceed a quota",
    errno.ELOOP: "a link took its place",
    errno.ENOENT: "it is gone",
    errno.ENOSPC: "there is no space left",
    errno.ENOTDIR: "a link or a file took the place of its folder",
    errno.EXDEV: "something was mounted on the way to it, or it would change its project",
}


def obstacle(error: OSError) -> str:
    """Return the reason for people, as the end of a sentence about the file."""
    return _WORDS.get(error.errno or 0, error.strerror or str(error))


def is_out_of_space(error: OSError) -> bool:
    """Tell whether the filesystem is full; a quota is another matter."""
    return error.errno == errno.ENOSPC


def is_elsewhere(error: OSError) -> bool:
    """Tell whether something lies in another filesystem than was expected."""
    return error.errno == errno.EXDEV
