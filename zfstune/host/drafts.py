"""Files and folders that get their name only once they are whole.

Until then each is a draft beside its place, which the process that writes it has locked.
A run that is killed leaves its draft; the kernel drops the lock, so the next run for the
same place can tell that nobody writes it any more, and removes it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
from contextlib import contextmanager, suppress

from zfstune.host.files import draft_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["drafted_file", "drafted_folder"]

_RANDOM = re.compile(r"\.[0-9a-f]{16}\.new")
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
    draft = _new_draft(path)
    fd = os.open(draft, _NEW, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield fd
        os.fsync(fd)
        _give_name(draft, path)
    except BaseException:
        _remove(draft)
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
    draft = _new_draft(path)
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
        _remove(draft)
        raise


def _new_draft(path: str) -> str:
    """Return a name for a draft of `path`, and remove drafts that nobody writes."""
    _check_free(path)
    folder, name = os.path.split(os.path.abspath(path))
    draft = draft_name(name)
    beginning = _RANDOM.sub("", draft)
    with os.scandir(folder) as entries:
        for entry in entries:
            random = entry.name.removeprefix(beginning)
            if entry.name.startswith(beginning) and _RANDOM.fullmatch(random):
                _remove_if_left(entry.path)
    return os.path.join(folder, draft)


def _remove_if_left(draft: str) -> None:
    """Remove a draft of this user that no process has locked."""
    with suppress(OSError):  # it is gone, or somebody else's: then it stays
        fd = os.open(draft, _LOOK)
        try:
            if os.fstat(fd).st_uid == os.geteuid():
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(draft)
        finally:
            os.close(fd)


def _remove(draft: str) -> None:
    """Remove a draft: a file, or a folder with the files in it."""
    with suppress(OSError):
        if not stat.S_ISDIR(os.lstat(draft).st_mode):
            os.unlink(draft)
            return
        with os.scandir(draft) as entries:
            for entry in entries:
                os.unlink(entry.path)
        os.rmdir(draft)


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
