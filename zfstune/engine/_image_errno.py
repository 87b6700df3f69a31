"""The meaning of an errno for an image's file: when it is opened, made or written to."""

from __future__ import annotations

import errno as e
import os

from zfstune.engine._errno import engine_error
from zfstune.values.errors import (
    AlreadyExists,
    Busy,
    Damaged,
    ImageDied,
    NoSpace,
    NotFound,
    NotSupported,
    ReadOnly,
    RefusedValue,
    ZfsUnavailable,
)
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.values.errors import EngineError, ZfstuneError

__all__ = ["LOST", "image_error", "unwritable"]

LOST = "only changes that were not yet on disk are lost"

_FULL = "no space on the file system of '{path}'"
_QUOTA = "a quota leaves no space on the file system of '{path}'"
_TOO_LARGE = "'{path}' is larger than a file may be for this process (`ulimit -f`)"
_COPY = "copy the image to a file system that can be written to"
_LIBRARY_HINT = "on Debian, libzpool is in contrib: `apt install 'libzpool*linux'`"

_REASONS: dict[int, tuple[type[EngineError], str, str]] = {
    e.ENOENT: (
        NotFound,
        "there is no such file",
        "make one: `zfstune image create {path} --size 1G` (Python: create_bytes=1 << 30)",
    ),
    e.EEXIST: (
        AlreadyExists,
        "it exists already",
        "choose another name, or look at what it holds: `zfstune image info {path}`",
    ),
    e.ENXIO: (
        RefusedValue,
        "it holds no pool",
        "`zfstune image create` makes a file that holds one",
    ),
    e.EBUSY: (
        Busy,
        "another process has it open",
        "wait for its end, or end it; `fuser {path}` shows it",
    ),
    e.EISDIR: (RefusedValue, "it is a directory", "name a file in it"),
    e.EXDEV: (RefusedValue, "its pool has more devices than this file", ""),
    e.EALREADY: (
        Busy,
        "the kernel has its pool imported",
        "export the pool first with `zpool export`",
    ),
    e.ENOTSUP: (
        NotSupported,
        "its pool has a feature that this OpenZFS does not know",
        "open it with the OpenZFS that made it, or a later one",
    ),
    e.ENODATA: (
        RefusedValue,
        "it is cut off: the file is shorter than its pool",
        "copy the file again, in full",
    ),
    e.EBADE: (Damaged, "its labels are damaged", "restore it from a backup"),
    e.EUCLEAN: (
        Damaged,
        "its pool is damaged",
        "restore it from a backup; `zpool import -F` may go back to an older state",
    ),
    e.EIDRM: (RefusedValue, "its pool was destroyed", "`zpool import -D` brings it back"),
    e.EREMOTEIO: (
        Busy,
        "host '{why}' has its pool open, or had it open when it stopped",
        (
            "two hosts at once destroy a pool; if host '{why}' will never use it again: "
            "--take-over-from {quoted}"
        ),
    ),
    e.ENOTUNIQ: (
        Busy,
        (
            "its label says that its pool is in use, and zfstune cannot ask the kernel's "
            "ZFS whether the kernel has it imported: {why}"
        ),
        (
            "let this process open /dev/zfs; or, if no kernel has the pool imported, name "
            "the host that had it open last: --take-over-from HOST"
        ),
    ),
    e.ENOSPC: (NoSpace, _FULL, "make room there"),
    e.EDQUOT: (NoSpace, _QUOTA, "raise the quota, or make room there"),
    e.EFBIG: (NoSpace, _TOO_LARGE, "allow more with `ulimit -f unlimited`"),
    e.EROFS: (ReadOnly, "the file system of '{path}' is read-only", _COPY),
}
_WHEN_CREATED = {
    e.ENOENT: (NotFound, "its directory does not exist", "make the directory first"),
    # The labels that were just written cannot be read.
    e.ENXIO: (RefusedValue, "no pool can be made in it", "its file system may be full"),
}

_UNWRITABLE = {
    e.ENOSPC: _FULL,
    e.EDQUOT: _QUOTA,
    e.EFBIG: _TOO_LARGE,
    e.EROFS: "the file system of '{path}' has become read-only",
    e.ENOMEM: "OpenZFS gets no more memory",
    e.EIO: "reading or writing '{path}' failed: its file system gives I/O errors, "
    "or it is damaged",
}


def image_error(verb: str, path: str, errno: int, why: str = "") -> ZfstuneError:
    """Make the exception for an image that cannot be opened.

    Args:
        verb: ``open`` or ``create``.
        path: The file, as its user named it.
        errno: The errno of the attempt.
        why: Details that the reason or the hint quotes.
    """
    if errno in (e.ELIBACC, e.ELIBBAD):
        return ZfsUnavailable(f"cannot use ZFS: {why}", hint=_LIBRARY_HINT)
    special = _WHEN_CREATED if verb == "create" else {}
    meaning = special.get(errno) or _REASONS.get(errno)
    operation = f"{verb} image"
    if meaning is None:
        return engine_error(operation, path, errno)
    kind, reason, hint = meaning
    return kind(
        operation=operation,
        target=path,
        errno=errno,
        reason=reason.format(path=path, why=why),
        hint=hint.format(path=for_shell(path), why=why, quoted=for_shell(why)),
    )


def unwritable(verb: str, path: str, errno: int) -> ImageDied:
    """Make the exception for an image whose file cannot be written to any more."""
    text = _UNWRITABLE.get(errno) or f"writing to '{{path}}' failed: {os.strerror(errno)}"
    return ImageDied(
        f"cannot {verb} image '{path}': {text.format(path=path)}",
        hint=f"remove the cause and open the image again: {LOST}",
        errno=errno,
    )
