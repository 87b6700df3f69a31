"""Processes that use files: this one with its ancestors, and those of named programs.

A rollback would take away the script that started it. A database that runs on a dataset
uses files there which it may not have open at the moment.
"""

from __future__ import annotations

import os
import stat
import sys
from itertools import islice

from zfstune.values.state import RunningFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

__all__ = ["programs_on", "running_files", "used_by"]

_MOST_ANCESTORS = 64
_MOST_ENTRIES = 1000


def running_files(
    datasets: Mapping[str, tuple[str, int]], *, proc: str = "/proc"
) -> tuple[RunningFile, ...]:
    """Find the files that this process and its ancestors would lose in a rollback.

    A rollback loses files that were made or changed since, and folders that were made
    since. Looked at are zfstune's own files and the files that each process names on its
    command line (Python reads its script and closes it); of the ancestors also the open
    files (a shell keeps its script open) and the working folder. Other processes, and
    files that are only mapped, are not looked at.

    Args:
        datasets: Dataset to its mountpoint, and the time to which the rollback brings
            it back, in seconds since 1970.
        proc: The folder of the kernel's process table.
    """
    devices: dict[int, tuple[str, int, int]] = {}
    for name, (path, since) in datasets.items():
        try:
            folder = os.stat(path)
        except OSError:
            continue
        devices[folder.st_dev] = (name, since, folder.st_ino)
    # Of several processes that have one file open, the topmost ancestor opened it.
    by_path: dict[str, RunningFile] = {}
    for pid in (os.getpid(), *_ancestors(proc)):
        program = _read(f"{proc}/{pid}/comm").decode(errors="replace").strip()
        own = pid == os.getpid()
        files = (__file__, sys.executable) if own else _open_files(proc, pid)
        for path in (*files, *_named_files(proc, pid)):
            try:
                facts = os.stat(path)
            except (OSError, ValueError):
                continue
            dataset, since, root_inode = devices.get(facts.st_dev, ("", 0, 0))
            if dataset and facts.st_ino != root_inode and _is_newer(path, facts, since):
                real = os.path.realpath(path)
                by_path[real] = RunningFile(pid, program, real, dataset)
    return tuple(by_path.values())


def programs_on(
    device: int, names: Collection[str], *, proc: str = "/proc"
) -> dict[int, str]:
    """Find the processes of named programs that use a filesystem.

    A process uses it if its working folder, its root, its program, an open file or a
    mapped one is there.

    Args:
        device: The filesystem, as ``st_dev`` has it.
        names: Names of programs; the kernel cuts them after 15 characters.
        proc: The folder of the kernel's process table.

    Returns:
        Process to the name of its program.
    """
    found = {}
    for pid in (int(entry) for entry in os.listdir(proc) if entry.isdigit()):
        program = _read(f"{proc}/{pid}/comm").decode(errors="replace").strip()
        if program in names and any(_is_on(path, device) for path in used_by(proc, pid)):
            found[pid] = program
    return found


def used_by(proc: str, pid: int) -> Iterator[str]:
    """Yield links to all that a process uses."""
    folder = f"{proc}/{pid}"
    yield from (f"{folder}/{name}" for name in ("cwd", "root", "exe"))
    for kind in ("fd", "map_files"):
        try:
            yield from (
                f"{folder}/{kind}/{entry}" for entry in os.listdir(f"{folder}/{kind}")
            )
        except OSError:
            continue  # the process ended, or is another user's


def _is_on(path: str, device: int) -> bool:
    try:
        return os.stat(path).st_dev == device
    except OSError:
        return False


def _is_newer(path: str, facts: os.stat_result, since: int) -> bool:
    """Tell whether a file was changed, or a folder made, since a time.

    The kernel does not tell when a folder was made, and each new entry gives the folder
    a new time. A folder that holds an older file is older itself.
    """
    if int(facts.st_ctime) < since or not stat.S_ISDIR(facts.st_mode):
        return int(facts.st_ctime) >= since
    try:
        with os.scandir(path) as entries:
            first = islice(entries, _MOST_ENTRIES)
            times = [int(entry.stat(follow_symlinks=False).st_ctime) for entry in first]
    except OSError:
        return True
    return all(time >= since for time in times)


def _ancestors(proc: str) -> Iterator[int]:
    """Yield the ancestors of this process, the parent first, without process 1."""
    pid = os.getppid()
    for _ in range(_MOST_ANCESTORS):
        if pid <= 1:
            return
        yield pid
        # proc(5): the name in brackets may hold any character, brackets included. The
        # second field after it is the parent.
        fields = _read(f"{proc}/{pid}/stat").rpartition(b")")[2].split()
        pid = int(fields[1]) if len(fields) > 1 else 0


def _open_files(proc: str, pid: int) -> Iterator[str]:
    folder = f"{proc}/{pid}"
    try:
        for number in os.listdir(f"{folder}/fd"):
            path = f"{folder}/fd/{number}"
            if os.path.isfile(path):
                yield path
    except OSError:
        pass  # the process ended, or is another user's
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
