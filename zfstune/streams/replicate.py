"""Replicate datasets: bring targets up to their sources, and lose nothing on either side.

The plan is made first (:mod:`zfstune.streams.prepare`), and then carried out as it stands
(:mod:`zfstune.streams.carry_out`).
"""

from __future__ import annotations

from types import MappingProxyType

from zfstune.streams.carry_out import send_all
from zfstune.streams.pace import Manner, Pace
from zfstune.streams.prepare import prepare_plan
from zfstune.streams.remote.address import read_address
from zfstune.streams.remote.sides import Sides
from zfstune.streams.replication_plan import Choices
from zfstune.values.frozen import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.streams.progress import SendProgress
    from zfstune.streams.replication_plan import ReplicationPlan
    from zfstune.streams.steps import PlanStep

__all__ = ["replicate"]

_NO_PROPERTIES: Mapping[str, str] = MappingProxyType({})


def replicate(
    source: str,
    target: str,
    *,
    engine: Engine | None = None,
    target_engine: Engine | None = None,
    recursive: bool = False,
    exclude: Collection[str] = (),
    exclude_properties: Collection[str] = (),
    snapshot: str | None = None,
    raw: bool | None = None,
    every: bool = True,
    properties: Mapping[str, str] = _NO_PROPERTIES,
    without: Collection[str] = (),
    take_properties: bool = False,
    keep_aside: bool = False,
    lose: Collection[str] = (),
    ssh_options: Collection[str] = (),
    dry_run: bool = False,
    pace: Pace | None = None,
    verify: bool = False,
    on_step: Callable[[PlanStep], None] | None = None,
    on_progress: Callable[[SendProgress], object] | None = None,
) -> ReplicationPlan:
    """Send to a dataset all that its source has and it lacks (docs/howto/replication.md).

    Args:
        source: The dataset to send, or ``HOST:DATASET`` over ssh.
        target: The dataset that receives, likewise; its parent exists. A new one is inert.
        engine: The source's engine; default: the running kernel's.
        target_engine: The target's engine; default: that of the source.
        recursive: Send all datasets below the source, too.
        exclude: Shell patterns of full names to leave out, with all below them.
        exclude_properties: Properties by which to leave out, as NAME or NAME=VALUE.
        snapshot: Name of a snapshot to take of all first, at one instant; empty: any.
        raw: Send encrypted blocks without their key; default: as before, to hosts always.
        every: Send each snapshot; otherwise the newest alone.
        properties: Values for new targets, instead of those that make them inert.
        without: Names of properties that a new target is to inherit instead.
        take_properties: Take the source's own, as far as they are harmless.
        keep_aside: Rename a target that cannot take what comes, and receive beside it.
        lose: Snapshots of the target that may go for that by full name, and ``written``.
        ssh_options: Options for other hosts, as for ``ssh -o``.
        dry_run: Change nothing, and take no snapshot.
        pace: How many datasets at once, how many bytes a second, how many retries.
        verify: Compare by content what arrives, or else the newest snapshot of both.
        on_step: Called after each step, from any thread, once at a time.
        on_progress: Called about once a second while streams are on their way.

    Raises:
        PlanError: The target has gone its own way, is no copy, or has no room.
        EngineError: No source, or a stream that broke off, where the next run goes on.
        BatchError: Datasets of a tree were refused or failed; the others were sent.
    """
    sent = (raw, every, properties, without, keep_aside, lose, recursive, exclude)
    choices = Choices(*sent, snapshot, take_properties, exclude_properties)
    manner = None if dry_run else Manner(pace or Pace(), verify, on_step, on_progress)
    engines = (engine, target_engine)
    return _replicate((source, target), engines, ssh_options, choices, manner)


def _replicate(
    names: tuple[str, str],
    engines: tuple[Engine | None, Engine | None],
    ssh_options: Collection[str],
    choices: Choices,
    manner: Manner | None,
) -> ReplicationPlan:
    """Reach both sides, make the plan, and carry it out; without a manner only plan."""
    sent, received = map(read_address, names)
    here = (engines[1] or engines[0]) if sent.host else engines[0]
    with Sides(here, ssh_options) as sides:
        sending, receiving = sides.on(sent.host), sides.on(received.host, engines[1])
        if receiving.host and choices.raw is None:
            # Its word about the streams before decrypts nothing.
            choices = replace(choices, raw=True)
        plan = prepare_plan(
            sent.dataset,
            received.dataset,
            sending,
            receiving,
            choices,
            dry_run=manner is None,
        )
        if manner is not None:
            send_all(plan, sending, receiving, choices, manner)
        return plan
