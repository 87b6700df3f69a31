"""The folder that a copy is made in before it takes its name beside that folder.

It stands beside the place of the copy, and its owner alone can enter it: nobody reads
the copy before it has the access list of its original. Once the copy is whole, it has
its own name in the folder, and changes places with what stands in its way: in one step
where the filesystem can do that, so that nobody sees the name missing. A run that is
killed leaves the folder, with a draft, with the whole copy, or with what stood in the
way. The next run there removes the draft, and keeps all else beside it under a new name.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import stat
from contextlib import suppress

from zfstune.engine.exchange import exchange_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

__all__ = ["COPY_DRAFT", "RestoreFolder", "left_folders", "move_new", "stands"]

# No file of others is called so.
COPY_DRAFT = "zfstune-draft"
_PREFIX = ".zfstune-restore."
_NAME = re.compile(re.escape(_PREFIX) + "[0-9a-f]{16}")
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class RestoreFolder:
    """One such folder, open.

    Attributes:
        directory: The open folder that it stands in.
        fd: The open folder itself.
        name: Its name.
    """

    def __init__(self, directory: int, name: str) -> None:
        self.directory = directory
        self.name = name
        self.fd = os.open(name, _OPEN, dir_fd=directory)
        if not _is_private(os.fstat(self.fd)):
            os.close(self.fd)
            raise PermissionError(f"somebody else's folder took the place of '{name}'")

    @classmethod
    def made(cls, directory: int) -> Self:
        """Make a folder, and keep other runs out of it.

        Raises:
            OSError: It cannot be made.
        """
        name = f"{_PREFIX}{secrets.token_hex(8)}"
        os.mkdir(name, 0o700, dir_fd=directory)
        folder = cls(directory, name)
        folder.lock()
        for inherited in ("system.posix_acl_default", "system.posix_acl_access"):
            with suppress(OSError):  # there is none, or there can be none
                os.removexattr(folder.fd, inherited)
        return folder

    def lock(self) -> bool:
        """Keep other runs out until the folder is closed; False: one is in it."""
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Remove a draft, and the folder if nothing else is in it."""
        with suppress(OSError):  # what cannot be removed now is for the next run
            self.remove(COPY_DRAFT)
            os.rmdir(self.name, dir_fd=self.directory)
        os.close(self.fd)

    def remove(self, name: str) -> None:
        """Remove an entry with all below it, if it is there."""
        if not stands(self.fd, name):
            return
        if stat.S_ISDIR(os.stat(name, dir_fd=self.fd, follow_symlinks=False).st_mode):
            shutil.rmtree(name, dir_fd=self.fd)
        else:
            os.unlink(name, dir_fd=self.fd)

    def put_in_place(self, name: str, aside: str) -> bool:
        """Give the draft its name beside the folder, and keep what stands there.

        Args:
            name: The name.
            aside: A name that nothing has, for what stands in the way.

        Returns:
            Whether something stood in the way.

        Raises:
            FileExistsError: Something got one of the names meanwhile; nothing is lost.
            OSError: The names cannot be changed.
        """
        os.rename(COPY_DRAFT, name, src_dir_fd=self.fd, dst_dir_fd=self.fd)
        if not stands(self.directory, name):
            move_new(self.fd, name, self.directory, name)
            return False
        if exchange_names(self.fd, name, self.directory, name):
            move_new(self.fd, name, self.directory, aside)
        else:
            move_new(self.directory, name, self.directory, aside)
            move_new(self.fd, name, self.directory, name)
        return True


def left_folders(directory: int) -> list[RestoreFolder]:
    """Open the folders that runs left which were killed, each of them locked.

    They are this user's own and private, so nobody else put anything into them.
    """
    found = []
    for name in sorted(filter(_NAME.fullmatch, os.listdir(directory))):
        try:
            folder = RestoreFolder(directory, name)
        except OSError:  # it is somebody else's, or gone
            continue
        if folder.lock():
            found.append(folder)
        else:
            os.close(folder.fd)
    return found


def stands(directory: int, name: str) -> bool:
    """Tell whether a folder has an entry of a name, even a link that leads nowhere."""
    try:
        os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def move_new(source: int, name: str, target: int, new_name: str) -> None:
    """Move an entry to a name that nothing has.

    A file is given the new name first, which fails where something has it by now, as
    rename() would not. A folder can take the place of nothing but an empty folder.

    Raises:
        FileExistsError: Something has the name.
        OSError: The entry cannot be moved.
    """
    if not stat.S_ISDIR(os.stat(name, dir_fd=source, follow_symlinks=False).st_mode):
        try:
            os.link(
                name, new_name, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False
            )
        except PermissionError:  # a filesystem without hard links, or another user's file
            pass
        else:
            os.unlink(name, dir_fd=source)
            return
    if stands(target, new_name):
        raise FileExistsError(f"something is called '{new_name}' by now")
    os.rename(name, new_name, src_dir_fd=source, dst_dir_fd=target)


def _is_private(facts: os.stat_result) -> bool:
    private = stat.S_ISDIR(facts.st_mode) and not facts.st_mode & _OTHERS
    return private and facts.st_uid == os.geteuid()
