"""The places where something is mounted, in this process's mount namespace."""

from __future__ import annotations

import os

from zfstune.values.mountpoint import mount_table_field

__all__ = ["mount_points_at"]


def mount_points_at(path: str, *, table: str = "/proc/self/mountinfo") -> tuple[str, ...]:
    """Return the places at a path and below it where something is mounted, sorted.

    Args:
        path: The absolute path, without links.
        table: The kernel's mount table.

    Raises:
        OSError: The table cannot be read.
    """
    here = os.fsencode(path.rstrip("/"))
    with open(table, "rb") as file:
        points = (mount_table_field(line.split(b" ")[4]) for line in file)
        found = {p for p in points if p == here or p.startswith(here + b"/")}
    return tuple(sorted(map(os.fsdecode, found)))
