"""Walk through a mounted filesystem, and find files with all of their names."""

from __future__ import annotations

import os
import stat

from zfstune.host.walk import open_below
from zfstune.measurement.retuning.found_file import FoundFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from zfstune.measurement.retuning.found_file import Names

__all__ = ["find_files", "found"]

_CONTROL = ".zfs"


def find_files(
    root: int, wanted: Callable[[os.stat_result], bool], *, skip: Collection[str] = ()
) -> tuple[dict[int, FoundFile], int]:
    """Find plain files of a filesystem.

    Each folder is opened from the root on, name by name: no link is followed, nothing
    that is mounted below is entered, and a folder that is moved, replaced or removed
    meanwhile is passed over.

    Args:
        root: The open root directory of the filesystem.
        wanted: Tells of a file's facts whether the file is.
        skip: Names at the root that are not entered.

    Returns:
        Inode to file, and the number of all plain files, each inode counted once a name.

    Raises:
        OSError: The root itself cannot be read.
    """
    files: dict[int, FoundFile] = {}
    count = 0
    for names, facts in _plain_files(root, {_CONTROL, *skip}):
        count += 1
        known = files.get(facts.st_ino)
        if known is not None:
            files[facts.st_ino] = known.with_name(names)
        elif wanted(facts):
            files[facts.st_ino] = found(facts, names)
    return files, count


def found(facts: os.stat_result, names: Names) -> FoundFile:
    """Return a file by its facts and one of its names."""
    return FoundFile(
        inode=facts.st_ino,
        size_bytes=facts.st_size,
        block_bytes=facts.st_blksize,
        used_bytes=facts.st_blocks * 512,
        links=facts.st_nlink,
        modified_ns=facts.st_mtime_ns,
        changed_ns=facts.st_ctime_ns,
        names=(names,),
    )


def _plain_files(
    root: int, skip: Collection[str]
) -> Iterator[tuple[Names, os.stat_result]]:
    device = os.fstat(root).st_dev
    folders: list[Names] = [()]
    while folders:
        folder = folders.pop()
        try:
            directory = open_below(root, folder)
        except OSError:
            if folder:
                continue
            raise
        try:
            for name in os.listdir(directory):
                if not folder and name in skip:
                    continue
                try:
                    facts = os.stat(name, dir_fd=directory, follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if facts.st_dev != device:
                    continue
                if stat.S_ISDIR(facts.st_mode):
                    folders.append((*folder, name))
                elif stat.S_ISREG(facts.st_mode):
                    yield (*folder, name), facts
        finally:
            os.close(directory)
