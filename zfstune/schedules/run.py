"""Runs of schedules: which are due, and one run, with a note of what became of it."""

from __future__ import annotations

from zfstune.retention.store import stored_policies, zone
from zfstune.schedules.cadence import NONE, parse_cadence
from zfstune.schedules.instants import last_due
from zfstune.schedules.last_run import LastRun
from zfstune.schedules.note import last_run, locked, note
from zfstune.schedules.schedule import members, scheduled
from zfstune.values import names
from zfstune.values.errors import BatchError, NotFound, PlanError, PolicyError, ZfstuneError
from zfstune.values.marks import SCHEDULE_PROPERTY
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import tzinfo

    from zfstune.engine.protocol import Engine
    from zfstune.retention.plan import Pruned
    from zfstune.schedules.cadence import Cadence

__all__ = ["due_runs", "is_due", "run_job"]

# A timer may fire, by a clock that is set back by a trifle as it does, before its time.
_EARLY_SECONDS = 60


def run_job(
    opened: Callable[[], AbstractContextManager[Engine]],
    job: str,
    dataset: str,
    folder: str,
    now: Callable[[], int],
) -> LastRun | None:
    """Take or prune the snapshots of one schedule, and note what became of it.

    Args:
        opened: Opens the engine.
        job: ``snapshot`` or ``prune``.
        dataset: The one that has the schedule.
        folder: Of the notes.
        now: Gives the seconds since 1970.

    Returns:
        What was noted; its ``error`` says of a prune which datasets failed. None:
        another run of the same is under way, and this one leaves it to that.

    Raises:
        ZfstuneError: The run failed; that is noted as well.
    """
    names.check_dataset(dataset)
    began = now()
    guid = 0
    try:
        with opened() as engine:
            guid = engine.dataset(dataset).guid
            with locked(folder, job, guid) as ours:
                if not ours:
                    return None
                work = _snapshot if job == "snapshot" else _prune
                did = work(engine, dataset)
                run = LastRun(dataset, job, began, now(), *did, guid)
                note(folder, run)
                return run
    except ZfstuneError as failure:
        note(folder, LastRun(dataset, job, began, now(), str(failure), dataset_guid=guid))
        raise


def is_due(engine: Engine, job: str, dataset: str, folder: str, now: int) -> bool:
    """Tell whether a run is due that was not begun since it was.

    A timer asks that fires at more instants than its cadence has. When in doubt a run
    is due: a snapshot too many does less harm than one too few.

    Args:
        engine: Whose.
        job: ``snapshot`` or ``prune``.
        dataset: The one that has the schedule.
        folder: Of the notes.
        now: Seconds since 1970.

    Raises:
        NotFound: There is no such dataset.
    """
    own = engine.dataset(dataset)
    text = own.local(SCHEDULE_PROPERTY)
    if text in (None, NONE):
        return True
    try:
        cadence = parse_cadence(text or "")
        stored = stored_policies(engine, [own], allow_zero=True).get(dataset)
        tz = None if stored is None else zone(stored.policy)
    except PolicyError:
        return True  # the run itself says what is wrong with it
    if cadence is None:
        return True
    when = cadence if job == "snapshot" else cadence.pruning
    return _is_due(last_run(folder, job, own.guid), when, tz, now, _EARLY_SECONDS)


def due_runs(
    engine: Engine, folder: str, now: int
) -> tuple[list[tuple[str, str]], list[ZfstuneError], bool]:
    """Give the runs that are due: job and dataset, snapshots first.

    A run that was due while nothing ran is due now, once, as with Persistent= of
    systemd's timers; and so is one that never ran.

    Returns:
        The runs; what is wrong with schedules that cannot be followed; and whether
        anything has a schedule at all.
    """
    found = []
    faults: list[ZfstuneError] = []
    schedules = scheduled(engine, faults=faults)
    for each in schedules:
        try:
            tz = each.zone()
        except PolicyError as error:
            faults.append(error)
            continue
        jobs = [("snapshot", each.cadence)]
        if each.prunes:
            jobs.append(("prune", each.cadence.pruning))
        found += [
            (job, each.dataset)
            for job, cadence in jobs
            if _is_due(last_run(folder, job, each.guid), cadence, tz, now)
        ]
    due = sorted(found, key=lambda run: (run[0] == "prune", run[1]))
    return due, faults, bool(schedules or faults)


def _is_due(
    last: LastRun | None, cadence: Cadence, tz: tzinfo | None, now: int, early: int = 0
) -> bool:
    from datetime import UTC  # noqa: PLC0415 (as in policies.zone)

    # one that was begun after now tells of a clock that was wrong, not of a run
    if last is None or last.began > now:
        return True
    return last.began + early < last_due(cadence, tz or UTC, now + early)


def _snapshot(engine: Engine, dataset: str) -> tuple[str, int, int, int]:
    from zfstune.snapshots.take import snapshot  # noqa: PLC0415 (one job needs one)

    below = {each.name: each for each in engine.datasets(dataset)}
    try:
        return "", len(snapshot(*members(dataset, below), engine=engine)), 0, 0
    except BatchError as error:
        # one of them was destroyed since it was listed: the others still count
        if not all(isinstance(one, NotFound) for one in error.failures):
            raise
    below = {each.name: each for each in engine.datasets(dataset)}
    return "", len(snapshot(*members(dataset, below), engine=engine)), 0, 0


def _prune(engine: Engine, dataset: str) -> tuple[str, int, int, int]:
    from zfstune.retention.prune import SAME_WITH_N, prune  # noqa: PLC0415 (as above)

    try:
        pruned = prune(dataset, recursive=True, engine=engine)
    except PlanError as error:  # of a timer there is no command to type again
        shows = f"`zfstune prune -n -r {for_shell(dataset)}` shows the plan"
        hint = error.hint.replace(SAME_WITH_N, shows)
        raise PlanError(error.message, hint=hint) from error
    return _failures(pruned), 0, len(pruned.destroyed), len(pruned.spared)


def _failures(pruned: Pruned) -> str:
    """Say which datasets failed while the others were pruned; empty: none did."""
    return "\n".join(
        f"left '{name}' as it is: {error.message}" for name, error in pruned.failed.items()
    )
