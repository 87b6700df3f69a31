"""The folder at the root of a dataset that copies are made in."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from contextlib import suppress

from zfstune.engine.exchange import exchange_names
from zfstune.host.walk import open_below
from zfstune.measurement.retuning.leftovers import SpareEntry
from zfstune.measurement.retuning.spare_name import (
    FOLDER_PREFIX,
    SpareName,
    is_spare_folder,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from zfstune.measurement.retuning.found_file import Names

__all__ = ["Spare", "spare_folders"]

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def spare_folders(root: int) -> tuple[str, ...]:
    """Return the folders of this kind at the root of a dataset: root's own, and private.

    Nobody else can have made such a folder, nor have put anything into it.
    """
    return tuple(
        name
        for name in sorted(os.listdir(root))
        if is_spare_folder(name)
        and _is_private(os.stat(name, dir_fd=root, follow_symlinks=False))
    )


class Spare:
    """One such folder, open.

    Attributes:
        root: The open root directory of the dataset.
        fd: The open folder.
        name: Its name.
    """

    def __init__(self, root: int, name: str, *, idle: bool = False) -> None:
        self.root = root
        self.name = name
        self.fd = open_below(root, (name,))
        if not _is_private(os.fstat(self.fd)):
            os.close(self.fd)
            raise PermissionError(f"somebody else's folder took the place of '{name}'")
        self._idle = idle
        self._locked = False

    def lock(self) -> bool:
        """Keep other runs out of the folder until it is closed; False: one is in it."""
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._locked = True
        return True

    @classmethod
    def made(cls, root: int, *, idle: bool) -> Self:
        """Make a folder.

        Args:
            root: The open root directory of the dataset.
            idle: Exchange two names in several steps where the release cannot do it in
                one: nothing else uses the dataset.

        Raises:
            OSError: It cannot be made.
        """
        name = f"{FOLDER_PREFIX}{secrets.token_hex(8)}"
        os.mkdir(name, 0o700, dir_fd=root)
        spare = cls(root, name, idle=idle)
        spare.lock()  # if another run takes the new folder for an old one, it goes
        with suppress(OSError):  # no access list was inherited, or there can be none
            os.removexattr(spare.fd, "system.posix_acl_default")
        return spare

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Remove the folder if it is empty, and locked: it may be another run's."""
        if self._locked:
            with suppress(OSError):
                os.rmdir(self.name, dir_fd=self.root)
        os.close(self.fd)

    def create(self, name: str) -> int:
        """Make an empty file, open for reading and writing."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        # A check must not give the copy another time of access than the original's.
        return os.open(name, flags | os.O_NOATIME, 0o600, dir_fd=self.fd)

    def link(self, name: str, other: str) -> None:
        """Give an entry one more name."""
        os.link(name, other, src_dir_fd=self.fd, dst_dir_fd=self.fd, follow_symlinks=False)

    def remove(self, name: str) -> None:
        """Remove an entry, if it is there."""
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self.fd)

    def remove_all_of(self, file: int) -> None:
        """Remove each entry that is a name of an open file."""
        inode = os.fstat(file).st_ino
        for name in os.listdir(self.fd):
            if self.inode(name) == inode:
                self.remove(name)

    def entries(self) -> list[SpareEntry]:
        """Return the entries that are more than a draft."""
        found = []
        for text in sorted(os.listdir(self.fd)):
            name = SpareName.parse(text)
            facts = os.stat(text, dir_fd=self.fd, follow_symlinks=False)
            if name is not None and stat.S_ISREG(facts.st_mode):
                found.append(
                    SpareEntry(
                        name,
                        facts.st_ino,
                        facts.st_size,
                        facts.st_mtime_ns,
                        facts.st_nlink,
                    )
                )
        return found

    def inode(self, name: str) -> int:
        """Return the inode of an entry."""
        return os.stat(name, dir_fd=self.fd, follow_symlinks=False).st_ino

    def exchange(self, entry: str, names: Names, *, expected: int) -> bool:
        """Exchange an entry and a file of the dataset, if the latter is the expected one.

        Args:
            entry: The name of the entry.
            names: The way to the file.
            expected: Its inode.

        Returns:
            Whether it was done; False: another file has the name by now, and keeps it.

        Raises:
            OSError: The way is gone, or the exchange is refused.
        """
        directory = open_below(self.root, names[:-1])
        try:
            facts = os.stat(names[-1], dir_fd=directory, follow_symlinks=False)
            if facts.st_ino != expected or not stat.S_ISREG(facts.st_mode):
                return False
            placed = self.inode(entry)
            self._exchange(entry, directory, names[-1])
            taken = self.inode(entry)
            while taken != expected:
                # Another file got the name since it was looked at, and goes back.
                self._exchange(entry, directory, names[-1])
                newer = self.inode(entry)
                if newer == placed:
                    return False
                # Meanwhile a newer one replaced what was placed: the name is for that.
                self._exchange(entry, directory, names[-1])
                last = self.inode(entry)
                if last == taken:
                    return False
                placed, taken = newer, last
            return True
        finally:
            os.close(directory)

    def can_exchange(self, entry: str, other: str) -> bool:
        """Exchange two entries, and tell whether the release can, or nothing is at risk."""
        return self._idle or exchange_names(self.fd, entry, self.fd, other)

    def _exchange(self, entry: str, directory: int, name: str) -> None:
        if exchange_names(self.fd, entry, directory, name):
            return
        if not self._idle:
            raise PermissionError("this release of ZFS cannot exchange two names")
        old = f"{entry}.old"
        os.link(name, old, src_dir_fd=directory, dst_dir_fd=self.fd, follow_symlinks=False)
        os.rename(entry, name, src_dir_fd=self.fd, dst_dir_fd=directory)
        os.rename(old, entry, src_dir_fd=self.fd, dst_dir_fd=self.fd)


def _is_private(facts: os.stat_result) -> bool:
    private = stat.S_ISDIR(facts.st_mode) and not facts.st_mode & _OTHERS
    return private and facts.st_uid == os.geteuid()
