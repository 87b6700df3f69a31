"""Drafts beside their places: their names, and what killed runs have left of them.

The process that writes a draft has locked it. A run that is killed leaves its draft; the
kernel drops the lock, so the next run for the same place can tell that nobody writes it
any more, and removes it.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
from contextlib import suppress

__all__ = ["draft_name", "new_draft", "remove_draft"]

_MOST_NAME_BYTES = 255  # NAME_MAX
_RANDOM = re.compile(r"\.[0-9a-f]{16}\.new")
_LOOK = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


def draft_name(name: str) -> str:
    """Return a name for a draft of a file, which nobody can guess and put a file at.

    It begins with a dot and ends in ``.new``, so that a reader of ``*.prom``, systemd
    and exportfs take no draft for a file of theirs. A long name is cut, so that its draft
    can have a name wherever the file can.
    """
    end = f".{os.urandom(8).hex()}.new"
    return f".{os.fsdecode(os.fsencode(name)[: _MOST_NAME_BYTES - 1 - len(end)])}{end}"


def new_draft(path: str) -> str:
    """Return a path for a draft of `path`, and remove drafts that nobody writes."""
    folder, name = os.path.split(os.path.abspath(path))
    draft = draft_name(name)
    beginning = _RANDOM.sub("", draft)
    # A folder that may be written, and not listed, keeps what is in it.
    with suppress(OSError), os.scandir(folder) as entries:
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
                remove_draft(draft)
        finally:
            os.close(fd)


def remove_draft(draft: str) -> None:
    """Remove a draft: a file, or a folder with the files in it."""
    with suppress(OSError):
        if not stat.S_ISDIR(os.lstat(draft).st_mode):
            os.unlink(draft)
            return
        with os.scandir(draft) as entries:
            for entry in entries:
                os.unlink(entry.path)
        os.rmdir(draft)
