"""What ``--verify`` compares: the snapshots of a plan whose content has to be the same."""

from __future__ import annotations

from zfstune.streams.steps import Abort
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.streams.replication_plan import DatasetPlan

__all__ = ["Compared", "choose_compared"]


@frozen
class Compared:
    """A snapshot and its copy.

    Attributes:
        sent: Full name of the source's snapshot.
        received: Full name of the target's.
        raw: Whether their ciphertext is compared.
    """

    sent: str
    received: str
    raw: bool


def choose_compared(plan: DatasetPlan) -> Compared | None:
    """Choose the snapshots to compare once a plan was carried out.

    Where no stream comes, it is the newest snapshot that both sides have: the run in which
    that one arrived may have been cut off, or have found a difference.

    Returns:
        The snapshots; None: the two sides have none in common, as a placeholder.
    """
    streams = [step for step in plan.transfer.steps if not isinstance(step, Abort)]
    if streams:
        last = streams[-1]
        return Compared(last.snapshot.name, last.received, last.raw)
    sent = {snapshot.guid: snapshot.name for snapshot in plan.source.snapshots}
    for copy in reversed(plan.target.snapshots):
        if copy.guid in sent:
            return Compared(sent[copy.guid], copy.name, plan.raw)
    return None
