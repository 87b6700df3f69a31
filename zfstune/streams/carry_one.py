"""Carry out the plan of one dataset: what its target is given, and each of its streams."""

from __future__ import annotations

from zfstune.engine.relay import relay
from zfstune.streams.steps import Abort, Move, Placeholder, Resume
from zfstune.values.errors import EngineError
from zfstune.values.state import Snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.streams.arrival import Arrival
    from zfstune.streams.meter import Meter
    from zfstune.streams.replication_plan import DatasetPlan
    from zfstune.streams.side import Side
    from zfstune.streams.steps import (
        Full,
        Incremental,
        MadeInert,
        PlanStep,
        PropertyChanges,
    )

__all__ = ["DatasetRun"]


class DatasetRun:
    """The run of one dataset's plan."""

    def __init__(
        self,
        plan: DatasetPlan,
        sending: Side,
        receiving: Side,
        meter: Meter,
        tell: Callable[[PlanStep], None],
    ) -> None:
        self._plan = plan
        self._sending = sending
        self._receiving = receiving
        self._meter = meter
        self._tell = tell
        self._target = plan.transfer.target
        self._new: Arrival | None = plan.arrival
        self._losing = plan.forced_over

    def carry_out(self, arrived: list[Snapshot]) -> None:
        """Carry out each step.

        Args:
            arrived: Takes the snapshots that have arrived.
        """
        plan = self._plan
        if plan.placeholder and plan.arrival is not None:
            self._receiving.make_placeholder(self._target, plan.arrival.properties)
            self._tell(Placeholder(self._target, plan.transfer.source))
        if plan.aside:
            self._receiving.put_aside(self._target, plan.aside)
            self._tell(Move(self._target, plan.aside))
        late = self._change_properties()
        for step, size in zip(plan.transfer.steps, plan.step_bytes, strict=True):
            if self._meter.stop.is_set():
                return
            if isinstance(step, Abort):
                self._receiving.abort_receive(step.target)
            else:
                self._send(step, size)
                arrived.append(step.snapshot)
            self._tell(step)
        for move in plan.returning:
            self._receiving.rename(move.old, move.new)
            self._tell(move)
        if plan.shares_aside:  # last: without the base the one aside is done with
            self._receiving.take_over(self._target)
        if late is not None:
            raise late

    def _change_properties(self) -> EngineError | None:
        """Give a target that exists its properties; return the first error, if any.

        They come first, so that the streams are stored by them, and no stream waits for
        one that this pool cannot have.
        """
        inert, changes = self._plan.inert, self._plan.changes
        steps: list[tuple[MadeInert | PropertyChanges, tuple[str, ...]]] = []
        if inert is not None:
            steps.append((inert, ()))
        if changes is not None and changes.pending:
            steps.append((changes, changes.inherited))
        refused: EngineError | None = None
        for step, inherited in steps:
            try:
                self._receiving.change_properties(self._target, step.values, inherited)
            except EngineError as error:
                refused = refused or error
            else:
                self._tell(step)
        return refused

    def _send(self, step: Resume | Full | Incremental, size: int) -> None:
        """Carry one stream, and see that the right snapshot has arrived."""
        held = [step.snapshot.name]
        if isinstance(step.base, Snapshot):
            held.append(step.base.name)
        base = "" if step.base is None else step.base.name
        new, losing, counted = self._new, self._losing, 0

        def receive(fd: int) -> None:
            self._receiving.receive(
                step.received,
                fd,
                origin=step.origin,
                losing=losing,
                raw=step.raw,
                properties=None if new is None else new.properties,
            )

        def send(fd: int) -> None:
            self._sending.send(step.snapshot.name, fd, base=base, raw=step.raw, held=held)

        # Before the receive begins: another host answers one call a session.
        token = self._receiving.token(self._target) if isinstance(step, Resume) else ""

        def resume(fd: int) -> None:
            self._sending.send_resumed(
                token, fd, snapshot=step.snapshot.name, base=base, raw=step.raw, held=held
            )

        def passed(count: int) -> None:
            nonlocal counted
            counted += count
            self._meter.passed(count)

        try:
            relay(
                resume if isinstance(step, Resume) else send,
                receive,
                passed=passed,
                stopped=self._meter.stop.is_set,
                most_bytes=self._meter.most_bytes,
            )
        finally:
            self._meter.stream_ended(size, counted)
        self._new, self._losing = None, None
        if self._receiving.guid(step.received) != step.snapshot.guid:
            raise EngineError(
                operation="confirm",
                target=step.received,
                reason=f"it is another snapshot than '{step.snapshot.name}'",
            )
