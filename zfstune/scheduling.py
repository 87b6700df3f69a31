"""Scheduled snapshots: which datasets have a schedule, and one run of it.

A dataset has a schedule where :data:`zfstune.cadence.SCHEDULE_PROPERTY` is set on
itself; those below it are taken along at the same instant, unless they say something
of their own. One that came with a received stream counts for nothing.
"""

from __future__ import annotations

from zfstune import names
from zfstune.cadence import NONE, SCHEDULE_PROPERTY, parse_cadence
from zfstune.errors import BatchError, NotFound, PolicyError, ZfstuneError
from zfstune.frozen import frozen
from zfstune.policies import stored_policies, zone
from zfstune.policy import Never
from zfstune.run_record import LastRun
from zfstune.runs import last_run, locked, note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager

    from zfstune.cadence import Cadence
    from zfstune.engine import Engine
    from zfstune.policy import Policy
    from zfstune.state import Dataset

__all__ = [
    "Scheduled",
    "due_runs",
    "members",
    "role_datasets",
    "run_job",
    "scheduled",
    "set_schedule",
    "targets",
]


@frozen
class Scheduled:
    """A dataset that has a schedule.

    Attributes:
        dataset: Its full name.
        cadence: How often.
        members: It and those below that are taken along.
        policy: What stays of its snapshots, None: nobody said.
    """

    dataset: str
    cadence: Cadence
    members: tuple[str, ...]
    policy: Policy | None

    @property
    def tz(self) -> str:
        """Name of the zone that its times are meant in."""
        return "UTC" if self.policy is None else self.policy.tz

    @property
    def prunes(self) -> bool:
        """Whether anything is ever to go."""
        rules = () if self.policy is None else self.policy.rules
        return any(rule != Never() for rule in rules)


def scheduled(
    engine: Engine,
    datasets: Iterable[str] = (),
    *,
    faults: list[PolicyError] | None = None,
) -> list[Scheduled]:
    """Give those that have a schedule, by name.

    Args:
        engine: Whose.
        datasets: These and those below them; default: all of all pools.
        faults: Gets what cannot be read, so that the others still count.

    Raises:
        PolicyError: A schedule or policy cannot be read; the message names whose.
    """
    found: dict[str, Dataset] = {}
    for root in tuple(datasets) or engine.pools():
        found.update({each.name: each for each in engine.datasets(root)})
    ruled = {
        name: each
        for name, each in found.items()
        if each.local(SCHEDULE_PROPERTY) not in (None, NONE)
    }
    schedules = []
    for name, each in sorted(ruled.items()):
        try:
            policy, _ = stored_policies(engine, [each], allow_zero=True).get(
                name, (None, "")
            )
            cadence = _cadence(each)
        except PolicyError as error:
            if faults is None:
                raise
            faults.append(error)
            continue
        schedules.append(Scheduled(name, cadence, members(name, found), policy))
    return schedules


def targets(
    engine: Engine, datasets: Iterable[str], every: str | None, *, needs_policy: bool
) -> list[Scheduled]:
    """Give what is to be scheduled of the datasets named, each as it would be.

    Args:
        engine: Whose.
        datasets: Full names.
        every: How often; None: as is stored on each.
        needs_policy: Refuse those of which nobody said what is to stay.

    Raises:
        PolicyError: One has no schedule, or no policy.
        NotFound: One does not exist.
    """
    given = None if every is None else parse_cadence(every)
    if every is not None and given is None:
        raise PolicyError(
            "cannot schedule 'none': that is no schedule",
            hint="to take one back: zfstune schedule remove DATASET",
        )
    found = []
    for name in dict.fromkeys(datasets):
        try:
            below = {each.name: each for each in engine.datasets(names.check_dataset(name))}
        except NotFound as error:
            error.hint = "make it first: `zfstune apply` with its profile or role"
            raise
        own = below[name]
        if given is None and own.local(SCHEDULE_PROPERTY) in (None, NONE):
            raise PolicyError(
                f"cannot schedule '{name}': nobody said how often",
                hint="say it, as in --every hourly",
            )
        stored = stored_policies(engine, [own]).get(name)
        if stored is None and needs_policy:
            raise PolicyError(
                f"cannot schedule '{name}': its snapshots would pile up",
                hint=f"say what stays: zfstune policy set {name} hourly=48 daily=30; or "
                "let them, with --no-prune",
            )
        policy = None if stored is None else stored[0]
        cadence = given or _cadence(own)
        found.append(Scheduled(name, cadence, members(name, below), policy))
    return found


def role_datasets(
    engine: Engine, roles: Iterable[str], *, pool: str | None, root: str | None
) -> list[str]:
    """Give the datasets of which the profiles of roles say that snapshots be taken.

    Args:
        engine: To choose the pool of, where none is named.
        roles: As in ``web``; ``auto``: that of the host's name.
        pool: Default: see :func:`zfstune.pools.choose_pool`.
        root: Where the profiles' datasets are; default: ``POOL/data``, as for apply.

    Raises:
        ProfileError: There is no such role.
    """
    from zfstune.manifest import host_name  # noqa: PLC0415 (for roles alone)
    from zfstune.pools import choose_pool  # noqa: PLC0415 (as above)
    from zfstune.profile import load  # noqa: PLC0415 (as above)
    from zfstune.roles import AUTO, find_role, role_of_host  # noqa: PLC0415 (as above)

    chosen = [
        role_of_host(host_name()) if role == AUTO else find_role(role) for role in roles
    ]
    base = root or f"{choose_pool(engine, pool)}/data"
    return [
        f"{base}/{dataset.path}"
        for role in chosen
        for profile in role.profiles
        for dataset in load(profile).datasets
        if dataset.snapshots is not None and dataset.snapshots.every != NONE
    ]


def members(root: str, datasets: Mapping[str, Dataset]) -> tuple[str, ...]:
    """Give a dataset and those below it that have no schedule of their own."""
    apart = {
        name
        for name, each in datasets.items()
        if name != root and each.local(SCHEDULE_PROPERTY) is not None
    }
    return tuple(
        name
        for name in datasets
        if (name == root or name.startswith(root + "/"))
        and not any(
            above in apart and above.startswith(root + "/")
            for above in (name, *names.ancestors_of(name))
        )
    )


def set_schedule(engine: Engine, dataset: str, every: str) -> None:
    """Store on a dataset how often; ``none`` leaves it out of those above, too.

    Raises:
        PolicyError: That says nothing.
        EngineError: ZFS refused.
    """
    parse_cadence(every)
    if engine.dataset(dataset).local(SCHEDULE_PROPERTY) != every:
        engine.set(dataset, {SCHEDULE_PROPERTY: every})


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
        What was noted; None: another run of the same is under way, and this one
        leaves it to that.

    Raises:
        ZfstuneError: The run failed as a whole; that is noted as well.
    """
    names.check_dataset(dataset)
    began = now()
    with locked(folder, job, dataset) as ours:
        if not ours:
            return None
        try:
            with opened() as engine:
                work = _snapshot if job == "snapshot" else _prune
                trouble, *counts = work(engine, dataset)
        except ZfstuneError as error:
            note(folder, LastRun(dataset, job, began, now(), error=str(error)))
            raise
        run = LastRun(dataset, job, began, now(), trouble, *counts)
        note(folder, run)
    return run


def due_runs(
    engine: Engine, folder: str, now: int
) -> tuple[list[tuple[str, str]], list[PolicyError]]:
    """Give the runs that are due: job and dataset, snapshots first.

    A run that was due while nothing ran is due now, once, as with Persistent= of
    systemd's timers; and so is one that never ran.

    Returns:
        The runs, and what is wrong with schedules that cannot be followed.
    """
    from datetime import UTC, datetime  # noqa: PLC0415 (a loop's, not a timer's)

    found = []
    faults: list[PolicyError] = []
    for each in scheduled(engine, faults=faults):
        try:
            tz = UTC if each.policy is None else zone(each.policy)
        except PolicyError as error:
            faults.append(error)
            continue
        local = datetime.fromtimestamp(now, UTC).astimezone(tz)
        jobs = [("snapshot", each.cadence)]
        if each.prunes:
            jobs.append(("prune", each.cadence.pruning))
        for job, cadence in jobs:
            last = last_run(folder, job, each.dataset)
            if last is None or last.began < cadence.last(local).timestamp():
                found.append((job, each.dataset))
    return sorted(found, key=lambda run: (run[0] == "prune", run[1])), faults


def _snapshot(engine: Engine, dataset: str) -> tuple[str, int, int, int]:
    from zfstune.snapshotting import snapshot  # noqa: PLC0415 (one job needs one)

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
    from zfstune.pruning import prune  # noqa: PLC0415 (as above)

    pruned = prune(dataset, recursive=True, engine=engine)
    # those that were not pruned make it a run that failed; the others count all the same
    errors = [f"left '{name}' as it is: {e.message}" for name, e in pruned.failed.items()]
    return "\n".join(errors), 0, len(pruned.destroyed), len(pruned.spared)


def _cadence(dataset: Dataset) -> Cadence:
    text = dataset.local(SCHEDULE_PROPERTY) or ""
    try:
        cadence = parse_cadence(text)
    except PolicyError as error:
        raise PolicyError(
            f"cannot follow the schedule of '{dataset.name}': {error.message}",
            hint=error.hint,
        ) from None
    assert cadence is not None  # noqa: S101 (for the type checker: asked only where one is)
    return cadence
