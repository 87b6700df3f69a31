"""The mount table, and the options that a filesystem mounts with.

Each call reads /proc anew: with a cached table, as libzfs has one, a long-lived process
would believe in mounts that are gone.
"""

from __future__ import annotations

import errno
import os

from zfstune.values.mountpoint import mount_table_field, mount_words
from zfstune.values.state import Mount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.values.state import Dataset

__all__ = [
    "is_mount_of",
    "mount_options",
    "mount_paths",
    "mount_table",
    "snapshot_numbers",
    "snapshot_paths",
]

# linux/mount.h
MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_MANDLOCK = 64
MS_NOATIME = 1024
MS_RELATIME = 1 << 21
MS_STRICTATIME = 1 << 24

# The keys are the words of zfstune.values.mountpoint.mount_words().
_FLAGS = {
    "mand": MS_MANDLOCK,
    "noatime": MS_NOATIME,
    "nodev": MS_NODEV,
    "noexec": MS_NOEXEC,
    "nosuid": MS_NOSUID,
    "relatime": MS_RELATIME,
    "ro": MS_RDONLY,
    "strictatime": MS_STRICTATIME,
}
# The inode of .zfs/snapshot, beyond the numbers of files: include/sys/zfs_ctldir.h
_SNAPDIR = 0xFFFFFFFFFFFD

_CONTEXTS = ("context", "fscontext", "defcontext", "rootcontext")


def snapshot_paths() -> dict[str, str]:
    """Return the path of each snapshot that is mounted below a ``.zfs/snapshot``."""
    return {name: path for name, (path, _, _, _) in _mounted(snapshots=True).items()}


def mount_paths() -> dict[str, str]:
    """Return the path of each mounted ZFS filesystem of this mount namespace.

    For a filesystem that is mounted twice it is the first path, as ``zfs mount`` prints.
    """
    return {name: path for name, (path, _, _, _) in _mounted().items()}


def mount_table() -> dict[str, Mount]:
    """Return the mounted filesystems with owner and mode of their root directories.

    Every user may read the mount table, but not every directory: owner and mode are None
    where this user cannot reach it.
    """
    table = {}
    for name, (path, device, options, covered) in _mounted().items():
        try:
            status = os.stat(path)
        except PermissionError:
            table[name] = Mount(name, path, None, None, None, options, covered)
            continue
        except OSError:  # unmounted meanwhile, or covered by another mount
            continue
        hidden = device != _device(status)
        mode = status.st_mode & 0o7777
        table[name] = Mount(name, path, status.st_uid, status.st_gid, mode, options, hidden)
    return table


def is_mount_of(directory: int, name: str) -> bool:
    """Tell whether an open directory lies in a mounted filesystem of that name."""
    mounted = _mounted().get(name)
    return mounted is not None and mounted[1] == _device(os.fstat(directory))


def snapshot_numbers(datasets: Iterable[str]) -> dict[str, dict[str, int]]:
    """Read ``.zfs/snapshot`` of each dataset where that can be done.

    The inode number of an entry is a constant minus the number of the snapshot's object
    (zpl_snapdir_iterate() in module/os/linux/zfs/zpl_ctldir.c).
    """
    mounted = _mounted()
    numbers = {}
    for name in datasets:
        if name in mounted:
            path, device, _, _ = mounted[name]
            try:
                numbers[name] = _numbers(f"{path}/.zfs/snapshot", device)
            except OSError:  # out of reach, hidden, or snapdir=disabled
                continue
    return numbers


def _numbers(path: str, device: str) -> dict[str, int]:
    """Read the inode numbers in a ``.zfs/snapshot``, if it is that of the device."""
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        status = os.fstat(directory)
        if status.st_ino != _SNAPDIR or device != _device(status):
            raise OSError(errno.ENOTDIR, "not this filesystem's own")
        with os.scandir(directory) as entries:
            return {entry.name: entry.inode() for entry in entries}
    finally:
        os.close(directory)


def _device(status: os.stat_result) -> str:
    return f"{os.major(status.st_dev)}:{os.minor(status.st_dev)}"


def _mounted(
    *, snapshots: bool = False
) -> dict[str, tuple[str, str, frozenset[str], bool]]:
    """Return path, device and options of each mounted ZFS filesystem, and if it is covered.

    Of several mounts of a filesystem the first counts. A mount is covered where another
    mount has the same path, and has the covered one as its parent.

    Args:
        snapshots: Return the mounted snapshots instead: ZFS mounts a snapshot below
            ``.zfs`` as soon as somebody looks into it.
    """
    first: dict[str, tuple[str, str, frozenset[str], bytes]] = {}
    mounted_on: set[tuple[bytes, bytes]] = set()
    with open("/proc/self/mountinfo", "rb") as table:
        for line in table:
            # man 5 proc: optional fields end at a lone "-"
            before, _, after = line.partition(b" - ")
            kind, source = after.split(b" ")[:2]
            fields = before.split(b" ")
            mounted_on.add((fields[1], fields[4]))
            if kind != b"zfs" or fields[3] != b"/":  # a bind mount of a folder within
                continue
            name = os.fsdecode(mount_table_field(source))
            if ("@" in name) is snapshots:
                options = frozenset(fields[5].decode("ascii", "replace").split(","))
                device = fields[2].decode("ascii")
                path = os.fsdecode(mount_table_field(fields[4]))
                first.setdefault(name, (path, device, options, before))
    return {
        name: (path, device, options, _is_covered(before, mounted_on))
        for name, (path, device, options, before) in first.items()
    }


def _is_covered(line: bytes, mounted_on: set[tuple[bytes, bytes]]) -> bool:
    fields = line.split(b" ")
    return (fields[0], fields[4]) in mounted_on


def mount_options(dataset: Dataset, path: str, *, readonly_pool: bool) -> tuple[int, str]:
    """Compute the flags and the data of mount(2), as zfs_mount() would."""
    flags = 0
    for word in mount_words(dataset, readonly_pool=readonly_pool):
        flags |= _FLAGS[word]
    options = ["zfsutil", f"mntpoint={path}"]
    for prop in _CONTEXTS:
        context = dataset.value(prop)
        if context not in (None, "none"):
            options.append(f'{prop}="{context}"')
    return flags, ",".join(options)
