"""Send snapshots to any file: one as a plain stream, several as a package."""

from __future__ import annotations

import secrets
from contextlib import ExitStack

from zfstune.engine.feed import pour
from zfstune.engine.open import using
from zfstune.engine.write_all import write_all
from zfstune.streams.local_side import LocalSide
from zfstune.streams.package import MOST_LIST_BYTES, package_values
from zfstune.streams.packed_list import pack
from zfstune.streams.send_plan import SendChoices, Sender, decide_send
from zfstune.values.errors import NotFound, PlanError
from zfstune.values.frozen import replace
from zfstune.values.names import check_snapshot, pool_of
from zfstune.values.state import Snapshot
from zfstune.values.stream_record import end_record, package_record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine
    from zfstune.engine.stream_file import Stream
    from zfstune.streams.send_plan import SendPlan, SendStep

__all__ = ["send", "send_resumed", "send_saved"]


def send(
    snapshot: str,
    sink: Stream | None,
    *,
    engine: Engine | None = None,
    base: str = "",
    every: bool = False,
    recursive: bool = False,
    properties: bool = False,
    raw: bool | None = None,
    compressed: bool = True,
    on_plan: Callable[[SendPlan], object] | None = None,
    on_bytes: Callable[[int], None] | None = None,
) -> SendPlan:
    """Send a snapshot as a stream that ``zfs receive`` and zfstune take.

    Several snapshots, or properties, make a package, as ``zfs send -R``, -p and -I write
    it. Its snapshots are held while it is written.

    Args:
        snapshot: Its full name.
        sink: A file that is open for writing bytes, a socket, or a descriptor; None: only
            make the plan, with the estimated size of each stream. A socket that takes
            nothing for its timeout ends the send.
        engine: The engine that has it; default: the running kernel's.
        base: Send the changes since this one: an earlier snapshot or a bookmark of the
            dataset, by full name or from its ``@`` or ``#`` on, or the dataset's origin.
        every: Send the snapshots between as well; without a base, from the oldest on.
        recursive: Send the datasets below as well. Clones stay clones where their
            origins are sent too, or were before.
        properties: Send the properties that were set on datasets and snapshots.
        raw: Send encrypted blocks as they are, without their key; default: where the
            dataset is encrypted.
        compressed: Send blocks as they lie on disk; else they are unpacked, unless the
            stream is raw: :func:`zfstune.compare` and its digests take such a stream.
        on_plan: Called with the plan and its estimated sizes before anything is written.
        on_bytes: Called with the number of bytes each time some were written.

    Returns:
        The plan that was carried out.

    Raises:
        PlanError: A snapshot or the base is missing.
        EngineError: The stream could not be sent to its end.
    """
    check_snapshot(snapshot)
    choices = SendChoices(
        snapshot, base, every=every, tree=recursive, properties=properties, raw=raw
    )
    with using(engine) as zfs:
        plan = decide_send(_senders(zfs, choices), choices)
        if sink is None or on_plan is not None:
            plan = _with_sizes(zfs, plan, compressed=compressed)
        if on_plan is not None:
            on_plan(plan)
        if sink is None:
            return plan
        pour(sink, lambda fd: _write(zfs, plan, fd, compressed=compressed), on_bytes)
        return plan


def send_resumed(
    token: str,
    sink: Stream,
    *,
    engine: Engine | None = None,
    on_bytes: Callable[[int], None] | None = None,
) -> str:
    """Send the rest of a stream that broke off; return the name of its snapshot.

    Args:
        token: The receiving dataset's property ``receive_resume_token``.
        sink: As for :func:`send`.
        engine: The engine that has the snapshot; default: the running kernel's.
        on_bytes: As for :func:`send`.

    Raises:
        InvalidValue: The token is damaged, or its snapshot or base is gone.
        EngineError: The stream could not be sent to its end.
    """
    with using(engine) as zfs:
        return pour(sink, lambda fd: zfs.send_resumed(token, fd), on_bytes)


def send_saved(
    dataset: str,
    sink: Stream,
    *,
    engine: Engine | None = None,
    on_bytes: Callable[[int], None] | None = None,
) -> None:
    """Send the part of a stream that a receive into a dataset kept when it broke off.

    The stream has no end: a receive of it breaks off as well, and can be resumed.

    Args:
        dataset: The dataset that the part waits in.
        sink: As for :func:`send`.
        engine: The engine that has it; default: the running kernel's.
        on_bytes: As for :func:`send`.

    Raises:
        NotFound: No receive broke off there.
        EngineError: The stream could not be sent to its end.
    """
    with using(engine) as zfs:
        pour(sink, lambda fd: zfs.send_saved(dataset, fd), on_bytes)


def _senders(engine: Engine, choices: SendChoices) -> list[Sender]:
    """Read what there is of the datasets that may be sent."""
    root = choices.snapshot.partition("@")[0]
    datasets = {d.name: d for d in engine.datasets(root, recursive=choices.tree)}
    side = LocalSide(engine)
    ends = side.ends(root, recursive=choices.tree)
    if choices.properties:
        ends = [side.with_properties(end) for end in ends]
    # A dataset may have been made or destroyed between the two listings.
    senders = [Sender(e, datasets[e.name]) for e in ends if e.name in datasets]
    if not senders or senders[0].end.name != root:
        raise NotFound(
            operation="send",
            target=choices.snapshot,
            reason="its dataset was destroyed meanwhile",
        )
    return senders


def _write(engine: Engine, plan: SendPlan, fd: int, *, compressed: bool) -> None:
    """Write all streams, and around those of a package what makes it one."""
    with ExitStack() as holds:
        package = plan.package
        if package is not None:
            _hold(engine, plan, holds)
            values = package_values(package) if package.datasets else None
            payload = b"" if values is None else pack(values)
            if len(payload) > MOST_LIST_BYTES:
                raise PlanError(
                    f"cannot send '{package.toname}': no receive takes a list of so many "
                    "datasets and snapshots",
                    hint="send a part of the tree at a time",
                )
            write_all(fd, package_record(package.toname, payload))
        for step in plan.steps:
            base = "" if step.base is None else step.base.name
            engine.send(
                step.snapshot.name, fd, base=base, raw=step.raw, compressed=compressed
            )
        if package is not None:
            write_all(fd, end_record())


def _hold(engine: Engine, plan: SendPlan, holds: ExitStack) -> None:
    """Hold all snapshots of a plan, unless their pool takes no change."""
    names = {step.snapshot.name for step in plan.steps}
    names |= {s.base.name for s in plan.steps if isinstance(s.base, Snapshot)}
    if not engine.pool(pool_of(plan.steps[0].snapshot.name)).readonly:
        tag = f"zfstune-send-{secrets.token_hex(4)}"
        holds.enter_context(engine.holding(sorted(names), tag))


def _with_sizes(engine: Engine, plan: SendPlan, *, compressed: bool) -> SendPlan:
    """Return a plan with the estimated size of each stream."""

    def size(step: SendStep) -> int:
        base = "" if step.base is None else step.base.name
        return engine.send_size(
            step.snapshot.name, base=base, raw=step.raw, compressed=compressed
        )

    return replace(
        plan, steps=tuple(replace(step, bytes=size(step)) for step in plan.steps)
    )
