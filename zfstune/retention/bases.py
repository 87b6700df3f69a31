"""Keep the snapshots without which the next stream between two datasets has no base.

On a source, a bookmark keeps the base of each target, so that the snapshot itself may
go. A target that is known and has no bookmark may have any snapshot as its base.
On a target no bookmark helps: a stream is received onto its newest snapshot.
"""

from __future__ import annotations

from zfstune.retention.decision import spare
from zfstune.values.marks import REPLICA_PROPERTY
from zfstune.values.replication_marks import read_replica

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zfstune.retention.decision import Decision
    from zfstune.retention.known_targets import KnownTarget
    from zfstune.values.state import Dataset

__all__ = ["keep_bases"]

_RECEIVED = "the next stream from its source begins with it"


def keep_bases(
    decisions: Sequence[Decision], dataset: Dataset, targets: Iterable[KnownTarget]
) -> tuple[Decision, ...]:
    """Keep the victims that may be the base of a stream, with the reason.

    Args:
        decisions: The decisions on all snapshots of one dataset, newest first.
        dataset: The dataset with its properties.
        targets: The targets that it is replicated to.
    """
    unkept = [target.label for target in targets if not target.bookmarks]
    if unkept:
        reason = f"it may be the base of {', '.join(unkept)}, which no bookmark keeps"
        return tuple(d if d.keep else spare(d.snapshot, reason) for d in decisions)
    role = read_replica(dataset.local(REPLICA_PROPERTY) or "")
    is_copy = role is not None and not role.live
    if is_copy and decisions and not decisions[0].keep:
        return (spare(decisions[0].snapshot, _RECEIVED), *decisions[1:])
    return tuple(decisions)
