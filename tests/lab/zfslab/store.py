"""The cache folder outside the checkout, and locks in it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import LabError

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[3]
LAB = Path(__file__).resolve().parents[1]


def cache() -> Path:
    """Return the cache folder, made if need be."""
    folder = Path(os.environ.get("ZFSTUNE_LAB_CACHE") or "/var/cache/zfstune-lab")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(
            f"cannot create '{folder}': {error.strerror}",
            "set ZFSTUNE_LAB_CACHE to a folder that you may write",
        ) from error
    return folder


@contextlib.contextmanager
def locked(path: Path, *, shared: bool = False, wait: bool = True) -> Iterator[bool]:
    """Hold a lock on a file while the block runs; yield whether it was free.

    The kernel drops the lock with its holder, however that one ends. With
    wait=False a lock that someone else holds yields False at once.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Inherited by no child: an orphan must not keep the lock.
    with path.open("a", encoding="ascii") as file:
        mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(file, mode if wait else mode | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
