"""Tell a process from all others, also from a later one of the same number."""

from __future__ import annotations

import os

__all__ = ["is_running", "own_identity"]

# man 5 proc: the 22nd field of stat is the time of the start. The second is the program's
# name in parentheses, which may hold blanks and parentheses itself.
_START = 22 - 3


def own_identity(*, proc: str = "/proc") -> str:
    """Return a text that names this process on this boot of this machine."""
    return _identity(os.getpid(), proc)


def is_running(identity: str, *, proc: str = "/proc") -> bool:
    """Tell whether a process that :func:`own_identity` named is there."""
    pid = identity.rpartition(".")[0].rpartition(".")[2]
    if not (pid.isascii() and pid.isdecimal()):
        return False
    try:
        return _identity(int(pid), proc) == identity
    except OSError:
        return False


def _identity(pid: int, proc: str) -> str:
    with open(f"{proc}/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    with open(f"{proc}/{pid}/stat", encoding="utf-8", errors="replace") as file:
        start = file.read().rpartition(")")[2].split()[_START]
    return f"{boot}.{pid}.{start}"
