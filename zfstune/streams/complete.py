"""Complete the plan of a dataset: sizes, properties, bookmarks, what it needs first."""

from __future__ import annotations

from zfstune.streams.arrival import decide_arrival
from zfstune.streams.marking import unmarked
from zfstune.streams.replication_plan import first_replica
from zfstune.streams.steps import Abort, MadeInert
from zfstune.streams.taken_properties import with_taken
from zfstune.streams.tree import based_at_home
from zfstune.values.frozen import replace
from zfstune.values.inert import INERT
from zfstune.values.names import ancestors_of, parent_of
from zfstune.values.properties import fits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.streams.arrival import Arrival
    from zfstune.streams.base import BookmarkChanges
    from zfstune.streams.ends import End, Replica
    from zfstune.streams.replication_plan import Choices, DatasetPlan
    from zfstune.streams.side import Side
    from zfstune.streams.steps import Full, Incremental, Resume, TransferStep
    from zfstune.streams.tree import Pair

__all__ = ["Completion"]


class Completion:
    """Completes plans of one replication.

    Args:
        pool: The pool of the targets.
        sending: The source's side; it is only asked.
        receiving: The target's side; it is only asked.
        choices: The caller's.
    """

    def __init__(self, pool: str, sending: Side, receiving: Side, choices: Choices) -> None:
        self._pool = pool
        self._sending = sending
        self._receiving = receiving
        self._choices = choices
        self._known_guid = 0

    def complete(
        self, pair: Pair, plan: DatasetPlan, before: Mapping[str, DatasetPlan]
    ) -> DatasetPlan:
        """Add all that a plan does beside its streams.

        Args:
            pair: The source as it is now, and its target.
            plan: The plan with its streams.
            before: The plans of the datasets before it, by source's name.
        """
        streams = [s for s in plan.transfer.steps if not isinstance(s, Abort)]
        target, arrival = plan.target, plan.arrival
        if streams and (not target.snapshots or _replaces(plan, streams[0])):
            arrival, replica = self._arrival(plan.source, target, streams[0], before)
            target = replace(target, replica=replica)
        bookmarks = plan.bookmarks.with_tentative(
            plan.source, target.identity, [step.snapshot for step in streams]
        )
        source = bookmarks.applied_to(pair.source)
        steps = tuple(based_at_home(step, source) for step in plan.transfer.steps)
        planned = replace(
            plan,
            source=source,
            target=target,
            transfer=replace(plan.transfer, steps=steps),
            arrival=arrival,
            inert=None if arrival is not None else self._made_inert(target),
            bookmarks=bookmarks,
            step_bytes=tuple(self._size(s, bookmarks) for s in steps),
            needs=_needs(plan, before),
        )
        if not self._choices.take_properties:
            return planned
        return with_taken(planned, self._choices, self._receiving.limits)

    def check_mark(self, pair: Pair) -> None:
        """Refuse a copy that may have arrived without its mark.

        Raises:
            PlanError: Nobody can tell whether it did.
        """
        source, target = pair.source, pair.target
        if target.snapshots and target.replica is None and source.bookmarks:
            replica = first_replica(source, target.name, self._pool_guid, raw=False)
            if error := unmarked(source, target, replica.identity):
                raise error

    @property
    def _pool_guid(self) -> int:
        self._known_guid = self._known_guid or self._receiving.pool_guid(self._pool)
        return self._known_guid

    def _size(self, step: TransferStep, bookmarks: BookmarkChanges) -> int:
        """Estimate the bytes of a step's stream."""
        if isinstance(step, Abort):
            return 0
        # A resumed stream is shorter than this: how much has arrived is not asked.
        base = "" if step.base is None else step.base.name
        base = bookmarks.make.get(base, base)  # it may be made only before the stream
        return self._sending.send_size(step.snapshot.name, base=base, raw=step.raw)

    def _arrival(
        self,
        source: End,
        target: End,
        first: Full | Incremental | Resume,
        before: Mapping[str, DatasetPlan],
    ) -> tuple[Arrival, Replica]:
        """Decide the properties of a new target, and its mark."""
        replica = first_replica(source, target.name, self._pool_guid, raw=first.raw)
        if target.replica is not None:
            replica = replace(replica, identity=target.replica.identity)
        above = before.get(parent_of(source.name) or "")
        chosen, dropped = self._choices.properties, self._choices.without
        if self._choices.recursive:
            chosen = {n: v for n, v in chosen.items() if fits(n, source.kind)}
            dropped = tuple(n for n in dropped if fits(n, source.kind))
        arrival = decide_arrival(
            source.kind,
            new=True,
            # A dataset that gives up its content keeps its encryption.
            sealed=first.raw or bool(first.origin) or bool(target.snapshots),
            opened=not source.encrypted and above is not None and above.raw,
            chosen=chosen,
            dropped=dropped,
            replica=replica,
            limits=self._receiving.limits,
        )
        return arrival, replica

    def _made_inert(self, target: End) -> MadeInert | None:
        """Decide what a copy that exists is given to be inert."""
        if target.replica is None or target.live:
            return None
        chosen = self._choices.properties
        values = {
            name: chosen.get(name, INERT[target.kind][name][0])
            for name in target.lacking
            if name not in self._choices.without
        }
        return MadeInert(target.name, values) if values else None


def _replaces(plan: DatasetPlan, first: Full | Incremental | Resume) -> bool:
    """Tell whether a copy takes the place of what was none, by the caller's consent."""
    return bool(plan.losing) and plan.target.replica is None and first.base is None


def _needs(plan: DatasetPlan, before: Mapping[str, DatasetPlan]) -> tuple[str, ...]:
    """Return the sources whose plans make what a target lies below, or its origin.

    Where a dataset takes the place of one that goes aside, all below that one goes
    along until it is back under the new one, and the snapshots that both share are the
    new one's only once it is promoted, last of all.
    """
    origins = {s.origin for s in plan.transfer.steps if not isinstance(s, Abort)}
    cloned = {origin.partition("@")[0] for origin in origins}
    used = (plan.transfer.target, *origins)
    made = {above for name in used for above in ancestors_of(name)}
    return tuple(
        name
        for name, other in before.items()
        if (other.new and other.transfer.target in made)
        or origins & other.makes
        or (other.shares_aside and other.transfer.target in cloned)
    )
