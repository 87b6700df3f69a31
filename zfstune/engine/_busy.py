"""Why a snapshot cannot go: what the kernel's EBUSY does not tell apart.

ZFS says EBUSY of a snapshot with a hold, of one whose files are open below
``.zfs/snapshot``, and of one that is being sent or received (dsl_destroy.c). A hold can
be read, and a snapshot that is mounted stands in the mount table; the kernel has tried
to unmount it before (zfs_unmount_snap() in module/zfs/zfs_ioctl.c), so that one which
is still mounted is in use.
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
    """Give the error of a batch with the reasons of those that are busy.

    Args:
        engine: Where their holds can be read.
        error: What the kernel said.
        mounted: Gives the mounted snapshots and their paths.
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
    """Say why one snapshot is busy, as far as that can be known."""
    name = error.target
    try:
        tags = sorted(engine.holds(name))
    except EngineError:  # it went meanwhile, or its holds cannot be read
        return error
    if tags:
        listed = ", ".join(f"'{shown(tag)}'" for tag in tags)
        return _busy(name, f"it is held by {listed}", "release what is no longer needed")
    if name in mounted:
        path = mounted[name]
        return _busy(
            name,
            f"its files are in use at {shown(path)}",
            f"see what keeps it with `fuser -vm {for_shell(path)}`",
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
