"""The meanings of errno values for every operation: the table that _errno.py reads.

Those that a number has for one operation alone stand in _special_meanings.py. They come
from module/zfs/zfs_ioctl.c, dsl_dataset.c, dsl_dir.c,
dsl_userhold.c, dsl_bookmark.c and dmu_recv.c; tests/lab/test_errno.py provokes them on a
real kernel.
"""

from __future__ import annotations

import errno as e

from zfstune.values.errors import (
    AlreadyExists,
    Busy,
    Damaged,
    EngineError,
    NoSpace,
    NotFound,
    NotPermitted,
    NotSupported,
    PoolSuspended,
    ReadOnly,
    RefusedValue,
)
from zfstune.values.frozen import frozen

__all__ = [
    "FIRST_OWN",
    "GENERAL",
    "IOC_CMD_UNAVAIL",
    "STREAM_TRUNCATED",
    "SUPPRESSED",
    "WRONG_PARENT",
    "Meaning",
]

# include/sys/fs/zfs.h, zfs_errno_t: append-only from 1024 on; 2.1 ends with 1044, 2.2
# with 1050, 2.3 with 1051 and 2.4 with 1052.
FIRST_OWN = 1024
_CHECKPOINT_EXISTS = 1024
_DISCARDING_CHECKPOINT = 1025
_NO_CHECKPOINT = 1026
_DEVRM_IN_PROGRESS = 1027
_VDEV_TOO_BIG = 1028
IOC_CMD_UNAVAIL = 1029
_IOC_ARG_UNAVAIL = 1030
_IOC_ARG_REQUIRED = 1031
_IOC_ARG_BADTYPE = 1032
WRONG_PARENT = 1033
_FROM_IVSET_GUID_MISSING = 1034
_FROM_IVSET_GUID_MISMATCH = 1035
_SPILL_BLOCK_FLAG_MISSING = 1036
_UNKNOWN_SEND_STREAM_FEATURE = 1037
_EXPORT_IN_PROGRESS = 1038
_BOOKMARK_SOURCE_NOT_ANCESTOR = 1039
STREAM_TRUNCATED = 1040
_STREAM_LARGE_BLOCK_MISMATCH = 1041
_RESILVER_IN_PROGRESS = 1042
_REBUILD_IN_PROGRESS = 1043
_BADPROP = 1044
_VDEV_NOTSUP = 1045
_NOT_USER_NAMESPACE = 1046
_RESUME_EXISTS = 1047
_CRYPTO_NOTSUP = 1048
_RAIDZ_EXPAND_IN_PROGRESS = 1049
_ASHIFT_MISMATCH = 1050
_STREAM_LARGE_MICROZAP = 1051
_TOO_MANY_SITOUTS = 1052

# Under this name the kernel counts the failures that did not fit into its answer:
# put_nvlist() in module/zfs/zfs_ioctl.c.
SUPPRESSED = "N_MORE_ERRORS"


@frozen
class Meaning:
    """The exception for an errno, its reason, and a hint that may be empty.

    The hint may have ``{target}``, ``{dataset}``, ``{parent}`` and ``{pool}``, which stand
    for names as a shell takes them.
    """

    kind: type[EngineError]
    reason: str
    hint: str = ""


GENERAL = {
    e.ENOENT: Meaning(NotFound, "it does not exist", "see `zfstune list`"),
    e.ESRCH: Meaning(NotFound, "it does not exist", "see `zfstune list`"),
    e.EEXIST: Meaning(AlreadyExists, "it exists already"),
    e.EBUSY: Meaning(Busy, "it is in use"),
    e.EPERM: Meaning(NotPermitted, "permission denied"),
    e.EACCES: Meaning(NotPermitted, "permission denied"),
    e.ENOSPC: Meaning(
        NoSpace,
        "no space is left in the pool, or below a quota",
        "free some space: destroying snapshots still works; see `zfs get quota`",
    ),
    e.EDQUOT: Meaning(
        NoSpace, "a quota is exhausted", "see `zfs get quota,refquota {dataset}`"
    ),
    e.EROFS: Meaning(
        ReadOnly, "the pool was imported read-only", "export it and import it writable"
    ),
    e.EAGAIN: Meaning(
        PoolSuspended,
        "the pool is suspended: it lost its devices and waits for them",
        "bring the devices back, then `zpool clear {pool}`; see `zpool status -x`",
    ),
    e.EINVAL: Meaning(RefusedValue, "the kernel refused a value"),
    e.EDOM: Meaning(RefusedValue, "a value is out of the kernel's range"),
    e.ERANGE: Meaning(RefusedValue, "a value is out of the kernel's range"),
    e.E2BIG: Meaning(RefusedValue, "a value or the list of targets is too long"),
    e.ENAMETOOLONG: Meaning(
        RefusedValue, "its name, or the name of a dataset or snapshot below it, is too long"
    ),
    e.ENOTSUP: Meaning(
        NotSupported, "the pool lacks a feature that this needs", "see `zpool upgrade`"
    ),
    e.ENOMEM: Meaning(EngineError, "out of memory"),
    e.EIO: Meaning(Damaged, "the pool's devices gave an I/O error"),
    # ECKSUM is EBADE on Linux: include/os/linux/spl/sys/errno.h
    e.EBADE: Meaning(Damaged, "a checksum did not match", "see `zpool status -v {pool}`"),
    e.EINTR: Meaning(EngineError, "it was interrupted before anything changed"),
    # image_upkeep.c, and zt_pool.c where an image has no such call
    e.ENOSYS: Meaning(NotSupported, "an image does not take this call"),
    IOC_CMD_UNAVAIL: Meaning(NotSupported, "this release of the module lacks the call"),
    _IOC_ARG_UNAVAIL: Meaning(NotSupported, "this release of the module lacks the option"),
    _IOC_ARG_REQUIRED: Meaning(RefusedValue, "the call lacks a required argument"),
    _IOC_ARG_BADTYPE: Meaning(RefusedValue, "an argument of the call has the wrong type"),
    WRONG_PARENT: Meaning(RefusedValue, "its parent is not a filesystem"),
    _EXPORT_IN_PROGRESS: Meaning(Busy, "the pool is being exported"),
    _CHECKPOINT_EXISTS: Meaning(
        Busy, "the pool has a checkpoint", "`zpool checkpoint -d {pool}` discards it"
    ),
    _DISCARDING_CHECKPOINT: Meaning(Busy, "the pool's checkpoint is being discarded"),
    _NO_CHECKPOINT: Meaning(NotFound, "the pool has no checkpoint"),
    _DEVRM_IN_PROGRESS: Meaning(
        Busy, "a device is being removed from the pool", "`zpool wait -t remove {pool}`"
    ),
    _VDEV_TOO_BIG: Meaning(NotSupported, "a device of the pool is too large"),
    _FROM_IVSET_GUID_MISSING: Meaning(
        RefusedValue,
        "the base on this side lacks an IV set, against which a raw incremental is checked",
        "an early OpenZFS received the base: receive it anew, raw and in full, and see "
        "https://openzfs.github.io/openzfs-docs/msg/ZFS-8000-ER",
    ),
    _FROM_IVSET_GUID_MISMATCH: Meaning(
        RefusedValue,
        "the base on this side was not received raw from the same source, so its IV set "
        "differs",
        "send raw from a base that was received raw, or in full into another dataset",
    ),
    _SPILL_BLOCK_FLAG_MISSING: Meaning(
        RefusedValue,
        "the OpenZFS that made the raw stream is too old",
        "update OpenZFS on the sending side and send anew",
    ),
    _UNKNOWN_SEND_STREAM_FEATURE: Meaning(
        NotSupported,
        "the stream has a feature that this OpenZFS does not know",
        "update OpenZFS on the receiving side",
    ),
    _BOOKMARK_SOURCE_NOT_ANCESTOR: Meaning(
        RefusedValue, "a bookmark must be in its snapshot's dataset"
    ),
    _STREAM_LARGE_BLOCK_MISMATCH: Meaning(
        RefusedValue,
        "the base was received with blocks above 128K, but this stream has them split",
        "send it with large blocks, as zfstune and `zfs send -L` do; where it was, the "
        "sender has none yet, and OpenZFS before 2.4.1 takes it only in full",
    ),
    _RESILVER_IN_PROGRESS: Meaning(
        Busy, "the pool is being resilvered", "`zpool wait -t resilver {pool}`"
    ),
    _REBUILD_IN_PROGRESS: Meaning(
        Busy, "a mirror of the pool is being rebuilt", "`zpool wait -t resilver {pool}`"
    ),
    _VDEV_NOTSUP: Meaning(NotSupported, "a device of the pool does not support this"),
    _NOT_USER_NAMESPACE: Meaning(RefusedValue, "the file is no user namespace"),
    _RESUME_EXISTS: Meaning(
        AlreadyExists,
        "the dataset exists, and the rest of a full stream would replace it",
        "receive with force, which loses the content of the dataset, or abort the partial "
        "receive with `zfs receive -A {dataset}`",
    ),
    _RAIDZ_EXPAND_IN_PROGRESS: Meaning(
        Busy, "a raidz of the pool is being expanded", "`zpool wait -t raidz_expand {pool}`"
    ),
    _ASHIFT_MISMATCH: Meaning(RefusedValue, "the device has larger sectors than the pool"),
    _STREAM_LARGE_MICROZAP: Meaning(
        NotSupported, "the snapshot can be sent only in a stream with large blocks"
    ),
    _TOO_MANY_SITOUTS: Meaning(Busy, "too many devices of the raidz sit out of reads"),
    _BADPROP: Meaning(RefusedValue, "the kernel does not know a property or its value"),
    _CRYPTO_NOTSUP: Meaning(NotSupported, "encryption does not allow this operation"),
}
