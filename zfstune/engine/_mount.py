"""The mount table, and the options that a filesystem mounts with.

Read from /proc at each call: libzfs caches its table, and a long-lived process
then believes in mounts that are gone.
"""

from __future__ import annotations

import errno
import os

from zfstune.state import Mount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.state import Dataset

__all__ = ["make_mountpoint", "mount_options", "mount_paths", "mount_table"]

# linux/mount.h
MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_MANDLOCK = 64
MS_NOATIME = 1024
MS_RELATIME = 1 << 21
MS_STRICTATIME = 1 << 24

# property, value, flag: zfs_add_options() in lib/libzfs/libzfs_mount.c
_FLAGS = (
    ("atime", "off", MS_NOATIME),
    ("devices", "off", MS_NODEV),
    ("exec", "off", MS_NOEXEC),
    ("readonly", "on", MS_RDONLY),
    ("setuid", "off", MS_NOSUID),
    ("nbmand", "on", MS_MANDLOCK),
)
_CONTEXTS = ("context", "fscontext", "defcontext", "rootcontext")


def mount_paths() -> dict[str, str]:
    """Give the path of each mounted ZFS filesystem of this mount namespace.

    A filesystem mounted twice shows its first path, which is the one that
    ``zfs mount`` prints too.
    """
    paths: dict[str, str] = {}
    with open("/proc/self/mountinfo", "rb") as table:
        for line in table:
            # man 5 proc: optional fields end at a lone "-"
            before, _, after = line.partition(b" - ")
            kind, source = after.split(b" ")[:2]
            if kind != b"zfs":
                continue
            name, path = _unescape(source), _unescape(before.split(b" ")[4])
            if "@" not in name:  # a snapshot mounts itself below .zfs
                paths.setdefault(name, path)
    return paths


def mount_table() -> dict[str, Mount]:
    """Give the mounted filesystems with owner and mode of their root directories."""
    table = {}
    for name, path in mount_paths().items():
        try:
            at = os.stat(path)
        except OSError:  # unmounted meanwhile, or covered by a folder out of reach
            continue
        table[name] = Mount(name, path, at.st_uid, at.st_gid, at.st_mode & 0o7777)
    return table


def mount_options(dataset: Dataset, path: str, *, readonly_pool: bool) -> tuple[int, str]:
    """Compute the flags and the data of mount(2), as zfs_mount() would."""
    flags = 0
    for prop, value, flag in _FLAGS:
        if dataset.value(prop) == value:
            flags |= flag
    if dataset.value("atime") == "on":
        relative = dataset.value("relatime") == "on"
        flags |= MS_RELATIME if relative else MS_STRICTATIME
    if readonly_pool:
        flags |= MS_RDONLY
    options = ["zfsutil", f"mntpoint={path}"]
    for prop in _CONTEXTS:
        context = dataset.value(prop)
        if context not in (None, "none"):
            options.append(f'{prop}="{context}"')
    return flags, ",".join(options)


def make_mountpoint(dataset: Dataset, path: str) -> None:
    """Make the directory; refuse to cover files where ``overlay`` is off.

    Raises:
        OSError: It cannot be made, or ENOTEMPTY.
    """
    os.makedirs(path, mode=0o755, exist_ok=True)
    if dataset.value("overlay") == "off":
        with os.scandir(path) as entries:
            if any(True for _ in entries):
                raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))


def _unescape(field: bytes) -> str:
    # the kernel writes space, tab, newline and backslash in octal: fs/proc_namespace.c
    if b"\\" in field:
        for octal in (b"040", b"011", b"012", b"134"):
            field = field.replace(b"\\" + octal, bytes([int(octal, 8)]))
    return os.fsdecode(field)
