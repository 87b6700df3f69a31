"""What the programs that run this one have open: the script being tested, above all."""

from __future__ import annotations

import os

from zfstune.rewinding import RunningFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["running_files"]

_MOST_ANCESTORS = 64


def running_files(
    datasets: Mapping[str, tuple[str, int]], *, proc: str = "/proc"
) -> tuple[RunningFile, ...]:
    """Give what the processes above this one would lose in a rollback.

    Looked at are their open files (a shell keeps its script open), files that their
    command line names (Python reads its script and closes it), and the folder they
    work in. Lost is what was made or changed since. A program further away, and what
    is only mapped, goes unseen.

    Args:
        datasets: Dataset to its mountpoint and the time, in seconds since 1970, to
            which it goes back.
        proc: Where the kernel's process table is.
    """
    devices: dict[int, tuple[str, int]] = {}
    for name, (path, since) in datasets.items():
        try:
            devices[os.stat(path).st_dev] = (name, since)
        except OSError:
            continue
    found: dict[tuple[int, str], RunningFile] = {}
    for pid in _ancestors(proc):
        program = _read(f"{proc}/{pid}/comm").decode(errors="replace").strip()
        for path in _files(proc, pid):
            try:
                at = os.stat(path)
            except OSError:
                continue
            dataset, since = devices.get(at.st_dev, ("", 0))
            if dataset and int(at.st_ctime) >= since:
                real = os.path.realpath(path)
                found[pid, real] = RunningFile(pid, program, real, dataset)
    return tuple(found.values())


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


def _files(proc: str, pid: int) -> Iterator[str]:
    folder = f"{proc}/{pid}"
    try:
        for number in os.listdir(f"{folder}/fd"):
            path = f"{folder}/fd/{number}"
            if os.path.isfile(path):
                yield path
    except OSError:
        pass  # it ended, or is another user's
    cwd = f"{folder}/cwd"
    yield cwd
    for word in _read(f"{folder}/cmdline").split(b"\0")[1:]:
        path = os.path.join(cwd, os.fsdecode(word))
        if word and os.path.isfile(path):
            yield path


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(1 << 20)
    except OSError:
        return b""
