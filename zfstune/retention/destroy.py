"""Destroy the snapshots that a plan names, unless they have changed since.

Where this user may run a channel program (root), one checks guids, holds, clones and
the snapshots that are to outlive the victims, in the very transaction that destroys
them. Elsewhere guids are checked just before each batch, and ZFS itself refuses a
snapshot that is held or cloned; between the check and the call another snapshot may
take a victim's name.
"""

from __future__ import annotations

from zfstune.engine.protocol import InUse, ProgramError
from zfstune.retention.decision import DEFAULT_BATCH, interleave, spare
from zfstune.values import names
from zfstune.values.errors import (
    BatchError,
    Busy,
    EngineError,
    NoSpace,
    NotFound,
    PoolSuspended,
    ReadOnly,
)
from zfstune.values.marks import KEPT_PROPERTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from zfstune.engine.protocol import Engine
    from zfstune.retention.decision import Decision
    from zfstune.retention.plan import PrunePlan
    from zfstune.values.state import Snapshot

__all__ = ["MADE_ANEW", "Destruction"]

MADE_ANEW = "it was made anew since it was listed"
_ORPHANED = "the snapshot that was to outlive it in its dataset is gone"


class Destruction:
    """Carries a plan out, batch by batch.

    Attributes:
        destroyed: Names of the destroyed snapshots, in that order.
        spared: Snapshots that stayed although the plan lets them go, and why.
        fallback: Why no channel program could be used; empty where one was.
        failed: Datasets of which ZFS refused to destroy a snapshot, and why.
    """

    def __init__(self, engine: Engine, plan: PrunePlan) -> None:
        self.destroyed: list[str] = []
        self.spared: list[Decision] = []
        self.fallback = ""
        self.failed: dict[str, EngineError] = {}
        self._engine = engine
        self._plan = plan
        self._survivors = _survivors(plan)
        self._marks = {
            dataset: {KEPT_PROPERTY: str(count)} for dataset, count in plan.remember.items()
        }

    def run(self, passed: Callable[[int, int], object] = lambda *_: None) -> None:
        """Destroy all victims; an error on one dataset ends the work on that dataset.

        Args:
            passed: Is told before each batch, and after the last one, how many victims were
                gone through, and how many there are.

        Raises:
            EngineError: ZFS refused, for the whole pool; snapshots that went before
                stay destroyed.
        """
        gone_through = 0
        for planned in _batches(self._plan.victims):
            passed(gone_through, len(self._plan.victims))
            gone_through += len(planned)
            batch = [s for s in planned if s.dataset not in self.failed]
            if not batch:
                continue
            left = batch if self.fallback else self._by_program(batch)
            if left:
                self._by_name(left)
        if self._plan.victims:
            passed(gone_through, gone_through)

    def _by_program(self, batch: list[Snapshot]) -> list[Snapshot]:
        """Destroy a batch in one transaction with all checks; give the rest of it."""
        datasets = {snapshot.dataset for snapshot in batch}
        survivors = [self._survivors[d] for d in datasets if d in self._survivors]
        marks = {d: self._marks[d] for d in datasets & self._marks.keys()}
        try:
            stay = self._engine.destroy_exactly(
                {snapshot.name: snapshot.guid for snapshot in batch},
                survivors=survivors,
                marks=marks,
            )
        except ProgramError as error:
            self.fallback = error.reason
            return batch
        for dataset in marks:
            del self._marks[dataset]
        self.destroyed += [s.name for s in batch if s.name not in stay]
        left = []
        for snapshot in batch:
            why = stay.get(snapshot.name)
            if why is None or isinstance(why, NotFound):
                continue  # it went, or somebody else destroyed it
            if isinstance(why, InUse):
                left.append(snapshot)  # the call by name may unmount it
            elif isinstance(why, NoSpace):
                raise why
            else:
                self._spare(snapshot, why.reason)
        return left

    def _by_name(self, batch: list[Snapshot]) -> None:
        """Check guids, then destroy by name the snapshots that ZFS lets go."""
        survivors = {s.dataset: self._survivors.get(s.dataset) for s in batch}
        present = self._engine.find_snapshots(
            [*(s.name for s in batch), *filter(None, survivors.values())]
        )
        going: dict[str, Snapshot] = {}
        for snapshot in batch:
            victim = present.get(snapshot.name)
            survivor = survivors[snapshot.dataset]
            if victim is None:
                continue
            if victim.guid != snapshot.guid:
                self._spare(snapshot, MADE_ANEW)
            elif survivor and survivor not in present:
                self._spare(snapshot, _ORPHANED)
            else:
                going[snapshot.name] = snapshot
        # ZFS destroys all of a batch or nothing, and names the snapshots that stand in
        # the way. Each round leaves out at least one of them, so this ends.
        while going:
            try:
                self._engine.destroy_snapshots(going)
            except BatchError as error:
                before = len(going)
                for failure in error.failures:
                    self._refused(failure, going)
                if len(going) == before:  # nothing that could be left out was named
                    raise
            else:
                self.destroyed += going
                self._note({snapshot.dataset for snapshot in going.values()})
                return

    def _refused(self, failure: EngineError, going: dict[str, Snapshot]) -> None:
        """Take out of a batch a snapshot that ZFS refuses to destroy."""
        if isinstance(failure, (NoSpace, PoolSuspended, ReadOnly)):
            raise failure from None
        snapshot = going.get(failure.target)
        if snapshot is None:
            return
        if isinstance(failure, (Busy, NotFound)):
            self._spare(going.pop(snapshot.name), failure.reason)
            return
        self.failed.setdefault(snapshot.dataset, failure)
        for name in [n for n, other in going.items() if other.dataset == snapshot.dataset]:
            del going[name]

    def _note(self, datasets: Iterable[str]) -> None:
        """Note how many snapshots are left of datasets that just lost some."""
        for dataset in datasets & self._marks.keys():
            try:
                self._engine.set(dataset, self._marks.pop(dataset))
            except EngineError:
                continue  # the next run only has less to compare with

    def _spare(self, snapshot: Snapshot, reason: str) -> None:
        self.spared.append(spare(snapshot, reason))


def _survivors(plan: PrunePlan) -> dict[str, str]:
    """Find for each dataset the newest snapshot in scope that the plan keeps.

    As long as that one exists, the victims are not the newest: whatever somebody else
    destroyed meanwhile, one of the policy's snapshots is left.
    """
    survivors: dict[str, str] = {}
    scopes = {name: policy.scope() for name, policy in plan.policies.items()}
    for decision in plan.decisions:
        snapshot = decision.snapshot
        dataset = snapshot.dataset
        if not decision.keep or dataset in survivors:
            continue
        if scopes[dataset](snapshot.short_name):
            survivors[dataset] = snapshot.name
    return survivors


def _batches(victims: Iterable[Snapshot]) -> Iterator[list[Snapshot]]:
    """Deal victims out into calls; one call reaches one pool."""
    pools: dict[str, dict[str, list[Snapshot]]] = {}
    for victim in victims:
        of_pool = pools.setdefault(names.pool_of(victim.name), {})
        of_pool.setdefault(victim.dataset, []).append(victim)
    for of_pool in pools.values():
        yield from interleave(of_pool, DEFAULT_BATCH)
