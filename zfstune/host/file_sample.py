"""Look at the block sizes of some files of a mounted filesystem."""

from __future__ import annotations

import os
from time import monotonic

from zfstune.values.state import FileSample, FileSize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MOST_FILES", "sample_files"]

MOST_FILES = 1000
_SECONDS = 2.0
# The stat module's S_IFMT and S_IFREG: importing it costs more
_KIND, _PLAIN = 0o170000, 0o100000


def sample_files(
    path: str, *, most: int = MOST_FILES, seconds: float = _SECONDS
) -> FileSample:
    """Look at the first files that a walk finds; none is opened.

    What is mounted below is passed over, and so are links, folders that cannot be
    read, and files that go away meanwhile.

    Args:
        path: Where the filesystem is mounted.
        most: How many files to look at.
        seconds: How long.

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
        if facts.st_mode & _KIND == _PLAIN and facts.st_size and facts.st_dev == device:
            files.append(FileSize(entry.path, facts.st_size, facts.st_blksize))
    return FileSample(tuple(files), complete=True)


def _walk(path: str, device: int) -> Iterator[os.DirEntry[str]]:
    """Give all that is below a folder and on its filesystem, folders included."""
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
    """Tell whether a folder is on that filesystem; snapshots below .zfs are not."""
    return entry.name != ".zfs" and entry.stat(follow_symlinks=False).st_dev == device
