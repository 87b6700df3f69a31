"""The order in which to destroy victims when only so much space is to be freed.

A snapshot that a policy keeps is never among them: a target only makes a prune stop
earlier. The least valuable go first: the snapshots whose neighbours in time are near,
compared with their age, so that the rest stays spread out.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from math import log

from zfstune.retention.decision import Decision
from zfstune.values.duration import MINUTE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from zfstune.retention.free_target import FreeTarget
    from zfstune.values.state import Snapshot

__all__ = ["keep_others", "least_valuable_first"]


def least_valuable_first(decisions: Iterable[Decision]) -> list[Snapshot]:
    """Order the victims by the loss that the destruction of each would be.

    The loss is the age of the older edge of the gap that a victim leaves, divided by
    the age of the younger edge: an hour's gap matters among today's snapshots and not
    among last year's. It is computed anew for the neighbours of each victim that goes.
    Among equal losses the oldest snapshot goes first.

    Args:
        decisions: The decisions on all snapshots of the datasets, newest first in each.
    """
    of_dataset: dict[str, list[Decision]] = {}
    for decision in decisions:
        of_dataset.setdefault(decision.snapshot.dataset, []).append(decision)
    rows = list(of_dataset.values())
    now = max((d.snapshot.creation or 0 for row in rows for d in row), default=0)
    # The younger and the older neighbour of each snapshot that is still there.
    links = [[(place - 1, place + 1) for place in range(len(row))] for row in rows]
    heap = [
        (
            _loss(row, place - 1, place, place + 1, now),
            decision.snapshot.createtxg,
            number,
            place,
        )
        for number, row in enumerate(rows)
        for place, decision in enumerate(row)
        if not decision.keep
    ]
    heapify(heap)
    order: list[Snapshot] = []
    gone: set[tuple[int, int]] = set()
    while heap:
        loss, _, number, victim = heappop(heap)
        row, near = rows[number], links[number]
        younger, older = near[victim]
        if (number, victim) in gone:
            continue
        if _loss(row, younger, victim, older, now) != loss:
            continue  # a neighbour has gone since, and its new loss was pushed then
        gone.add((number, victim))
        order.append(row[victim].snapshot)
        if younger >= 0:
            near[younger] = (near[younger][0], older)
        if older < len(row):
            near[older] = (younger, near[older][1])
        for place in (younger, older):
            if 0 <= place < len(row) and not row[place].keep:
                new_loss = _loss(row, near[place][0], place, near[place][1], now)
                heappush(heap, (new_loss, row[place].snapshot.createtxg, number, place))
    return order


def keep_others(
    decisions: Iterable[Decision], going: Container[str], target: FreeTarget
) -> tuple[Decision, ...]:
    """Keep the victims that are not needed to reach a target."""
    reason = (f"free-target={target} is reached without destroying it",)
    return tuple(
        decision
        if decision.keep or decision.snapshot.name in going
        else Decision(decision.snapshot, keep=True, reasons=reason)
        for decision in decisions
    )


def _loss(
    row: Sequence[Decision], younger: int, victim: int, older: int, now: int
) -> float:
    """Compute the logarithm of a victim's loss, by the ages of its gap's edges."""

    def age(place: int) -> int:
        # Each age gets a minute more, so that none is zero.
        created = row[place].snapshot.creation
        return MINUTE + (0 if created is None else now - created)

    # The gap that the oldest snapshot leaves ends at its own age.
    before = age(older if older < len(row) else victim)
    after = age(younger) if younger >= 0 else MINUTE
    return log(max(before / after, 1))
