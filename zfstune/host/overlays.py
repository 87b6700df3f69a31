"""Overlay mounts over folders of a filesystem, in any mount namespace.

The behaviour of an overlay whose layers change under it is undefined
(Documentation/filesystems/overlayfs.rst of Linux): it keeps inodes of them in memory.
"""

from __future__ import annotations

import os

from zfstune.values.mountpoint import mount_table_field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["overlays_on"]

_LAYERS = (b"lowerdir", b"upperdir", b"workdir", b"datadir")


def overlays_on(device: int, *, proc: str = "/proc") -> tuple[str, ...]:
    """Return where overlays are mounted that have a layer on a filesystem.

    A layer that is named by a relative path, as Docker names lower ones, is not found.

    Args:
        device: The filesystem, as ``st_dev`` has it.
        proc: The folder of the kernel's process table.
    """
    found = set()
    for table in _tables(proc):
        for line in table.splitlines():
            before, _, after = line.partition(b" - ")
            fields = after.split(b" ")
            if fields[0] == b"overlay" and any(
                _device(layer) == device for layer in _layers(fields[-1])
            ):
                found.add(os.fsdecode(mount_table_field(before.split(b" ")[4])))
    return tuple(sorted(found))


def _tables(proc: str) -> Iterator[bytes]:
    """Yield the mount table of each mount namespace once."""
    seen = set()
    for pid in (entry for entry in os.listdir(proc) if entry.isdigit()):
        try:
            namespace = os.readlink(f"{proc}/{pid}/ns/mnt")
            if namespace in seen:
                continue
            with open(f"{proc}/{pid}/mountinfo", "rb") as table:
                yield table.read()
            seen.add(namespace)
        except OSError:
            continue  # the process ended, or is another user's


def _layers(options: bytes) -> Iterator[bytes]:
    for option in options.split(b","):
        key, _, paths = option.partition(b"=")
        if key.rstrip(b"+") in _LAYERS:
            yield from (mount_table_field(path) for path in paths.split(b":") if path)


def _device(path: bytes) -> int:
    """Return the filesystem of an absolute path; -1: there is none."""
    try:
        return os.stat(path).st_dev if path.startswith(b"/") else -1
    except (OSError, ValueError):
        return -1
