"""Look at the block sizes of some files of a mounted filesystem."""

from __future__ import annotations

import os
import stat
from time import monotonic

from zfstune.values.state import FileSample, FileSize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MOST_FILES", "sample_files"]

MOST_FILES = 1000
_MOST_SECONDS = 2.0


def sample_files(
    path: str, *, most: int = MOST_FILES, seconds: float = _MOST_SECONDS
) -> FileSample:
    """Look at the first files that a walk finds, without opening any.

    The walk passes over filesystems that are mounted below, links, folders that cannot
    be read, and files that disappear meanwhile.

    Args:
        path: The directory that the filesystem is mounted on.
        most: How many files to look at, at the most.
        seconds: How long to look, at the most.

    Raises:
        OSError: The folder itself cannot be read.
    """
    device = os.stat(path).st_dev
    until = monotonic() + seconds
    files: list[FileSize] = []
    for entry in _walk(path, device):
        if len(files) >= most or monotonic() > until:
            return FileSample(tuple(files), complete=False)
        try:
            facts = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        plain = stat.S_ISREG(facts.st_mode) and facts.st_dev == device
        if plain and facts.st_size:
            files.append(FileSize(entry.path, facts.st_size, facts.st_blksize))
    return FileSample(tuple(files), complete=True)


def _walk(path: str, device: int) -> Iterator[os.DirEntry[str]]:
    """Yield each entry below a folder that is on the folder's filesystem."""
    folders = [path]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    yield entry
                    if entry.is_dir(follow_symlinks=False) and _is_on(entry, device):
                        folders.append(entry.path)
        except OSError:
            if folder == path:
                raise


def _is_on(entry: os.DirEntry[str], device: int) -> bool:
    """Tell whether a folder is on the filesystem; ``.zfs``, which has snapshots, is not."""
    return entry.name != ".zfs" and entry.stat(follow_symlinks=False).st_dev == device
