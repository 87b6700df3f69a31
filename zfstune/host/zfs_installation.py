"""What is installed of OpenZFS and beside it, read from files: no program is run."""

from __future__ import annotations

import glob
import mmap
import os
import re

from zfstune.host.machine_facts import kernel_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "find_programs",
    "has_zone_data",
    "library_version",
    "memory_bytes",
    "module_version",
    "running_among",
    "swaps",
    "zfs_parameters",
]

_MODULE = "/sys/module/zfs"
# The folders that a dynamic linker looks into, in its order: ld.so(8).
_LIBRARY_FOLDERS = (
    "/usr/local/lib",
    "/usr/local/lib64",
    "/lib/*-linux-gnu*",
    "/usr/lib/*-linux-gnu*",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
)
# libzfs keeps ZFS_META_ALIAS as text, which `zfs version` prints: lib/libzfs/libzfs_util.c.
_ALIAS = re.compile(rb"\0zfs-(\d{1,6}\.\d{1,6}\.\d{1,6}[0-9A-Za-z.+~_-]{0,60})\0")
_PROGRAM_FOLDERS = (
    "/usr/local/sbin",
    "/usr/sbin",
    "/sbin",
    "/usr/local/bin",
    "/usr/bin",
    "/bin",
)


def module_version() -> str:
    """Return the version of the loaded zfs module; empty: none is loaded."""
    return kernel_text(f"{_MODULE}/version").strip()


def zfs_parameters(names: Iterable[str]) -> dict[str, str]:
    """Return the values of the module's parameters, of those that this release has."""
    values = {name: kernel_text(f"{_MODULE}/parameters/{name}").strip() for name in names}
    return {name: value for name, value in values.items() if value}


def library_version(folders: Iterable[str] = _LIBRARY_FOLDERS) -> str:
    """Return the version of the libzfs that is installed; empty: there is none.

    Args:
        folders: Patterns of folders; the first library in them counts.
    """
    for pattern in folders:
        for path in sorted(glob.glob(f"{pattern}/libzfs.so.*")):
            version = _alias(path)
            if version:
                return version
    return ""


def _alias(path: str) -> str:
    try:
        with (
            open(path, "rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            found = _ALIAS.search(content)
            return found.group(1).decode("ascii") if found else ""
    except (OSError, ValueError):  # ValueError: the file is empty
        return ""


def find_programs(
    names: Iterable[str], folders: Iterable[str] = _PROGRAM_FOLDERS
) -> dict[str, str]:
    """Return the paths of programs; empty for one that is not installed."""
    places = tuple(folders)
    return {
        name: next(
            (path for folder in places if os.access(path := f"{folder}/{name}", os.X_OK)),
            "",
        )
        for name in names
    }


def running_among(
    names: Iterable[str], proc: str = "/proc", run: str = "/run"
) -> frozenset[str] | None:
    """Return those programs of some names that run; None: not all processes can be seen.

    A container does not see the processes of its host.

    Args:
        names: Names as the kernel has them, of 15 characters at most.
        proc: The folder of the kernel's process table.
        run: The folder in which systemd tells that it runs.
    """
    booted = os.path.isdir(f"{run}/systemd/system")
    if not booted or os.path.exists(f"{run}/systemd/container"):
        return None
    comms = {kernel_text(path).strip() for path in glob.iglob(f"{proc}/[0-9]*/comm")}
    return frozenset(names) & comms


def swaps(path: str = "/proc/swaps") -> tuple[str, ...]:
    """Return the devices and files that the kernel swaps to."""
    return tuple(line.split()[0] for line in kernel_text(path).splitlines()[1:] if line)


def memory_bytes() -> int:
    """Return the memory of this machine."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def has_zone_data() -> bool:
    """Tell whether zones other than UTC can be loaded."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 (slow, and doctor alone needs it)

    try:
        ZoneInfo("Europe/Berlin")
    except (KeyError, ValueError, OSError):
        return False
    return True
