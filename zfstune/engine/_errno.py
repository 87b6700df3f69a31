"""What an errno means, by operation.

The same number says different things of different calls: EXDEV is "another pool"
of a clone, "not the newest snapshot" of a rollback. The general meanings
stand first, an operation overrides them. They were read in
module/zfs/zfs_ioctl.c, dsl_dataset.c, dsl_dir.c, dsl_userhold.c and dsl_bookmark.c,
and tests/lab provokes each on a real kernel.
"""

from __future__ import annotations

import errno as e
import os

from zfstune.errors import (
    AlreadyExists,
    BatchError,
    Busy,
    EngineError,
    NoSpace,
    NotFound,
    NotPermitted,
    NotSupported,
    PoolSuspended,
    ReadOnly,
    RefusedValue,
)
from zfstune.frozen import frozen
from zfstune.names import parent_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["WRONG_PARENT", "batch_error", "by_target", "engine_error"]

# include/sys/fs/zfs.h, zfs_errno_t: append-only from 1024 on.
_IOC_CMD_UNAVAIL = 1029
_IOC_ARG_UNAVAIL = 1030
_IOC_ARG_REQUIRED = 1031
_IOC_ARG_BADTYPE = 1032
WRONG_PARENT = 1033
_EXPORT_IN_PROGRESS = 1038
_BOOKMARK_SOURCE_NOT_ANCESTOR = 1039
_STREAM_TRUNCATED = 1040
_BADPROP = 1044
_STREAM_LARGE_MICROZAP = 1051
_CRYPTO_NOTSUP = 1048

# How the kernel counts failures that did not fit: module/zfs/zfs_ioctl.c, put_nvlist.
_SUPPRESSED = "N_MORE_ERRORS"


@frozen
class _Meaning:
    kind: type[EngineError]
    reason: str
    hint: str = ""


# spa_get_slop_space() in module/zfs/spa_misc.c: a part of each pool is kept back.
_NO_ROOM = (
    "discard its checkpoint if it has one (`zpool checkpoint -d`), add a device, or have "
    "ZFS keep back less for a while: /sys/module/zfs/parameters/spa_slop_shift, higher"
)

_GENERAL = {
    e.ENOENT: _Meaning(NotFound, "it does not exist", "see `zfstune list`"),
    e.ESRCH: _Meaning(NotFound, "it does not exist", "see `zfstune list`"),
    e.EEXIST: _Meaning(AlreadyExists, "it exists already"),
    e.EBUSY: _Meaning(Busy, "it is in use"),
    e.EPERM: _Meaning(NotPermitted, "permission denied"),
    e.EACCES: _Meaning(NotPermitted, "permission denied"),
    e.ENOSPC: _Meaning(
        NoSpace,
        "no space is left in the pool, or below a quota",
        "free some: destroying snapshots still works; see `zfs get quota`",
    ),
    e.EDQUOT: _Meaning(NoSpace, "a quota is exhausted", "see `zfs get quota,refquota`"),
    e.EROFS: _Meaning(
        ReadOnly, "the pool was imported read-only", "export it and import it writable"
    ),
    e.EAGAIN: _Meaning(
        PoolSuspended,
        "the pool is suspended: it lost its devices and waits for them",
        "bring the devices back, then `zpool clear`; see `zpool status -x`",
    ),
    e.EINVAL: _Meaning(RefusedValue, "the kernel refused a value"),
    e.EDOM: _Meaning(RefusedValue, "a value is out of the kernel's range"),
    e.ERANGE: _Meaning(RefusedValue, "a value is out of the kernel's range"),
    e.E2BIG: _Meaning(RefusedValue, "a value or the list of targets is too long"),
    e.ENAMETOOLONG: _Meaning(
        RefusedValue, "its name, or that of something below it, is too long"
    ),
    e.ENOTSUP: _Meaning(
        NotSupported, "the pool lacks a feature that this needs", "see `zpool upgrade`"
    ),
    e.ENOMEM: _Meaning(EngineError, "out of memory"),
    e.EIO: _Meaning(EngineError, "the pool's devices gave an I/O error"),
    # ECKSUM is EBADE on Linux: include/os/linux/spl/sys/errno.h
    e.EBADE: _Meaning(EngineError, "a checksum did not match", "see `zpool status -v`"),
    e.EINTR: _Meaning(EngineError, "it was interrupted before anything changed"),
    _IOC_CMD_UNAVAIL: _Meaning(NotSupported, "this release of the module lacks the call"),
    _IOC_ARG_UNAVAIL: _Meaning(NotSupported, "this release of the module lacks the option"),
    _IOC_ARG_REQUIRED: _Meaning(RefusedValue, "the kernel misses an argument"),
    _IOC_ARG_BADTYPE: _Meaning(
        RefusedValue, "the kernel wants an argument of another type"
    ),
    WRONG_PARENT: _Meaning(RefusedValue, "its parent is not a filesystem"),
    _EXPORT_IN_PROGRESS: _Meaning(Busy, "the pool is being exported"),
    _BADPROP: _Meaning(RefusedValue, "the kernel does not know a property or its value"),
    _CRYPTO_NOTSUP: _Meaning(NotSupported, "encryption does not allow it"),
}

_SPECIAL = {
    "create": {
        e.ENOENT: _Meaning(
            NotFound, "its parent does not exist", "create the parent first"
        ),
        e.EACCES: _Meaning(
            NotPermitted, "its parent's encryption key is not loaded", "`zfs load-key`"
        ),
    },
    "clone": {
        e.ENOENT: _Meaning(NotFound, "the snapshot or the parent does not exist"),
        e.EXDEV: _Meaning(RefusedValue, "the snapshot is in another pool"),
    },
    "destroy": {
        e.EBUSY: _Meaning(
            Busy,
            "it has snapshots, is open or is being received",
            "destroy its snapshots first; `fuser -vm` shows what keeps it open",
        ),
        e.EEXIST: _Meaning(Busy, "it has children", "destroy them first"),
    },
    "snapshot": {
        e.EXDEV: _Meaning(
            RefusedValue, "one call takes one snapshot a dataset, of one pool"
        ),
        e.EBUSY: _Meaning(Busy, "it is being received, or its pool is busy"),
    },
    "destroy snapshot": {
        e.EBUSY: _Meaning(
            Busy,
            "it is held, or being sent or received",
            "see `zfs holds`; release what is no longer needed",
        ),
        e.EEXIST: _Meaning(
            Busy, "it has clones", "promote or destroy them first: `zfs get clones`"
        ),
        e.EXDEV: _Meaning(RefusedValue, "one call takes snapshots of one pool"),
        # what _exact.py finds
        e.EUSERS: _Meaning(Busy, "it is held: see `zfs holds`"),
        e.ESTALE: _Meaning(EngineError, "it was made anew since it was listed"),
        e.ECANCELED: _Meaning(
            EngineError, "what was to outlive it in its dataset is not there any more"
        ),
        # dsl_destroy_snapshots_nvl() runs a program of its own, and that is all it
        # says where the space for it cannot be had
        e.ECHRNG: _Meaning(NoSpace, "the pool has no room even to destroy", _NO_ROOM),
        e.ENOSPC: _Meaning(NoSpace, "the pool has no room even to destroy", _NO_ROOM),
    },
    "rename": {
        e.ENOENT: _Meaning(NotFound, "it, or the new parent, does not exist"),
        e.EXDEV: _Meaning(RefusedValue, "a rename stays within its pool and its dataset"),
        e.EINVAL: _Meaning(
            RefusedValue, "the new name is below the old one, or of another kind"
        ),
        e.EBUSY: _Meaning(Busy, "it is mounted or open"),
        e.EACCES: _Meaning(RefusedValue, "it would leave its encryption root"),
        e.EEXIST: _Meaning(AlreadyExists, "the new name is taken"),
    },
    "promote": {
        e.EINVAL: _Meaning(RefusedValue, "it is not a clone"),
        e.EEXIST: _Meaning(
            AlreadyExists, "a snapshot or bookmark of that name exists on both sides"
        ),
    },
    "roll back": {
        e.EEXIST: _Meaning(
            RefusedValue,
            "newer snapshots or bookmarks exist",
            "they would be lost: destroy them first if that is meant",
        ),
        e.EBUSY: _Meaning(Busy, "the dataset is busy"),
    },
    "hold": {
        e.EEXIST: _Meaning(AlreadyExists, "a hold with this tag exists already"),
        e.E2BIG: _Meaning(RefusedValue, "the tag is too long"),
        e.EXDEV: _Meaning(RefusedValue, "one call takes snapshots of one pool"),
    },
    "release": {
        e.ESRCH: _Meaning(NotFound, "no hold with this tag exists", "see `zfs holds`"),
        e.EXDEV: _Meaning(RefusedValue, "one call takes snapshots of one pool"),
    },
    "bookmark": {
        e.ENOENT: _Meaning(NotFound, "the snapshot does not exist"),
        e.EXDEV: _Meaning(RefusedValue, "a bookmark stays in its snapshot's dataset"),
        _BOOKMARK_SOURCE_NOT_ANCESTOR: _Meaning(
            RefusedValue, "a bookmark stays in its snapshot's dataset"
        ),
    },
    "destroy bookmark": {
        e.EXDEV: _Meaning(RefusedValue, "one call takes bookmarks of one pool"),
    },
    "send": {
        e.ENOENT: _Meaning(NotFound, "it, or its base, does not exist"),
        e.EXDEV: _Meaning(RefusedValue, "the base is no earlier snapshot of it"),
        e.EINVAL: _Meaning(RefusedValue, "the base is no earlier snapshot of it"),
        e.EPIPE: _Meaning(EngineError, "the reader went away"),
        e.EACCES: _Meaning(
            NotPermitted, "its encryption key is not loaded", "load it, or send raw"
        ),
        _STREAM_LARGE_MICROZAP: _Meaning(
            NotSupported, "it takes large blocks in the stream"
        ),
    },
    "receive": {
        e.ENOENT: _Meaning(NotFound, "the dataset or its parent does not exist"),
        e.EEXIST: _Meaning(AlreadyExists, "it, or its dataset, exists already"),
        e.ENODEV: _Meaning(
            NotFound,
            "the base of the stream is not here",
            "send in full, or from another base",
        ),
        e.ETXTBSY: _Meaning(
            Busy,
            "the dataset has changed since its newest snapshot",
            "receive with force to roll it back, which loses the change",
        ),
        e.EINVAL: _Meaning(
            RefusedValue,
            "this is no stream",
            "packages of `zfs send -R` and `-p` are not taken",
        ),
        e.EBADE: _Meaning(RefusedValue, "the stream is damaged"),
        e.EBUSY: _Meaning(
            Busy,
            "the dataset is in use, or holds part of another stream",
            "resume that one, or abort it with `zfs receive -A`",
        ),
        _STREAM_TRUNCATED: _Meaning(
            EngineError, "the stream ended early", "a resumable receive goes on from there"
        ),
    },
    "set": {
        e.ENOSPC: _Meaning(
            NoSpace,
            "it reserves more than there is, or allows less than is in use",
            "see `zfstune list`",
        ),
        e.EBUSY: _Meaning(Busy, "it is busy"),
        e.EROFS: _Meaning(ReadOnly, "it is read-only"),
    },
    "open image": {
        e.ENOENT: _Meaning(NotFound, "there is no such file"),
        e.ENXIO: _Meaning(RefusedValue, "it holds no pool"),
        e.EBUSY: _Meaning(Busy, "another process has it open"),
        e.EISDIR: _Meaning(RefusedValue, "it is a directory"),
        e.EXDEV: _Meaning(RefusedValue, "its pool has more devices than this file"),
        e.EALREADY: _Meaning(
            Busy, "the kernel has its pool imported", "export it first with `zpool export`"
        ),
        e.ENOTSUP: _Meaning(
            NotSupported, "its pool has a feature that this OpenZFS does not know"
        ),
    },
    "create image": {
        e.ENOENT: _Meaning(NotFound, "its directory does not exist"),
    },
    "run program in pool": {
        e.ECHRNG: _Meaning(EngineError, "the program failed"),
        e.EINVAL: _Meaning(
            RefusedValue, "the program, or one of its limits, makes no sense"
        ),
        e.ETIME: _Meaning(EngineError, "it ran out of instructions"),
        e.ENOSPC: _Meaning(EngineError, "it ran out of its own memory"),
    },
    "mount": {
        e.EBUSY: _Meaning(Busy, "the mountpoint or the dataset is busy"),
        e.EPERM: _Meaning(NotPermitted, "permission denied", "mounting takes root"),
        e.EACCES: _Meaning(NotPermitted, "permission denied", "mounting takes root"),
        e.EINVAL: _Meaning(RefusedValue, "the kernel refused the mount options"),
        e.EEXIST: _Meaning(RefusedValue, "its mountpoint is no directory"),
        e.ENOTDIR: _Meaning(RefusedValue, "its mountpoint is below something else"),
        e.ENOTEMPTY: _Meaning(
            Busy,
            "files are in the mountpoint, and overlay is off",
            "move them away, or set overlay=on to hide them",
        ),
    },
    "unmount": {
        e.EBUSY: _Meaning(Busy, "it is in use", "see what keeps it with `fuser -vm`"),
        e.EPERM: _Meaning(NotPermitted, "permission denied", "unmounting takes root"),
        e.EINVAL: _Meaning(NotFound, "it is not mounted"),
    },
}

# What `zfs allow` would have to grant: man/man8/zfs-allow.8, and the zfs_secpolicy_*()
# functions of module/zfs/zfs_ioctl.c.
_PERMISSIONS = {
    "create": "create,mount",
    "clone": "create,clone,mount",
    "destroy": "destroy,mount",
    # setting a user property takes one more, and zfstune marks what it takes
    "snapshot": "snapshot,userprop",
    "destroy snapshot": "destroy,mount",
    "rename": "create,rename,mount",
    "promote": "promote,mount",
    "roll back": "rollback",
    "hold": "hold",
    "release": "release",
    "bookmark": "bookmark",
    "destroy bookmark": "destroy",
    "send": "send",
    "receive": "receive,mount,create",
}
# Asked for on the parent, or on a second dataset that the parent mostly covers.
_ON_THE_PARENT = ("create", "clone", "rename", "promote")


def engine_error(
    operation: str, target: str, errno: int, *, permission: str = "", detail: str = ""
) -> EngineError:
    """Make the exception for what ZFS gave back.

    Args:
        operation: The verb of the message, a key of the tables above.
        target: What was to be changed or read.
        errno: What ZFS gave back.
        permission: What ``zfs allow`` would have to grant beyond what the operation
            says, by comma: names of properties.
        detail: Added to the reason, as in the property at fault.
    """
    meaning = _SPECIAL.get(operation, {}).get(errno) or _GENERAL.get(errno)
    if meaning is None:
        text = os.strerror(errno) if errno < _IOC_CMD_UNAVAIL - 5 else "unknown to zfstune"
        meaning = _Meaning(EngineError, f"{text} (error {errno})")
    hint = meaning.hint
    if meaning.kind is NotPermitted and not hint:
        hint = _delegation(operation, target, permission)
    reason = f"{meaning.reason}: {detail}" if detail else meaning.reason
    return meaning.kind(
        operation=operation, target=target, errno=errno, reason=reason, hint=hint
    )


def _delegation(operation: str, target: str, properties: str) -> str:
    """Say what root could grant, and on which dataset."""
    asked = f"{_PERMISSIONS.get(operation, '')},{properties}".strip(",").split(",")
    words = dict.fromkeys("userprop" if ":" in word else word for word in asked)
    if not any(words):
        return "run as root"
    dataset, _, snapshot = target.replace("#", "@").partition("@")
    if operation in _ON_THE_PARENT and not snapshot:
        dataset = parent_of(dataset) or dataset
    return f"run as root, or let root `zfs allow USER {','.join(words)} {dataset}`"


def by_target(operation: str, errors: Mapping[str, int]) -> Mapping[str, int]:
    """Key what ZFS gave back by target.

    Of a hold that is not there, the kernel says ENOENT of "snapshot#tag"
    (dsl_dataset_user_release_check_one in module/zfs/dsl_userhold.c).
    """
    if operation != "release":
        return errors
    return {
        name.partition("#")[0]: e.ESRCH if "#" in name else code
        for name, code in errors.items()
    }


def batch_error(
    operation: str, errno: int, errors: Mapping[str, int], targets: Iterable[str]
) -> EngineError | BatchError:
    """Make the exception for a call on many targets.

    Args:
        operation: The verb.
        errno: What the whole call gave back.
        errors: What it gave back for each target it named.
        targets: What it was asked to work on.

    Returns:
        A BatchError where ZFS named the targets at fault; else one error that
        speaks of them all.
    """
    named = {name: code for name, code in errors.items() if name != _SUPPRESSED}
    if named:
        failures = [engine_error(operation, name, code) for name, code in named.items()]
        return BatchError(
            operation=operation,
            failures=failures,
            suppressed=errors.get(_SUPPRESSED, 0),
        )
    names = list(targets)
    shown = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    return engine_error(operation, shown, errno)
