"""The snapshots that a forced receive would destroy, and errors for misfit streams.

The kernel rolls the dataset back to the base of an incremental and destroys each
snapshot that is newer; a full stream replaces the dataset, and all of its snapshots go
(dmu_recv_end_check() in module/zfs/dmu_recv.c).
"""

from __future__ import annotations

import errno

from zfstune.values.errors import NotFound, NotSupported, PlanError, RefusedValue
from zfstune.values.text import comma_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Snapshot
    from zfstune.values.stream_record import StreamHeader

__all__ = ["check_losses", "foreign", "lost_snapshots", "misfit"]


def lost_snapshots(listed: Iterable[Snapshot], header: StreamHeader) -> list[str]:
    """Return the names of the snapshots that a forced receive destroys, oldest first.

    The list is empty where the base of an incremental is missing: the kernel refuses the
    stream then.
    """
    listed = sorted(listed, key=lambda snapshot: snapshot.createtxg)
    if not header.fromguid:
        return [snapshot.name for snapshot in listed]
    base = next((s for s in listed if s.guid == header.fromguid), None)
    if base is None:
        return []
    return [s.name for s in listed if s.createtxg > base.createtxg]


def check_losses(
    engine: Engine, snapshot: str, header: StreamHeader, accepted: frozenset[str]
) -> None:
    """Refuse a forced receive that would destroy snapshots which the caller did not name.

    Args:
        engine: Lists the snapshots of the dataset.
        snapshot: The snapshot to be received.
        header: The first record of the stream.
        accepted: Names of the snapshots that may go.

    Raises:
        PlanError: It would destroy others; nothing has changed.
    """
    try:
        listed = engine.snapshots(snapshot.partition("@")[0])
    except NotFound:
        return
    lost = [name for name in lost_snapshots(listed, header) if name not in accepted]
    if lost:
        raise PlanError(
            f"cannot receive '{snapshot}' by force: it would destroy {comma_list(lost)}",
            hint="name these snapshots in `losing` if they may go, or receive into another "
            "dataset",
        )


def misfit(snapshot: str, header: StreamHeader, *, raw: bool) -> RefusedValue:
    """Return the error for a sound stream that does not fit the dataset here.

    The kernel returns EINVAL for each of the cases (recv_begin_check_existing_impl(),
    dmu_recv_resume_begin_check() and resume_check() in module/zfs/dmu_recv.c). It does so
    as well for bytes that are no stream, but the first record has been checked by then.

    Args:
        snapshot: The snapshot to be received.
        header: The first record of the stream.
        raw: Whether the caller has asked for a raw receive.
    """
    if header.rest:
        reason = (
            "this rest of a stream does not begin where the part that waits there ends, or "
            "was sent in another way"
        )
        hint = "send the rest anew, by the token that the dataset has now"
    elif header.raw and not raw:
        reason, hint = "the stream is raw", "a program passes raw=True to receive it"
    else:
        reason = "the stream does not fit the dataset on this side"
        hint = (
            "a raw stream goes on only where the streams before it came raw, no stream "
            "takes the place of an encrypted dataset, and a redacted stream needs a base "
            "that was redacted alike"
        )
    return RefusedValue(
        operation="receive",
        target=snapshot,
        errno=errno.EINVAL,
        reason=reason,
        hint=hint,
    )


def foreign(snapshot: str) -> NotSupported:
    """Return the error for a stream of the other byte order, which libzpool cannot swap.

    check_begin() in native/image_stream.c says why.
    """
    return NotSupported(
        operation="receive",
        target=snapshot,
        reason="it comes from a machine of another byte order, and an image takes only "
        "streams of this machine's",
        hint="receive it into a pool that a kernel has imported",
    )
