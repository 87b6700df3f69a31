"""Leases on files: the kernel's own word that nobody else has a file open.

A write lease is given only where no other open file, mapping or running program uses the
inode (check_conflicting_open() in fs/locks.c of Linux), whichever name and whichever
mount it was opened by. While it is held, open() and truncate() of others wait for it:
for /proc/sys/fs/lease-break-time seconds at most, or until it is given back. To look
through /proc would tell less: a file may be opened behind the back of the reader, and
NFS servers, loop devices and other parts of the kernel are not listed there.
"""

from __future__ import annotations

import fcntl
import signal
from contextlib import suppress

__all__ = ["give_back_lease", "lease_is_whole", "take_lease"]


def take_lease(file: int) -> None:
    """Take a write lease on an open file.

    Args:
        file: The only open file of its inode in this process.

    Raises:
        OSError: EAGAIN: somebody has it open, has it mapped or runs it; EACCES: it is
            somebody else's, and this user may not (CAP_LEASE); EINVAL: the filesystem has
            no leases.
    """
    # The signal for a broken lease is one that ends nobody who takes no notice of it.
    fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
    fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)


def lease_is_whole(file: int) -> bool:
    """Tell whether nobody has asked for the file since the lease was taken."""
    return fcntl.fcntl(file, fcntl.F_GETLEASE) == fcntl.F_WRLCK


def give_back_lease(file: int) -> None:
    """Give a lease back, if there is one; those who wait for the file go on."""
    with suppress(BlockingIOError):  # there is none, or its time was up
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
