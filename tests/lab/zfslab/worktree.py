"""Which files of the checkout a guest lacks, and the archive that brings them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tarfile
from typing import TYPE_CHECKING

from .errors import LabError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

GUEST_CHECKOUT = "/work/zfstune"
GUEST_INSTALL = "/opt/zfstune"

# What a guest holds: its path there -> the stamp of the host's file.
Manifest = dict[str, str]


def tracked(checkout: Path) -> list[str]:
    """Return the files of the work tree: tracked or new, but not ignored."""
    argv = [
        "git",
        "-C",
        str(checkout),
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    done = subprocess.run(argv, capture_output=True, check=False)
    if done.returncode:
        raise LabError(
            f"cannot list '{checkout}': {done.stderr.decode().strip()}",
            "the lab runs from a git checkout",
        )
    names = {
        name.decode("utf-8", "surrogateescape") for name in done.stdout.split(b"\0") if name
    }
    # A file may be in the index and gone from the work tree.
    return sorted(name for name in names if os.path.lexists(checkout / name))


def stamps(files: Mapping[str, Path]) -> Manifest:
    """Return for each file what changes when it does.

    People edit while the lab looks: a file that has just gone is left out.
    """
    manifest = {}
    for name, path in files.items():
        with contextlib.suppress(FileNotFoundError):
            status = path.lstat()
            fields = (status.st_mode, status.st_size, status.st_mtime_ns, status.st_ino)
            manifest[name] = " ".join(map(str, fields))
    return manifest


def locate(checkout: Path, names: Iterable[str], install: Path | None) -> dict[str, Path]:
    """Return guest path -> host path for the checkout and the unpacked wheel."""
    files = {f"{GUEST_CHECKOUT}/{name}": checkout / name for name in names}
    if install is not None:
        for path in sorted(install.rglob("*")):
            if not path.is_dir():
                files[f"{GUEST_INSTALL}/{path.relative_to(install).as_posix()}"] = path
    return files


def difference(
    held: Mapping[str, str], wanted: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Return the guest paths to send and those to delete."""
    send = [path for path, mark in wanted.items() if held.get(path) != mark]
    return send, [path for path in held if path not in wanted]


def pack(archive: Path, files: Mapping[str, Path], send: Iterable[str]) -> None:
    """Write the archive of the files to send, owned by root, times kept.

    The times matter: with them the guest's compiled Python stays valid.
    """
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as tar:
        for path in send:
            with contextlib.suppress(FileNotFoundError):
                tar.add(files[path], path.lstrip("/"), recursive=False, filter=_root_owned)


def _root_owned(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    return info
