"""Make NFS serve mounted filesystems, or stop serving them.

This is the one place where zfstune starts another program that the user did not ask it
to run: only exportfs can tell the NFS server what to serve, and libzfs runs it too for
each change of ``sharenfs`` (nfs_commit_shares() in lib/libshare/os/linux/nfs.c). Its path
and its arguments are fixed.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from fcntl import LOCK_EX, flock

from zfstune.host.files import replace_file
from zfstune.values.errors import EngineError
from zfstune.values.exports import Exports, join_lines, lines_by_path, replace_lines
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["export", "read_exports"]

_FOLDER = "/etc/exports.d"
_FILE = f"{_FOLDER}/zfs.exports"
_ADMINISTRATORS_FILE = "/etc/exports"
_SERVED = "/var/lib/nfs/etab"
_EXPORTFS = "/usr/sbin/exportfs"
_MOST_SECONDS = 60  # exportfs may ask a name server about each host
_SUFFIX = ".exports"


def read_exports() -> Exports:
    """Read the paths that are served, and the paths that the files of exports name.

    Raises:
        EngineError: One of the files cannot be read.
    """
    if not os.path.exists(_EXPORTFS):
        return Exports({}, frozenset(), frozenset(), available=False)
    others = set(lines_by_path(join_lines(_read(_ADMINISTRATORS_FILE))))
    names = os.listdir(_FOLDER) if os.path.isdir(_FOLDER) else []
    for name in names:
        path = os.path.join(_FOLDER, name)
        if name.endswith(_SUFFIX) and path != _FILE:
            others |= set(lines_by_path(join_lines(_read(path))))
    served = frozenset(lines_by_path(_read(_SERVED)))
    return Exports(lines_by_path(_read(_FILE)), frozenset(others), served)


def export(path: str, lines: Iterable[str]) -> None:
    """Serve a path as these lines say; stop serving it where there are no lines.

    Raises:
        EngineError: The file could not be written, or exportfs failed. The call can be
            repeated.
    """
    try:
        with _locked():
            text = replace_lines(_read(_FILE), path, lines)
            replace_file(_FILE, text, errors="surrogateescape")
    except OSError as error:
        raise _failed(path, error.errno or 0, error.strerror or str(error)) from None
    _commit(path)


def _read(path: str) -> str:
    try:
        # with `newline`, since "\r" ends no line of these files
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise EngineError(
            operation="read",
            target=path,
            errno=error.errno or 0,
            reason=error.strerror or str(error),
        ) from None


@contextmanager
def _locked() -> Iterator[None]:
    """Hold libshare's own lock, so that this and ``zfs share`` wait for each other."""
    os.makedirs(_FOLDER, mode=0o755, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    lock = os.open(f"{_FILE}.lock", flags, 0o600)
    try:
        flock(lock, LOCK_EX)
        yield
    finally:
        os.close(lock)


def _commit(path: str) -> None:
    """Tell the NFS server to read the files again."""
    import subprocess  # noqa: PLC0415 (slow, and few share anything)

    try:
        done = subprocess.run(  # noqa: S603 (no word of it comes from outside)
            [_EXPORTFS, "-ra"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
            timeout=_MOST_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(path, getattr(error, "errno", 0) or 0, f"exportfs: {error}") from None
    if done.returncode:
        last_line = done.stderr.decode("utf-8", "replace").strip().split("\n")[-1]
        reason = shown(last_line) or f"exportfs failed with status {done.returncode}"
        raise _failed(path, 0, reason)


def _failed(path: str, errno: int, reason: str) -> EngineError:
    return EngineError(
        operation="export",
        target=path,
        errno=errno,
        reason=reason,
        hint="run `exportfs -ra` to see why, then apply again",
    )
