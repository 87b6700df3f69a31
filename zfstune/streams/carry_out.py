"""Carry out the plan of a replication, several datasets at once.

The order of the steps makes the next run converge wherever this one is killed:

1. Tentative bookmarks of the snapshots on the source, so that the base of a next stream
   cannot be lost once this one has arrived. What the run before left is settled with it.
2. The streams, into resumable receives, while the kernel holds snapshots and bases.
3. The guid that arrived is compared.
4. The bookmarks of the new bases are confirmed, and those that are older go.

Bookmarks and holds are changed for all datasets in one call each, for each call waits
until the pool has written its change, and the datasets of a tree are many.
"""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack, contextmanager

from zfstune.streams.carry_one import DatasetRun
from zfstune.streams.compared import choose_compared
from zfstune.streams.meter import Meter
from zfstune.streams.place import place_of
from zfstune.streams.prepare import plan_replication, read_end
from zfstune.streams.replication_plan import all_bookmarks
from zfstune.streams.work_through import work_through
from zfstune.values.errors import (
    AlreadyExists,
    BatchError,
    Busy,
    Damaged,
    EngineError,
    NoSpace,
    NotPermitted,
    NotSupported,
    PoolSuspended,
    ReadOnly,
    ZfstuneError,
)
from zfstune.values.frozen import replace
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zfstune.streams.base import BookmarkChanges
    from zfstune.streams.pace import Manner
    from zfstune.streams.replication_plan import Choices, DatasetPlan, ReplicationPlan
    from zfstune.streams.side import Side
    from zfstune.streams.steps import Omission, Orphan, PlanStep
    from zfstune.values.state import Snapshot

__all__ = ["send_all"]

# A second try would meet them again.
_LASTING = (Damaged, NoSpace, NotPermitted, NotSupported, PoolSuspended, ReadOnly)
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 60.0


def send_all(
    plan: ReplicationPlan, sending: Side, receiving: Side, choices: Choices, manner: Manner
) -> None:
    """Carry out a plan.

    Args:
        plan: The plan.
        sending: The source's side.
        receiving: The target's side.
        choices: The choices that it was made with.
        manner: How it is carried out.

    Raises:
        EngineError: The only dataset failed.
        BatchError: Datasets of a tree were refused or failed; the others were sent.
    """
    run = _Run(plan, sending, receiving, choices, manner)
    run.carry_out()
    if not choices.recursive:
        for error in run.failed.values():
            raise error
    failures = [refused.error() for refused in plan.refused]
    for name, error in run.failed.items():
        failures.append(
            error
            if isinstance(error, EngineError)
            else EngineError(
                operation="send", target=name, reason=error.message, hint=error.hint
            )
        )
    if failures:
        done = [snapshot.name for found in run.arrived.values() for snapshot in found]
        raise BatchError(operation="replicate", failures=failures, done=done)


class _Run:
    """The run of one plan.

    Attributes:
        failed: The error of each dataset that failed, by source's name.
        arrived: The snapshots that have arrived, by source's name.
    """

    def __init__(
        self,
        plan: ReplicationPlan,
        sending: Side,
        receiving: Side,
        choices: Choices,
        manner: Manner,
    ) -> None:
        self._plans = {p.transfer.source: p for p in plan.datasets}
        self._moves = plan.moves
        self._known: tuple[Omission | Orphan, ...] = (*plan.left_out, *plan.orphans)
        self._sending = sending
        self._receiving = receiving
        self._alone = replace(choices, recursive=False, keep_aside=False, lose=())
        self._manner = manner
        self._meter = Meter(
            plan.total_bytes,
            sum(map(self._has_work, plan.datasets)),
            rate_bytes_s=manner.pace.rate_bytes_s,
            on_progress=manner.on_progress,
        )
        self._telling = threading.Lock()
        self.failed: dict[str, ZfstuneError] = {}
        self.arrived: dict[str, list[Snapshot]] = {}

    def carry_out(self) -> None:
        """Make all changes. A dataset that fails stops only those that need it."""
        for each in self._known:
            self._tell(each)
        for move in self._moves:
            with self._failures_of(move.source or move.new):
                self._receiving.rename(move.old, move.new, move.mark)
                self._tell(move)
        self._change_bookmarks({n: p.bookmarks for n, p in self._plans.items()})
        self._note_targets()
        with self._holding():
            work_through(
                {n: plan.needs for n, plan in self._plans.items() if self._has_work(plan)},
                self._carry_out,
                jobs=self._manner.pace.jobs,
                stop=self._meter.stop,
                tick=self._meter.tick,
            )
        self._change_bookmarks(
            {name: self._plans[name].settled(found) for name, found in self.arrived.items()}
        )

    @contextmanager
    def _failures_of(self, name: str) -> Iterator[None]:
        """Note the error of a dataset, the first one if there are several."""
        try:
            yield
        except ZfstuneError as error:
            self.failed.setdefault(name, error)

    def _change_bookmarks(self, changes: Mapping[str, BookmarkChanges]) -> None:
        """Change the bookmarks of all datasets, or of each alone if that fails."""
        every = all_bookmarks(changes.values())
        try:
            self._sending.change_bookmarks(every.make, every.drop)
        except (AlreadyExists, BatchError):
            for name, change in changes.items():
                with self._failures_of(name):
                    self._change_own_bookmarks(name, change)

    def _change_own_bookmarks(self, name: str, change: BookmarkChanges) -> None:
        """Change the bookmarks of one dataset."""
        try:
            self._sending.change_bookmarks(change.make, change.drop)
        except (AlreadyExists, BatchError) as error:
            failures = error.failures if isinstance(error, BatchError) else (error,)
            if not any(isinstance(failure, AlreadyExists) for failure in failures):
                raise
            # The plan had none of that name, which has the target's own number in it.
            raise Busy(
                operation="replicate",
                target=name,
                reason="another run has begun to send it to the same target meanwhile",
                hint="run this again once that one has ended",
            ) from error

    def _note_targets(self) -> None:
        """Note on each source where its target is, if that is new."""
        for name, plan in self._plans.items():
            identity = plan.target.identity
            place = place_of(
                plan.transfer.target, self._sending, self._receiving, os.uname().nodename
            )
            if identity and plan.source.places.get(identity) != place:
                with self._failures_of(name):
                    self._sending.note_target(name, identity, place)

    @contextmanager
    def _holding(self) -> Iterator[None]:
        """Hold all snapshots that are sent, and their bases; one that is gone fails."""
        held = {
            name: [s.name for s in plan.in_flight]
            for name, plan in self._plans.items()
            if name not in self.failed
        }
        with ExitStack() as stack:
            while any(held.values()):
                names = [name for found in held.values() for name in found]
                try:
                    stack.enter_context(self._sending.holding(names))
                    break
                except BatchError as error:
                    gone = {failure.target: failure for failure in error.failures}
                    lost = {n: gone.keys() & {*found} for n, found in held.items()}
                    if not any(lost.values()):
                        raise
                    for name, missing in lost.items():
                        if missing:
                            self.failed.setdefault(name, gone[min(missing)])
                            del held[name]
            yield

    def _has_work(self, plan: DatasetPlan) -> bool:
        """Tell whether a dataset is to be sent or compared."""
        return plan.pending or (self._manner.verify and choose_compared(plan) is not None)

    def _carry_out(self, name: str) -> None:
        """Carry out the plan of one dataset."""
        with self._failures_of(name):
            if name not in self.failed:
                if self._plans[name].pending:
                    self._check_needs(self._plans[name])
                    self._try(name)
                if self._manner.verify:
                    self._verify(name)
        self._meter.dataset_ended()

    def _try(self, name: str) -> None:
        """Carry out the plan of one dataset, anew where a stream broke off."""
        wait_s = _FIRST_WAIT_S
        for left in range(self._manner.pace.retries, -1, -1):
            plan = self._plans[name]
            arrived = self.arrived[name] = []
            try:
                DatasetRun(
                    plan, self._sending, self._receiving, self._meter, self._tell
                ).carry_out(arrived)
            except EngineError as error:
                # A target that went aside takes more than its streams to be completed.
                hopeless = isinstance(error, _LASTING) or bool(plan.aside) or not left
                if hopeless or self._meter.stop.wait(wait_s):
                    raise
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
                plan = self._plans[name] = self._planned_anew(plan)
                self._sending.change_bookmarks(plan.bookmarks.make, plan.bookmarks.drop)
            else:
                return

    def _planned_anew(self, plan: DatasetPlan) -> DatasetPlan:
        """Plan one dataset anew, from both sides as they are now."""
        end = read_end(self._sending, plan.transfer.source)
        return plan_replication(
            [end], plan.transfer.target, self._sending, self._receiving, self._alone
        ).datasets[0]

    def _verify(self, name: str) -> None:
        """Compare the newest snapshot of a dataset that both sides have, by its content."""
        pair = choose_compared(self._plans[name])
        stopped = self._meter.stop.is_set
        if pair is None or stopped():
            return
        sent, received = pair.sent, pair.received
        size = 0
        if self._manner.on_progress is not None:
            size = self._sending.send_size(sent, raw=pair.raw)
        expected, found = (
            self._digest(side, name, raw=pair.raw, size=size)
            for side, name in ((self._sending, sent), (self._receiving, received))
        )
        if expected != found and not stopped():
            raise Damaged(
                operation="verify",
                target=received,
                reason=f"its content is not that of '{sent}'",
                hint=f"`zfstune compare {for_shell(sent)} {for_shell(received)}` lists the "
                "objects that differ",
            )

    def _digest(self, side: Side, snapshot: str, *, raw: bool, size: int) -> str:
        """Digest a snapshot on one side, and count its bytes."""
        stopped = self._meter.stop.is_set
        with self._meter.reading(size) as read:
            return side.digest(snapshot, raw=raw, stopped=stopped, on_bytes=read)

    def _check_needs(self, plan: DatasetPlan) -> None:
        for need in plan.needs:
            if need in self.failed:
                raise EngineError(
                    operation=f"send '{plan.transfer.source}' to",
                    target=plan.transfer.target,
                    reason=f"'{need}' has to arrive before it, and failed",
                )

    def _tell(self, step: PlanStep) -> None:
        if self._manner.on_step is not None:
            with self._telling:
                self._manner.on_step(step)
