"""Replicate a dataset: bring a target up to its source, and lose nothing on either side.

The order of the steps makes the next run converge wherever this one is killed:

1. A tentative bookmark of the snapshot on the source, so that the base of the next stream
   cannot be lost once this one has arrived.
2. The stream, into a resumable receive, while the kernel holds snapshot and base.
3. The guid that arrived is compared.
4. The bookmark of the new base is confirmed, and those that are older go.

A run begins with step 4 for whatever the one before left.
"""

from __future__ import annotations

from zfstune.engine.relay import relay
from zfstune.streams.base import BaseMark, read_mark, settle_bookmarks
from zfstune.streams.prepare import plan_replication, read_end
from zfstune.streams.refusals import WRITTEN
from zfstune.streams.remote.address import read_address
from zfstune.streams.remote.sides import Sides
from zfstune.streams.replication_plan import Choices
from zfstune.streams.steps import Abort, Resume
from zfstune.values.errors import EngineError
from zfstune.values.frozen import replace
from zfstune.values.state import Snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.streams.arrival import Arrival
    from zfstune.streams.replication_plan import ReplicationPlan
    from zfstune.streams.side import Side
    from zfstune.streams.steps import Full, Incremental, TransferStep
    from zfstune.values.state import Bookmark

__all__ = ["replicate"]


def replicate(
    source: str,
    target: str,
    *,
    engine: Engine | None = None,
    target_engine: Engine | None = None,
    raw: bool | None = None,
    every: bool = True,
    properties: Mapping[str, str] | None = None,
    without: Iterable[str] = (),
    keep_aside: bool = False,
    lose: Iterable[str] = (),
    ssh_options: Iterable[str] = (),
    dry_run: bool = False,
    on_step: Callable[[TransferStep], None] | None = None,
) -> ReplicationPlan:
    """Send to a dataset all that its source has and it lacks.

    The target only ever gains snapshots. A new one is inert (docs/replication.md).

    Args:
        source: The dataset to send, or ``HOST:DATASET`` over ssh.
        target: The dataset that receives, likewise; its parent exists.
        engine: The source's engine; default: the running kernel's.
        target_engine: The target's engine; default: that of the source.
        raw: Send encrypted blocks as they are, without their key; default: as the first
            stream was, and raw if this is the first; to another host always raw.
        every: Send each snapshot; otherwise the newest alone.
        properties: Values for a new target, instead of those that make it inert.
        without: Names of properties that a new target is to inherit instead.
        keep_aside: If the target cannot take what comes, rename it and receive beside it.
        lose: Full names of the target's snapshots that may go for that, and ``written``
            for what was written to it since the newest one.
        ssh_options: Options for other hosts, as for ``ssh -o``.
        dry_run: Change nothing.
        on_step: Called after each step.

    Raises:
        PlanError: The target has gone its own way, is no copy, or has no room.
        EngineError: A stream broke off. What has arrived stays; the next run goes on.
    """
    choices = Choices(
        raw=raw,
        every=every,
        properties=properties or {},
        without=tuple(without),
        keep_aside=keep_aside,
        lose=tuple(lose),
    )
    sent, received = read_address(source), read_address(target)
    if received.host and raw is None:  # its word about earlier streams decrypts nothing
        choices = replace(choices, raw=True)
    with Sides((target_engine or engine) if sent.host else engine, ssh_options) as sides:
        sending = sides.on(sent.host)
        receiving = sides.on(received.host, target_engine)
        plan = plan_replication(sent.dataset, received.dataset, sending, receiving, choices)
        if not dry_run:
            _Run(plan, sending, receiving).carry_out(on_step)
        return plan


class _Run:
    """Carries a plan out, step by step."""

    def __init__(self, plan: ReplicationPlan, sending: Side, receiving: Side) -> None:
        self._plan = plan
        self._sending = sending
        self._receiving = receiving
        self._source = plan.transfer.source
        self._target = plan.transfer.target
        self._new: Arrival | None = plan.arrival
        self._losing = plan.losing

    def carry_out(self, on_step: Callable[[TransferStep], None] | None) -> None:
        """Settle what an earlier run left, carry out each step, and settle the rest."""
        if self._plan.aside:
            self._receiving.put_aside(self._target, self._plan.aside)
        else:
            self._settle()
        for step in self._plan.transfer.steps:
            if isinstance(step, Abort):
                self._receiving.abort_receive(step.target)
            else:
                self._note(step)
                self._send(step)
            if on_step is not None:
                on_step(step)
        if self._plan.transfer.steps:
            self._settle()
        if self._plan.aside:
            self._receiving.take_over(self._target)

    def _note(self, step: Resume | Full | Incremental) -> None:
        """Bookmark the snapshot of a step, before its stream begins."""
        replica = self._plan.replica
        if replica is None:
            identity = read_end(self._receiving, self._target).guid
        else:
            identity = replica.identity
        mark = BaseMark(identity, step.snapshot.guid, tentative=True)
        confirmed = replace(mark, tentative=False)
        bookmarks = self._sending.bookmarks(self._source)
        if not {mark, confirmed} & {*map(read_mark, bookmarks)}:
            make = {mark.on(self._source): step.snapshot.name}
            self._sending.change_bookmarks(make, ())

    def _send(self, step: Resume | Full | Incremental) -> None:
        """Carry one stream, and see that the right snapshot has arrived."""
        held = [step.snapshot.name]
        if isinstance(step.base, Snapshot):
            held.append(step.base.name)
        new, losing = self._new, self._losing

        def receive(fd: int) -> None:
            self._receiving.receive(
                step.received,
                fd,
                origin=step.origin,
                losing=[name for name in losing if name != WRITTEN] if losing else None,
                raw=step.raw,
                properties=None if new is None else new.properties,
            )

        def send(fd: int) -> None:
            base = self._base_name(step.base)
            name = step.snapshot.name
            self._sending.send(name, fd, base=base, raw=step.raw, held=held)

        # Before the receive begins: another host answers one call at a time.
        token = self._receiving.token(self._target) if isinstance(step, Resume) else ""

        def resume(fd: int) -> None:
            self._sending.send_resumed(
                token,
                fd,
                snapshot=step.snapshot.name,
                base=self._base_name(step.base),
                raw=step.raw,
                held=held,
            )

        relay(resume if isinstance(step, Resume) else send, receive)
        self._new, self._losing = None, ()
        if self._receiving.guid(step.received) != step.snapshot.guid:
            raise EngineError(
                operation="confirm",
                target=step.received,
                reason=f"it is another snapshot than '{step.snapshot.name}'",
            )

    def _base_name(self, base: Snapshot | Bookmark | None) -> str:
        """Return the present name of a base: a bookmark may have been confirmed since."""
        if base is None or isinstance(base, Snapshot):
            return "" if base is None else base.name
        marks = self._sending.bookmarks(base.name.partition("#")[0])
        return next((mark.name for mark in marks if mark.guid == base.guid), base.name)

    def _settle(self) -> None:
        """Make and drop bookmarks on the source, as both ends are now."""
        source = read_end(self._sending, self._source)
        target = read_end(self._receiving, self._target)
        if self._plan.replica is not None:  # the mark that it has or will get
            target = replace(target, replica=self._plan.replica)
        changes = settle_bookmarks(source, target)
        self._sending.change_bookmarks(changes.make, changes.drop)
