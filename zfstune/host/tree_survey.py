"""Walk through a folder: what is in it, who uses it, and a mark of its state."""

from __future__ import annotations

import hashlib
import os
import stat

from zfstune.host.processes import used_by
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TreeSurvey", "survey_tree", "users_of"]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_DIGEST_BYTES = 16
_BLOCK_BYTES = 512  # stat(2) counts in these, whatever a filesystem's own blocks are


@frozen
class TreeSurvey:
    """What a walk through a folder found.

    Attributes:
        files: How many files it has, links and devices among them.
        folders: How many folders, itself included.
        size_bytes: The length of all files.
        space_bytes: The space that their data takes; holes take none.
        device: The filesystem that it lies in.
        inodes: The numbers of all that is in it.
        linked: Files that have names outside of it, too, by a path in it.
        state: Names, sizes and times of all that is in it, as a digest. Another digest
            means that something changed. The folder's own times do not count.
    """

    files: int
    folders: int
    size_bytes: int
    space_bytes: int
    device: int
    inodes: frozenset[int]
    linked: tuple[str, ...]
    state: str


def survey_tree(directory: int, name: str) -> TreeSurvey:
    """Walk through a folder; no link is followed, and what is mounted is not entered.

    Args:
        directory: The open folder that it lies in.
        name: Its name there.

    Raises:
        OSError: It cannot be read.
    """
    top = os.open(name, _FOLDER, dir_fd=directory)
    try:
        device = os.fstat(top).st_dev
        digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
        folders, size_bytes, space_bytes, files = 1, 0, 0, 0
        inodes = {os.fstat(top).st_ino}
        names: dict[int, list[str]] = {}
        links: dict[int, int] = {}
        for path, facts in _walk(top, "", device):
            inodes.add(facts.st_ino)
            times = (facts.st_mtime_ns, facts.st_ctime_ns)
            line = (path, facts.st_ino, facts.st_mode, facts.st_size, *times)
            digest.update(repr(line).encode("utf-8", "surrogateescape"))
            if stat.S_ISDIR(facts.st_mode):
                folders += 1
                continue
            files += 1
            if stat.S_ISREG(facts.st_mode):
                size_bytes += facts.st_size
                space_bytes += min(facts.st_size, facts.st_blocks * _BLOCK_BYTES)
            if facts.st_nlink > 1:
                names.setdefault(facts.st_ino, []).append(path)
                links[facts.st_ino] = facts.st_nlink
    finally:
        os.close(top)
    linked = tuple(found[0] for ino, found in names.items() if links[ino] > len(found))
    state = digest.hexdigest()
    sizes = (files, folders, size_bytes, space_bytes)
    return TreeSurvey(*sizes, device, frozenset(inodes), linked, state)


def _walk(folder: int, above: str, device: int) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the path and the facts of everything in a folder, in the order of names."""
    for name in sorted(os.listdir(folder)):
        facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
        yield f"{above}{name}", facts
        if stat.S_ISDIR(facts.st_mode) and facts.st_dev == device:
            below = os.open(name, _FOLDER, dir_fd=folder)
            try:
                yield from _walk(below, f"{above}{name}/", device)
            finally:
                os.close(below)


def users_of(survey: TreeSurvey, path: str, *, proc: str = "/proc") -> dict[int, str]:
    """Find the processes that use something in a folder.

    A process uses a file or a folder if it is its working folder, its root, its program,
    an open file or a mapped one. A file that was removed and is still open is found by
    the path that it had.

    Args:
        survey: What is in the folder.
        path: The folder's path, without links.
        proc: The folder of the kernel's process table.

    Returns:
        Process to the name of its program, without this process.
    """
    found = {}
    for pid in (int(entry) for entry in os.listdir(proc) if entry.isdigit()):
        if pid != os.getpid() and any(
            _is_in(link, survey, path) for link in used_by(proc, pid)
        ):
            found[pid] = _program(proc, pid)
    return found


def _is_in(link: str, survey: TreeSurvey, path: str) -> bool:
    try:
        facts = os.stat(link)
        if facts.st_dev != survey.device:
            return False
        return facts.st_ino in survey.inodes or os.readlink(link).startswith(f"{path}/")
    except OSError:
        return False


def _program(proc: str, pid: int) -> str:
    try:
        with open(f"{proc}/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return "a process"
