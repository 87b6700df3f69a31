"""All that a file has beside its content: read from one open file, given to another.

That is owner, group, mode, extended attributes (access lists and labels are some of
them), the flags of chattr, the project, the DOS attributes that Samba keeps on ZFS, and
the times of access and change. The time of birth and that of the last change of the
inode are the kernel's, which sets them to now.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat

from zfstune.values.frozen import frozen

__all__ = [
    "Attributes",
    "gives_access_lists",
    "is_unchangeable",
    "read_attributes",
    "write_attributes",
    "write_flags",
]

# linux/fs.h, as on x86, Arm, RISC-V and s390
_GETFLAGS = 0x80086601  # FS_IOC_GETFLAGS
_GETXATTR = 0x801C581F  # FS_IOC_FSGETXATTR
_SETXATTR = 0x401C5820  # FS_IOC_FSSETXATTR
_XATTR_BYTES = 28  # struct fsxattr
_IMMUTABLE_OR_APPEND = 0x30  # FS_IMMUTABLE_FL | FS_APPEND_FL
# include/sys/fs/zfs.h, since OpenZFS 2.2
_GETDOSFLAGS = 0x80088301
_SETDOSFLAGS = 0x40088302

_LACKS = frozenset({errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL})


@frozen
class Attributes:
    """What a file has beside its content and its times.

    Attributes:
        mode: Permission bits, setuid, setgid and sticky among them.
        uid: The owner.
        gid: The group.
        extended: Name and value of each extended attribute, sorted; a POSIX access list
            is ``system.posix_acl_access``, one of NFSv4 ``system.nfs4_acl_xdr``.
        flags: The flags of chattr and the project, as a ``struct fsxattr`` without its
            counts; empty: the filesystem has none.
        dos: The DOS attributes as ZFS gives them; empty: it has none.
    """

    mode: int
    uid: int
    gid: int
    extended: tuple[tuple[str, bytes], ...]
    flags: bytes
    dos: bytes


def read_attributes(file: int) -> Attributes:
    """Read the attributes of an open file.

    Raises:
        OSError: One of them cannot be read.
    """
    facts = os.fstat(file)
    return Attributes(
        mode=stat.S_IMODE(facts.st_mode),
        uid=facts.st_uid,
        gid=facts.st_gid,
        extended=tuple((name, os.getxattr(file, name)) for name in _names(file)),
        flags=_flags(file),
        dos=_asked(file, _GETDOSFLAGS, 8),
    )


def write_attributes(file: int, wanted: Attributes) -> None:
    """Give an open file other attributes, and take away those that it has beside them.

    Raises:
        OSError: One of them cannot be set.
    """
    os.fchown(file, wanted.uid, wanted.gid)
    os.fchmod(file, wanted.mode)  # after chown, which clears setuid and setgid
    names = [name for name, _ in wanted.extended]
    for name in _names(file):
        if name not in names:  # inherited from the directory, as an access list is
            os.removexattr(file, name)
    for name, value in wanted.extended:
        os.setxattr(file, name, value)
    write_flags(file, wanted)


def write_flags(file: int, wanted: Attributes) -> None:
    """Give an open file the flags, the project and the DOS attributes of another one.

    Some of them forbid any further change.

    Raises:
        OSError: One of them cannot be set.
    """
    # Without a value the kernel would read whatever lies in the buffer of the call.
    if wanted.flags and wanted.flags != _flags(file):
        fcntl.ioctl(file, _SETXATTR, wanted.flags)
    if wanted.dos and wanted.dos != _asked(file, _GETDOSFLAGS, 8):
        fcntl.ioctl(file, _SETDOSFLAGS, wanted.dos)


def is_unchangeable(file: int) -> bool:
    """Tell whether a file is immutable or takes only what is appended (chattr +i, +a)."""
    flags = int.from_bytes(_asked(file, _GETFLAGS, 8), "little")
    return bool(flags & _IMMUTABLE_OR_APPEND)


def gives_access_lists(file: int) -> bool:
    """Tell whether this kernel gives out the NFSv4 access lists of files."""
    try:
        os.getxattr(file, "system.nfs4_acl_xdr")
    except OSError as error:
        return error.errno not in _LACKS
    return True


def _names(file: int) -> list[str]:
    try:
        return sorted(os.listxattr(file))
    except OSError as error:
        if error.errno in _LACKS:  # xattr=off
            return []
        raise


def _flags(file: int) -> bytes:
    """Return the flags and the project alone: extents are of the content."""
    answer = _asked(file, _GETXATTR, _XATTR_BYTES)
    return answer and answer[:4] + bytes(8) + answer[12:16] + bytes(12)


def _asked(file: int, request: int, size: int) -> bytes:
    """Return the answer of an ioctl; empty where the filesystem does not know it."""
    try:
        return fcntl.ioctl(file, request, bytes(size))
    except OSError as error:
        if error.errno in _LACKS:
            return b""
        raise
