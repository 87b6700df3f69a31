"""Runs of schedules: find out which are due, carry one out and note its outcome."""

from __future__ import annotations

from datetime import UTC

from zfstune.retention.prune import SAME_WITH_N, prune
from zfstune.retention.store import stored_policies, zone
from zfstune.schedules.cadence import NO_SCHEDULE, parse_cadence
from zfstune.schedules.instants import last_due
from zfstune.schedules.last_run import LastRun
from zfstune.schedules.note import last_run, locked, note
from zfstune.schedules.replicate_to import stored_sending, stored_targets
from zfstune.schedules.schedule import apart_from, members, scheduled
from zfstune.schedules.unit_text import JOBS
from zfstune.snapshots.take import snapshot
from zfstune.values import names
from zfstune.values.errors import BatchError, NotFound, PlanError, PolicyError, ZfstuneError
from zfstune.values.marks import SCHEDULE_PROPERTY
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from contextlib import AbstractContextManager
    from datetime import tzinfo
    from typing import TypedDict

    from zfstune.engine.protocol import Engine
    from zfstune.retention.plan import Pruned
    from zfstune.schedules.cadence import Cadence
    from zfstune.schedules.replicate_to import Sending
    from zfstune.values.state import Dataset

    # Engine, dataset, target, the datasets below to leave out and the options, to the
    # number of streams.
    Replicate = Callable[[Engine, str, str, Collection[str], Sending], int]

    class _Outcome(TypedDict, total=False):
        """The part of a :class:`LastRun` that its work says."""

        error: str
        taken: int
        destroyed: int
        spared: int
        sent: int


__all__ = ["due_runs", "is_due", "run_job"]

# A clock that is set back a little as a timer fires makes the run seem too early.
_EARLY_SECONDS = 60


def run_job(
    opened: Callable[[], AbstractContextManager[Engine]],
    job: str,
    dataset: str,
    folder: str,
    now: Callable[[], int],
    *,
    replicate: Replicate,
) -> LastRun | None:
    """Take, replicate or prune the snapshots of one schedule, and note the outcome.

    Args:
        opened: Opens the engine.
        job: ``snapshot``, ``replicate`` or ``prune``.
        dataset: The dataset that has the schedule.
        folder: The folder of the notes.
        now: Returns the seconds since 1970.
        replicate: Brings a target up to a dataset and those below it; returns the number
            of streams.

    Returns:
        The run as it was noted; its ``error`` names the datasets that a prune failed
        on. None: another run of the job is under way, and this one did nothing.

    Raises:
        ZfstuneError: The run failed; that is noted as well.
    """
    names.check_dataset(dataset)
    began = now()
    guid = 0
    try:
        with opened() as engine:
            guid = engine.dataset(dataset).guid
            with locked(folder, job, guid) as is_locked:
                if not is_locked:
                    return None
                if job == "replicate":
                    last = last_run(folder, "snapshot", guid)
                    since = None if last is None else last.began
                    outcome = _replicate(engine, dataset, replicate, since)
                else:
                    outcome = (_snapshot if job == "snapshot" else _prune)(engine, dataset)
                run = LastRun(dataset, job, began, now(), dataset_guid=guid, **outcome)
                note(folder, run)
                return run
    except ZfstuneError as failure:
        note(folder, LastRun(dataset, job, began, now(), str(failure), dataset_guid=guid))
        raise


def is_due(engine: Engine, job: str, dataset: str, folder: str, now: int) -> bool:
    """Tell whether a run is due, and none has begun since it became due.

    A timer that fires at more instants than its cadence has asks this. When in doubt, a
    run is due: a snapshot too many does less harm than one too few.

    Args:
        engine: Reads the dataset.
        job: ``snapshot`` or ``prune``.
        dataset: The dataset that has the schedule.
        folder: The folder of the notes.
        now: Seconds since 1970.

    Raises:
        NotFound: There is no such dataset.
    """
    own = engine.dataset(dataset)
    text = own.local(SCHEDULE_PROPERTY)
    if text in (None, NO_SCHEDULE):
        return True
    try:
        cadence = parse_cadence(text or "")
        stored = stored_policies(engine, [own], allow_zero=True).get(dataset)
        tz = None if stored is None else zone(stored.policy)
    except PolicyError:
        return True  # the run itself reports what is wrong with the schedule
    if cadence is None:
        return True
    last = last_run(folder, job, own.guid)
    return _is_due(last, cadence.when(job), tz, now, _EARLY_SECONDS)


def due_runs(
    engine: Engine, folder: str, now: int
) -> tuple[list[tuple[str, str]], list[ZfstuneError], bool]:
    """List the runs that are due as job and dataset, snapshots first, prunes last.

    A run that became due while nothing ran is due now, once, as with Persistent= of
    systemd's timers. A job that never ran is due as well.

    Returns:
        The runs; the errors of schedules that cannot be followed; and whether any
        dataset has a schedule at all.
    """
    runs = []
    faults: list[ZfstuneError] = []
    schedules = scheduled(engine, faults=faults)
    for schedule in schedules:
        try:
            tz = schedule.zone()
        except PolicyError as error:
            faults.append(error)
            continue
        for job in schedule.jobs:
            last = last_run(folder, job, schedule.guid)
            if _is_due(last, schedule.cadence.when(job), tz, now):
                runs.append((job, schedule.dataset))
    due = sorted(runs, key=lambda run: (JOBS.index(run[0]), run[1]))
    return due, faults, bool(schedules or faults)


def _is_due(
    last: LastRun | None, cadence: Cadence, tz: tzinfo | None, now: int, early: int = 0
) -> bool:
    # A run that began after now was noted by a wrong clock, so the note is not trusted.
    if last is None or last.began > now:
        return True
    return last.began + early < last_due(cadence, tz or UTC, now + early)


def _snapshot(engine: Engine, dataset: str) -> _Outcome:
    try:
        return {"taken": _take(engine, dataset)}
    except BatchError as error:
        # A dataset that was destroyed since it was listed must not stop the others.
        if not all(isinstance(failure, NotFound) for failure in error.failures):
            raise
    return {"taken": _take(engine, dataset)}


def _take(engine: Engine, dataset: str) -> int:
    """Take a snapshot of a dataset and all that its schedule takes along; count them."""
    tree = {each.name: each for each in engine.datasets(dataset)}
    return len(snapshot(*members(dataset, tree), engine=engine))


def _replicate(
    engine: Engine, dataset: str, replicate: Replicate, since: int | None
) -> _Outcome:
    """Bring each target up to a dataset and all that its schedule takes along.

    The two are one tree: what was renamed on one side is renamed on the other, clones
    stay clones, and what is new comes along, from its first snapshot on.
    """
    tree = {each.name: each for each in engine.datasets(dataset)}
    apart = {*apart_from(dataset, tree), *_made_since(since, engine, tree)}
    targets = stored_targets(tree[dataset])
    if not targets:
        raise PlanError(
            f"cannot replicate '{dataset}': no target is stored on it",
            hint=f"zfstune schedule install {for_shell(dataset)} --replicate TARGET",
        )
    sending = stored_sending(tree[dataset])
    failures: list[ZfstuneError] = []
    sent, some = 0, False
    for target in targets:
        try:
            sent += replicate(engine, dataset, target, sorted(apart), sending)
            some = True
        except BatchError as error:  # of datasets; the others have arrived
            sent += len(error.done)
            some = some or len(error.failures) < len(members(dataset, tree))
            failures += error.failures
        except ZfstuneError as error:
            failures.append(error)
    if failures and not some:
        raise PlanError("\n".join(e.message for e in failures), hint=failures[0].hint)
    return {"error": "\n".join(error.message for error in failures), "sent": sent}


def _made_since(
    when: int | None, engine: Engine, tree: Mapping[str, Dataset]
) -> Iterator[str]:
    """Yield the datasets below the first one that are too new to have a snapshot."""
    for name in tuple(tree)[1:]:
        made = tree[name].value("creation") or ""
        new = when is not None and made.isdigit() and int(made) >= when
        if new and not engine.snapshots(name):  # its clock may have been wrong
            yield name


def _prune(engine: Engine, dataset: str) -> _Outcome:
    try:
        pruned = prune(dataset, recursive=True, engine=engine)
    except PlanError as error:  # nobody typed this command, so the hint names it in full
        shows = f"`zfstune prune -n -r {for_shell(dataset)}` shows the plan"
        hint = error.hint.replace(SAME_WITH_N, shows)
        raise PlanError(error.message, hint=hint) from error
    return {
        "error": _failures(pruned),
        "destroyed": len(pruned.destroyed),
        "spared": len(pruned.spared),
    }


def _failures(pruned: Pruned) -> str:
    """List the datasets that failed while the others were pruned; empty: none did."""
    return "\n".join(
        f"left '{name}' as it is: {error.message}" for name, error in pruned.failed.items()
    )
