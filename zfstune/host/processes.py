"""What the programs that run this one have open: the script being tested, above all."""

from __future__ import annotations

import os
import stat
import sys
from itertools import islice

from zfstune.values.state import RunningFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["running_files"]

_MOST_ANCESTORS = 64
_MOST_ENTRIES = 1000


def running_files(
    datasets: Mapping[str, tuple[str, int]], *, proc: str = "/proc"
) -> tuple[RunningFile, ...]:
    """Give what this process and those above it would lose in a rollback.

    Looked at are files that their command line names (Python reads its script and
    closes it), and zfstune itself; and of those above, open files (a shell keeps its
    script open) and the folder they work in. Lost are files that were made or changed
    since, and folders that were made since. A program further away, and what is only
    mapped, goes unseen.

    Args:
        datasets: Dataset to its mountpoint and the time, in seconds since 1970, to
            which it goes back.
        proc: Where the kernel's process table is.
    """
    devices: dict[int, tuple[str, int, int]] = {}
    for name, (path, since) in datasets.items():
        try:
            folder = os.stat(path)
        except OSError:
            continue
        devices[folder.st_dev] = (name, since, folder.st_ino)
    # of several processes that have one file open, the one furthest up opened it
    found: dict[str, RunningFile] = {}
    for pid in (os.getpid(), *_ancestors(proc)):
        program = _read(f"{proc}/{pid}/comm").decode(errors="replace").strip()
        own = pid == os.getpid()
        files = (__file__, sys.executable) if own else _open_files(proc, pid)
        for path in (*files, *_named_files(proc, pid)):
            try:
                at = os.stat(path)
            except (OSError, ValueError):
                continue
            dataset, since, top = devices.get(at.st_dev, ("", 0, 0))
            if dataset and at.st_ino != top and _is_newer(path, at, since):
                real = os.path.realpath(path)
                found[real] = RunningFile(pid, program, real, dataset)
    return tuple(found.values())


def _is_newer(path: str, at: os.stat_result, since: int) -> bool:
    """Tell whether a file was changed, or a folder made, since a time.

    When a folder was made cannot be asked for here, and whatever is put into it gives
    it a new time. One that holds something older is older itself.
    """
    if int(at.st_ctime) < since or not stat.S_ISDIR(at.st_mode):
        return int(at.st_ctime) >= since
    try:
        with os.scandir(path) as entries:
            times = [e.stat(follow_symlinks=False) for e in islice(entries, _MOST_ENTRIES)]
    except OSError:
        return True
    return all(int(time.st_ctime) >= since for time in times)


def _ancestors(proc: str) -> Iterator[int]:
    """Give the processes above this one, the nearest first, up to the session's root."""
    pid = os.getppid()
    for _ in range(_MOST_ANCESTORS):
        if pid <= 1:
            return
        yield pid
        # man 5 proc: the name in brackets may hold anything
        after = _read(f"{proc}/{pid}/stat").rpartition(b")")[2].split()
        pid = int(after[1]) if len(after) > 1 else 0


def _open_files(proc: str, pid: int) -> Iterator[str]:
    folder = f"{proc}/{pid}"
    try:
        for number in os.listdir(f"{folder}/fd"):
            path = f"{folder}/fd/{number}"
            if os.path.isfile(path):
                yield path
    except OSError:
        pass  # it ended, or is another user's
    yield f"{folder}/cwd"


def _named_files(proc: str, pid: int) -> Iterator[str]:
    cwd = f"{proc}/{pid}/cwd"
    for word in _read(f"{proc}/{pid}/cmdline").split(b"\0")[1:]:
        path = os.path.join(cwd, os.fsdecode(word))
        if word and os.path.isfile(path):
            yield path


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(1 << 20)
    except OSError:
        return b""
