"""The reason why a snapshot cannot be destroyed, which the kernel's EBUSY does not tell.

ZFS returns EBUSY for a snapshot with a hold, for one whose files are open below
``.zfs/snapshot``, and for one that is being sent or received (dsl_destroy.c). Holds can
be read, and the mount table lists mounted snapshots. The kernel has tried to unmount the
snapshot before (zfs_unmount_snap() in module/zfs/zfs_ioctl.c), so a snapshot that is
still mounted is in use.
"""

from __future__ import annotations

import errno

from zfstune.values.errors import BatchError, Busy, EngineError
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zfstune.engine.protocol import Engine

__all__ = ["explain_batch"]

_OPERATION = "destroy snapshot"


def explain_batch(
    engine: Engine, error: BatchError, mounted: Callable[[], Mapping[str, str]]
) -> BatchError:
    """Return the error of a batch with a precise reason for each busy snapshot.

    Args:
        engine: Reads the holds.
        error: The error as the kernel returned it.
        mounted: Returns the mounted snapshots and their paths.
    """
    if all(failure.errno != errno.EBUSY for failure in error.failures):
        return error
    paths = mounted()
    return BatchError(
        operation=_OPERATION,
        failures=[
            _explain(engine, failure, paths) if failure.errno == errno.EBUSY else failure
            for failure in error.failures
        ],
        suppressed=error.suppressed,
    )


def _explain(engine: Engine, error: EngineError, mounted: Mapping[str, str]) -> EngineError:
    """Find out why one snapshot is busy, as far as that can be known."""
    name = error.target
    try:
        tags = sorted(engine.holds(name))
    except EngineError:  # the snapshot is gone by now, or its holds cannot be read
        return error
    if tags:
        listed = ", ".join(f"'{shown(tag)}'" for tag in tags)
        return _busy(
            name, f"it is held by {listed}", "release the holds that are no longer needed"
        )
    if name in mounted:
        path = mounted[name]
        return _busy(
            name,
            f"its files are in use at {shown(path)}",
            f"`fuser -vm {for_shell(path)}` shows the programs that use them",
        )
    return _busy(
        name,
        "it is being sent or received, or its files are in use in another mount namespace",
        "try again when that has ended",
    )


def _busy(name: str, reason: str, hint: str) -> Busy:
    return Busy(
        operation=_OPERATION, target=name, errno=errno.EBUSY, reason=reason, hint=hint
    )
