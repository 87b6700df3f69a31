"""Files and folders that get their name only once they are whole.

Until then each is a draft beside its place (:mod:`zfstune.host.left_drafts`).
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager

from zfstune.host.left_drafts import new_draft, remove_draft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["drafted_file", "drafted_folder"]

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_LOOK = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


@contextmanager
def drafted_file(path: str) -> Iterator[int]:
    """Write a new file: it gets its name when the block ends, and never without an end.

    Args:
        path: The file; nothing of that name may exist. Only its owner can read it.

    Yields:
        A descriptor to write to.

    Raises:
        FileExistsError: Something of that name is there, before the block or after it.
        OSError: The file cannot be written; no draft is left.
    """
    _check_free(path)
    draft = new_draft(path)
    fd = os.open(draft, _NEW, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield fd
        os.fsync(fd)
        _give_name(draft, path)
    except BaseException:
        remove_draft(draft)
        raise
    finally:
        os.close(fd)


@contextmanager
def drafted_folder(path: str) -> Iterator[str]:
    """Fill a new folder with files: it gets its name when the block ends.

    Args:
        path: The folder; nothing of that name may exist. Only its owner can read it.

    Yields:
        The path of the draft, to make files in.

    Raises:
        FileExistsError: Something of that name is there, before the block or after it.
        OSError: The folder cannot be written; no draft is left.
    """
    _check_free(path)
    draft = new_draft(path)
    os.mkdir(draft, 0o700)
    try:
        fd = os.open(draft, _LOOK | os.O_DIRECTORY)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield draft
            os.fsync(fd)
            _give_name(draft, path)
        finally:
            os.close(fd)
    except BaseException:
        remove_draft(draft)
        raise


def _check_free(path: str) -> None:
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)


def _give_name(draft: str, path: str) -> None:
    """Rename a draft, and wait until the name is on disk."""
    _check_free(path)  # it took long enough for somebody to make it
    os.rename(draft, path)
    fd = os.open(os.path.dirname(draft), _LOOK | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
