"""Whether the streams of a pair are raw: the first one decides that for good.

A raw stream carries encrypted blocks as they are, and with them the number of their set
of IVs, which the target takes over. Any other receive draws a number of its own, and no
raw stream fits on top of it.
"""

from __future__ import annotations

from zfstune.values.state import Bookmark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.streams.base import Base
    from zfstune.streams.ends import End
    from zfstune.values.state import Snapshot

__all__ = ["came_raw", "clone_came_raw", "is_mismatch"]


def came_raw(source: End, target: End, base: Base) -> bool | None:
    """Tell whether the target's snapshots came raw; None: nobody can tell.

    The base decides, for the next stream builds on it; then the mark of the first send;
    then the newest other snapshot that both sides have.
    """
    if not (source.encrypted and target.encrypted):
        return False
    found = _evidence(base.sent, base.received)
    if found is not None:
        return found
    if target.replica is not None:
        return target.replica.raw
    sent = {s.guid: s for s in source.snapshots}
    for received in reversed(target.snapshots):
        if received.guid in sent:
            found = _evidence(sent[received.guid], received)
            if found is not None:
                return found
    return None


def clone_came_raw(source: End, origin: Snapshot, copy: Snapshot) -> bool | None:
    """Tell whether the target's copy of an origin came raw; None: nobody can tell.

    A clone shares the key and the blocks of its origin, so its streams are of the same
    kind.

    Args:
        source: The clone.
        origin: Its origin.
        copy: The snapshot on the target's side with the origin's guid.
    """
    if not source.encrypted:
        return False
    if copy.properties and copy.value("encryption") in (None, "off"):
        return False
    return _evidence(origin, copy)


def is_mismatch(source: End, *, raw: bool | None, fixed: bool | None) -> bool:
    """Tell whether the caller asks for another kind of stream than fits.

    Where nobody can tell which kind does, the kernel refuses a raw stream that does not.
    The other kind it would take in any case, and so end a raw chain: that counts as a
    mismatch.

    Args:
        source: The source.
        raw: The kind that the caller asks for; None: the kind that fits.
        fixed: The kind of the pair; None: nobody can tell.
    """
    if raw is None or not source.encrypted:
        return False
    return not raw if fixed is None else raw != fixed


def _evidence(sent: Snapshot | Bookmark, received: Snapshot) -> bool | None:
    """Tell by the sets of IVs whether a snapshot came raw; None: one set is unknown.

    dmu_recv_end_sync() in module/zfs/dmu_recv.c sets the number.
    """
    sent_set, received_set = _iv_set(sent), _iv_set(received)
    return sent_set == received_set if sent_set and received_set else None


def _iv_set(item: Snapshot | Bookmark) -> int:
    """Return the number of the set of IVs of a snapshot; 0: it is not known."""
    if isinstance(item, Bookmark):
        return item.ivsetguid
    return int(item.value("ivsetguid") or 0)
