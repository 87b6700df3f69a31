"""Devices that a user gives for a benchmark: refused if they may hold anything.

A device is taken only by its full path, and only if its first and its last part hold
nothing but zeros. That is stricter than to look for the signatures that somebody knows:
partition tables, file systems, labels of ZFS, LVM, LUKS and md all lie there.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from pathlib import Path

__all__ = ["DeviceError", "clear", "refusal"]

ENDS_BYTES = 4 << 20
_SYSFS = Path("/sys/dev/block")
_MOUNTS = Path("/proc/self/mountinfo")
_BLKRRPART = 0x125F  # include/uapi/linux/fs.h


class DeviceError(Exception):
    """A device may not be taken."""


def refusal(device: str, *, sysfs: Path = _SYSFS, mounts: Path = _MOUNTS) -> str:
    """Return why a device may not be written over; empty: it may.

    Args:
        device: Its full path.
        sysfs: Where the kernel tells about block devices, by their numbers.
        mounts: The kernel's list of mounts.
    """
    if not device.startswith("/dev/"):
        return "it is not named in full, as in /dev/sdx"
    try:
        facts = Path(device).stat()
    except OSError as error:
        return f"{error.strerror}"
    if not stat.S_ISBLK(facts.st_mode):
        return "it is no block device"
    number = f"{os.major(facts.st_rdev)}:{os.minor(facts.st_rdev)}"
    reason = _in_use(number, sysfs / number, mounts)
    if reason:
        return reason
    try:
        # The kernel lets nobody open a device so that is mounted, swapped to, or in a pool.
        fd = os.open(device, os.O_RDWR | os.O_EXCL | os.O_CLOEXEC)
    except OSError as error:
        return f"{error.strerror}: it is mounted, in a pool, or else in use"
    try:
        return _content(fd)
    finally:
        os.close(fd)


def clear(device: str) -> None:
    """Write zeros over both ends of a device whose pool was destroyed.

    Raises:
        OSError: It is in use, or cannot be written.
    """
    fd = os.open(device, os.O_RDWR | os.O_EXCL | os.O_CLOEXEC)
    try:
        size = os.lseek(fd, 0, os.SEEK_END)
        for start in (0, max(size - ENDS_BYTES, 0)):
            os.pwrite(fd, bytes(min(ENDS_BYTES, size - start)), start)
        os.fsync(fd)
        try:
            fcntl.ioctl(fd, _BLKRRPART)  # zpool create had made partitions
        except OSError as error:
            if error.errno != errno.EINVAL:  # the device cannot have any
                raise
    finally:
        os.close(fd)


def _in_use(number: str, folder: Path, mounts: Path) -> str:
    """Return how the kernel uses a device; empty: it does not."""
    for line in mounts.read_text("utf-8").splitlines():
        words = line.split()
        if words[2] == number:
            return f"it is mounted on {words[4]}"
    holders = folder / "holders"
    if holders.is_dir() and any(holders.iterdir()):
        return f"{next(holders.iterdir()).name} lies on it"
    parts = sorted(each.parent.name for each in folder.glob("*/partition"))
    if parts:
        return f"it has partitions: {', '.join(parts)}"
    return ""


def _content(fd: int) -> str:
    size = os.lseek(fd, 0, os.SEEK_END)
    if size < 2 * ENDS_BYTES:
        return "it is too small"
    for start, where in ((0, "first"), (size - ENDS_BYTES, "last")):
        if any(os.pread(fd, ENDS_BYTES, start)):
            return f"it holds something: its {where} {ENDS_BYTES >> 20} MiB are not zeros"
    return ""
