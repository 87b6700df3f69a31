"""Copy the file of a pool, which is mostly holes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["sparse_copy"]


def sparse_copy(source: Path, target: Path) -> None:
    """Copy a file with holes, and leave the holes."""
    with source.open("rb") as old, target.open("wb") as new:
        end = old.seek(0, os.SEEK_END)
        new.truncate(end)
        at = 0
        while True:
            try:
                at = os.lseek(old.fileno(), at, os.SEEK_DATA)
            except OSError:  # only a hole is left
                return
            hole = os.lseek(old.fileno(), at, os.SEEK_HOLE)
            os.pwrite(new.fileno(), os.pread(old.fileno(), hole - at, at), at)
            at = hole
