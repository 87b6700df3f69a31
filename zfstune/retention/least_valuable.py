"""Which victims to destroy first when only so much space is wanted.

Nothing here destroys what a policy keeps: a target makes a prune stop earlier. The
least valuable go first: those whose neighbours in time are near for their age, so
that what is left stays spread out.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from math import log

from zfstune.retention.decision import Decision

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from zfstune.retention.free_target import FreeTarget
    from zfstune.values.state import Snapshot

__all__ = ["keep_others", "least_valuable_first"]

# Nothing younger is told apart.
_MINUTE = 60


def least_valuable_first(decisions: Iterable[Decision]) -> list[Snapshot]:
    """Order the victims by what would be lost with each.

    The loss is how many times as old the older edge of the gap is as the younger: an
    hour's gap matters among today's snapshots and not among last year's. It is
    weighed anew with every one that goes; of the same loss, the oldest goes first.

    Args:
        decisions: Those on all snapshots of the datasets, newest first in each.
    """
    of_dataset: dict[str, list[Decision]] = {}
    for decision in decisions:
        of_dataset.setdefault(decision.snapshot.dataset, []).append(decision)
    rows = list(of_dataset.values())
    now = max((d.snapshot.creation or 0 for row in rows for d in row), default=0)
    # younger and older neighbour of each that is still there
    links = [[(at - 1, at + 1) for at in range(len(row))] for row in rows]
    heap = [
        (_loss(row, at - 1, at, at + 1, now), decision.snapshot.createtxg, number, at)
        for number, row in enumerate(rows)
        for at, decision in enumerate(row)
        if not decision.keep
    ]
    heapify(heap)
    order: list[Snapshot] = []
    gone: set[tuple[int, int]] = set()
    while heap:
        loss, _, number, at = heappop(heap)
        row, near = rows[number], links[number]
        younger, older = near[at]
        if (number, at) in gone:
            continue
        if _loss(row, younger, at, older, now) != loss:
            continue  # a neighbour went since, and it was weighed anew then
        gone.add((number, at))
        order.append(row[at].snapshot)
        if younger >= 0:
            near[younger] = (near[younger][0], older)
        if older < len(row):
            near[older] = (younger, near[older][1])
        for place in (younger, older):
            if 0 <= place < len(row) and not row[place].keep:
                weight = _loss(row, near[place][0], place, near[place][1], now)
                heappush(heap, (weight, row[place].snapshot.createtxg, number, place))
    return order


def keep_others(
    decisions: Iterable[Decision], going: Container[str], target: FreeTarget
) -> tuple[Decision, ...]:
    """Keep the victims that are not needed to reach a target."""
    reason = (f"not needed to have {target} free",)
    return tuple(
        decision
        if decision.keep or decision.snapshot.name in going
        else Decision(decision.snapshot, keep=True, reasons=reason)
        for decision in decisions
    )


def _loss(row: Sequence[Decision], younger: int, at: int, older: int, now: int) -> float:
    """Give the gap that one would leave, as the logarithm of its edges' ages."""

    def age(place: int) -> int:
        created = row[place].snapshot.creation
        return _MINUTE + (0 if created is None else now - created)

    before = age(older if older < len(row) else at)  # the oldest ends what there is
    after = age(younger) if younger >= 0 else _MINUTE
    return log(max(before / after, 1))
