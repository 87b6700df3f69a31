"""Suspended pools, found without a call that would wait for them.

A pool that loses its devices while a call is under way suspends: the call then
waits in the kernel, where no signal reaches it, until the devices come back and
somebody runs ``zpool clear`` (txg_wait_synced() in module/zfs/txg.c). The files
that are read here need neither a lock of the pool nor an ioctl.
"""

from __future__ import annotations

import os

__all__ = ["end_with", "process_marks", "suspended_pools"]

_KSTATS = "/proc/spl/kstat/zfs"


def suspended_pools() -> frozenset[str]:
    """Return the names of the suspended pools."""
    try:
        entries = os.listdir(_KSTATS)
    except OSError:  # no module, or a container that hides it
        return frozenset()
    return frozenset(name for name in entries if _state(name) == "SUSPENDED")


def process_marks(pid: int) -> str:
    """Return a text that changes as long as a process does anything at all."""
    try:
        # The file has two counts of context switches: man 5 proc
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def end_with(parent: int) -> None:
    """Let this process end, by SIGKILL, when its parent does."""
    from zfstune.engine._binding import lib  # noqa: PLC0415 (the parent needs no extension)

    if lib.zt_end_with(parent):
        raise SystemExit(1)


def _state(name: str) -> str:
    try:
        # Only pools have a "state": module/zfs/spa_stats.c
        with open(f"{_KSTATS}/{name}/state", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:  # the entry is no pool, or a pool that was just exported
        return ""
