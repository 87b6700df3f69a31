"""The meanings that errno values have for one operation, and for no other.

One number has several meanings: EXDEV is "another pool" for a clone and "no earlier
snapshot" for a send. These override the general ones of _meanings.py.
"""

from __future__ import annotations

import errno as e

from zfstune.engine._meanings import STREAM_TRUNCATED, Meaning
from zfstune.engine.protocol import UnreadError
from zfstune.values.errors import (
    AlreadyExists,
    Busy,
    EngineError,
    NoSpace,
    NotFound,
    NotPermitted,
    NotSupported,
    ReadOnly,
    RefusedValue,
)

__all__ = ["SPECIAL"]

# spa_get_slop_space() in module/zfs/spa_misc.c: a part of each pool is kept back.
_NOT_EVEN_TO_DESTROY = "the pool has no room even to destroy snapshots"
_MAKE_ROOM = (
    "discard the pool's checkpoint if it has one (`zpool checkpoint -d {pool}`), add a "
    "device, or let ZFS keep back less space for a while: raise the number in "
    "/sys/module/zfs/parameters/spa_slop_shift"
)

_HOLDS = "see `zfs holds {target}`"
_ONE_POOL = "one call takes snapshots of one pool only"

# Said by native/stream_checked.c: no kernel would say so, and one could be overrun.
_FALSE_RECORD = Meaning(
    RefusedValue, "the stream has a record that contradicts itself or the others"
)
_SCRUB = {
    e.ENOENT: Meaning(NotFound, "it does not exist, or is not being scrubbed"),
    e.EBUSY: Meaning(
        Busy,
        "it is being scrubbed, or resilvered, or the scrub is paused already",
        "`zpool status {pool}` shows what is going on",
    ),
}
_ON_DEVICES = {
    e.EBUSY: Meaning(Busy, "that is under way already"),
    e.ESRCH: Meaning(NotFound, "that is not under way"),
    e.ENODEV: Meaning(NotFound, "the pool has no such device"),
    e.EROFS: Meaning(ReadOnly, "the device cannot be written to"),
    e.EOPNOTSUPP: Meaning(NotSupported, "the device cannot do that"),
}

SPECIAL = {
    "create": {
        e.ENOENT: Meaning(NotFound, "its parent does not exist", "create the parent first"),
        e.EACCES: Meaning(
            NotPermitted,
            "its parent's encryption key is not loaded",
            "load it with `zfs load-key`; `zfs get encryptionroot {parent}` names the "
            "dataset that has it",
        ),
    },
    "clone": {
        e.ENOENT: Meaning(NotFound, "the snapshot or the parent does not exist"),
        e.EXDEV: Meaning(RefusedValue, "the snapshot is in another pool"),
    },
    "destroy": {
        e.EBUSY: Meaning(
            Busy,
            "it has snapshots, is open or is being received",
            "destroy its snapshots first; `fuser -vm` on its mountpoint lists the "
            "processes that have it open",
        ),
        e.EEXIST: Meaning(Busy, "it has children", "destroy its children first"),
    },
    "snapshot": {
        e.EXDEV: Meaning(
            RefusedValue, "one call takes one snapshot of each dataset, all of one pool"
        ),
        e.EBUSY: Meaning(Busy, "it is being received, or its pool is busy"),
    },
    "destroy snapshot": {
        e.EBUSY: Meaning(
            Busy,
            "it is held, its files are in use below .zfs/snapshot, or it is being sent "
            "or received",
            "see `zfs holds {target}`, and look for programs that work below .zfs/snapshot",
        ),
        e.EEXIST: Meaning(
            Busy, "it has clones", "promote or destroy them; see `zfs get clones {target}`"
        ),
        e.EXDEV: Meaning(RefusedValue, _ONE_POOL),
        # The program of _destroy_exactly.py returns these three.
        e.EUSERS: Meaning(Busy, "it is held: see `zfs holds`"),
        e.ESTALE: Meaning(EngineError, "it was made anew since it was listed"),
        e.ECANCELED: Meaning(
            EngineError, "a snapshot that was to outlive it in its dataset is gone"
        ),
        # dsl_destroy_snapshots_nvl() runs a program of its own, and returns ECHRNG
        # where there is no space for that
        e.ECHRNG: Meaning(NoSpace, _NOT_EVEN_TO_DESTROY, _MAKE_ROOM),
        e.ENOSPC: Meaning(NoSpace, _NOT_EVEN_TO_DESTROY, _MAKE_ROOM),
    },
    "rename": {
        e.ENOENT: Meaning(NotFound, "it, or the new parent, does not exist"),
        e.EXDEV: Meaning(
            RefusedValue, "a dataset stays within its pool, a snapshot within its dataset"
        ),
        e.EINVAL: Meaning(
            RefusedValue, "the new name is below the old one, or only one of them has an @"
        ),
        e.EBUSY: Meaning(Busy, "it is mounted or open"),
        e.EACCES: Meaning(RefusedValue, "the new name is outside of its encryption root"),
        e.EEXIST: Meaning(AlreadyExists, "the new name is taken"),
    },
    "promote": {
        e.EINVAL: Meaning(RefusedValue, "it is not a clone"),
        e.EEXIST: Meaning(
            AlreadyExists,
            "the clone and its origin both have a snapshot or bookmark of that name",
        ),
    },
    "roll back": {
        e.EEXIST: Meaning(
            RefusedValue,
            "newer snapshots or bookmarks exist",
            "a rollback would lose them: destroy them first if they may go",
        ),
        e.EBUSY: Meaning(Busy, "the dataset is busy"),
    },
    "hold": {
        e.EEXIST: Meaning(AlreadyExists, "a hold with this tag exists already"),
        e.E2BIG: Meaning(RefusedValue, "the tag is too long"),
        e.EXDEV: Meaning(RefusedValue, _ONE_POOL),
    },
    "release": {
        e.ESRCH: Meaning(NotFound, "it has no hold with this tag", _HOLDS),
        e.EXDEV: Meaning(RefusedValue, _ONE_POOL),
    },
    "bookmark": {
        e.ENOENT: Meaning(NotFound, "the snapshot does not exist"),
        # dsl_bookmark_lookup(), for a source that is a bookmark itself
        e.ESRCH: Meaning(NotFound, "the bookmark to copy does not exist"),
        e.EXDEV: Meaning(RefusedValue, "a bookmark must be in its snapshot's dataset"),
        e.EINVAL: Meaning(RefusedValue, "one call makes bookmarks of one pool"),
    },
    "destroy bookmark": {
        e.EXDEV: Meaning(RefusedValue, "one call takes bookmarks of one pool only"),
    },
    "exercise": {
        e.ENOTSUP: Meaning(NotSupported, "a pool of the kernel takes data through files"),
        e.EINVAL: Meaning(RefusedValue, "an operation on its objects makes no sense"),
        e.EEXIST: Meaning(AlreadyExists, "it has an object of that number"),
        e.ENOENT: Meaning(NotFound, "it, or one of the objects, does not exist"),
    },
    "compare": {
        e.ENOENT: Meaning(NotFound, "it, or the snapshot before it, does not exist"),
        e.EXDEV: Meaning(RefusedValue, "the other one is no earlier snapshot of it"),
    },
    "load the key of": {
        e.EACCES: Meaning(RefusedValue, "it is not the right key"),
        e.EEXIST: Meaning(AlreadyExists, "its key is loaded already"),
    },
    "unload the key of": {
        e.EACCES: Meaning(NotFound, "its key is not loaded"),
        e.EBUSY: Meaning(
            Busy,
            "the key is in use",
            "unmount the filesystems that it is for: `zfs mount` lists what is mounted",
        ),
    },
    "change the key of": {
        e.EACCES: Meaning(
            NotPermitted, "its key is not loaded", "load it with `zfs load-key {target}`"
        ),
        e.EINVAL: Meaning(
            RefusedValue,
            "it is a clone, its parent is not encrypted, or it has, or lacks, a key of its "
            "own",
        ),
    },
    "send": {
        # A send writes nothing to its pool.
        e.ENOSPC: Meaning(NoSpace, "no space is left where the stream is written"),
        e.EDQUOT: Meaning(NoSpace, "a quota is exhausted where the stream is written"),
        e.ESRCH: Meaning(NotFound, "its base, or the redaction bookmark, does not exist"),
        e.ENOENT: Meaning(NotFound, "the snapshot, or its base, does not exist"),
        e.EXDEV: Meaning(RefusedValue, "the base is no earlier snapshot of the dataset"),
        e.EINVAL: Meaning(RefusedValue, "the base is no earlier snapshot of the dataset"),
        e.EPIPE: Meaning(UnreadError, "the reader of the stream has closed it"),
        # A send writes to no pool: these come from what takes the stream.
        e.ENOSPC: Meaning(NoSpace, "no space is left where the stream goes"),
        e.EDQUOT: Meaning(NoSpace, "a quota is exhausted where the stream goes"),
        e.EACCES: Meaning(
            NotPermitted, "its encryption key is not loaded", "load the key, or send raw"
        ),
    },
    "redact": {
        e.EINVAL: Meaning(
            RefusedValue, "a snapshot that lacks data is not one of a clone of it"
        ),
        e.ENXIO: Meaning(RefusedValue, "no snapshot is named that lacks data of it"),
        e.EALREADY: Meaning(RefusedValue, "it, or one of the others, is redacted itself"),
        e.ENOENT: Meaning(NotFound, "one of the snapshots does not exist"),
        e.EEXIST: Meaning(AlreadyExists, "a bookmark of that name exists already"),
        e.ESRCH: Meaning(AlreadyExists, "the bookmark of that name is of other snapshots"),
    },
    "heal": {
        # See recv_begin_check_existing_impl() in module/zfs/dmu_recv.c.
        e.ENOTSUP: Meaning(RefusedValue, "the stream is of another snapshot"),
        e.EINVAL: Meaning(RefusedValue, "the data is no stream of this snapshot"),
        e.EACCES: Meaning(
            NotPermitted, "its encryption key is not loaded", "load the key, or send raw"
        ),
        e.EBADE: Meaning(RefusedValue, "the stream is damaged, or lacks a block"),
        e.EBADMSG: _FALSE_RECORD,
        STREAM_TRUNCATED: Meaning(EngineError, "the stream ended early"),
    },
    "receive": {
        e.ENOENT: Meaning(NotFound, "the dataset or its parent does not exist"),
        e.EEXIST: Meaning(AlreadyExists, "the snapshot, or its dataset, exists already"),
        e.ENODEV: Meaning(
            NotFound,
            "the dataset lacks the base of the stream",
            "send in full, or from another base",
        ),
        e.ETXTBSY: Meaning(
            Busy,
            "the dataset has changed since the base of the stream, or the stream is raw "
            "and the dataset has a newer snapshot, even an empty one",
            "receive with force, which rolls the dataset back to the base, loses what was "
            "written since and destroys each snapshot that is newer than the base",
        ),
        e.EINVAL: Meaning(
            RefusedValue,
            "the data is no stream of one snapshot",
            "`zfstune receive` takes the packages of several snapshots that `zfs send -R` "
            "and `zfs send -p` write",
        ),
        # Only of data that is encrypted here: dmu_recv_begin_check() and dsl_crypto.c.
        e.EACCES: Meaning(
            NotPermitted,
            "the encryption key is not loaded",
            "load it with `zfs load-key`, or send raw",
        ),
        e.EBADE: Meaning(RefusedValue, "the stream is damaged"),
        e.EBADMSG: _FALSE_RECORD,
        e.EBUSY: Meaning(
            Busy,
            "the dataset is in use, or holds part of another stream",
            "a receive that broke off may still be ending: try again in a minute; else "
            "resume it, or abort it with `zfs receive -A {dataset}`",
        ),
        STREAM_TRUNCATED: Meaning(
            EngineError, "the stream ended early", "if the receive is resumable, resume it"
        ),
    },
    "start the scrub of": _SCRUB,
    "pause the scrub of": _SCRUB,
    "stop the scrub of": _SCRUB,
    "initialize": _ON_DEVICES,
    "trim": _ON_DEVICES,
    "set": {
        e.ENOSPC: Meaning(
            NoSpace,
            "a reservation exceeds the free space, or a quota is below the space in use",
            "see `zfstune list`",
        ),
        e.EBUSY: Meaning(Busy, "the dataset is busy"),
        e.EROFS: Meaning(ReadOnly, "it is read-only"),
    },
    "run program in pool": {
        e.ECHRNG: Meaning(EngineError, "the program failed"),
        e.EINVAL: Meaning(
            RefusedValue, "the program has a syntax error, or a limit is out of range"
        ),
        e.ETIME: Meaning(EngineError, "the program used up its limit of instructions"),
        e.ENOSPC: Meaning(EngineError, "the program used up its limit of memory"),
    },
    "mount": {
        e.EBUSY: Meaning(Busy, "the mountpoint or the dataset is busy"),
        e.EPERM: Meaning(NotPermitted, "permission denied", "mounting takes root"),
        e.EACCES: Meaning(NotPermitted, "permission denied", "mounting takes root"),
        e.EINVAL: Meaning(RefusedValue, "the kernel refused the mount options"),
        e.EEXIST: Meaning(RefusedValue, "its mountpoint is no directory"),
        e.ENOTDIR: Meaning(RefusedValue, "a part of its mountpoint's path is no directory"),
        e.ENOTEMPTY: Meaning(
            Busy,
            "the mountpoint is not empty, and overlay is off",
            "move its files away, or set overlay=on to mount over them",
        ),
    },
    "unmount": {
        e.EBUSY: Meaning(Busy, "it is in use", "`fuser -vm {target}` lists the processes"),
        e.EPERM: Meaning(NotPermitted, "permission denied", "unmounting takes root"),
        e.EINVAL: Meaning(NotFound, "it is not mounted"),
    },
}
