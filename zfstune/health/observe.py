"""Look at snapshots, pools and scheduled runs, for checks and for metrics."""

from __future__ import annotations

from zfstune.health.observation import Observation, Observed, ObservedPool
from zfstune.health.observe_targets import observe_targets
from zfstune.schedules.note import reported_run
from zfstune.schedules.schedule import scheduled as read_scheduled
from zfstune.schedules.unit_text import JOBS
from zfstune.values.errors import Damaged, NotFound
from zfstune.values.frozen import replace
from zfstune.values.marks import SNAPSHOT_PROPERTY, is_auto_name
from zfstune.values.names import check_dataset, pool_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.health.observation import ObservedTarget
    from zfstune.schedules.schedule import Scheduled
    from zfstune.values.errors import ZfstuneError
    from zfstune.values.state import Dataset, Snapshot

__all__ = ["observe"]


def observe(engine: Engine, datasets: Iterable[str], folder: str) -> Observation:
    """Look at datasets, their pools, and the notes of their runs.

    Of a suspended pool nothing below it is read, since it might not answer.

    Args:
        engine: The engine that has the datasets.
        datasets: Full names; empty: all that have a schedule, and those that a schedule
            takes along.
        folder: The folder with the notes of runs.

    Raises:
        NotFound: A dataset that is named does not exist.
    """
    wanted = tuple(dict.fromkeys(check_dataset(name) for name in datasets))
    pool_names = dict.fromkeys(pool_of(name) for name in wanted) or engine.pools()
    pools = tuple(_pool(engine, name) for name in pool_names)
    observed: dict[str, Observed] = {}
    guids: dict[str, int] = {}
    faults: list[ZfstuneError] = []
    damaged: dict[str, str] = {}
    targets: list[ObservedTarget] = []
    for pool in pools:
        if pool.suspended:
            continue
        intervals: dict[str, int] = {}
        for scheduled in _scheduled(engine, pool.pool, faults, damaged):
            intervals.update(dict.fromkeys(scheduled.members, scheduled.cadence.seconds))
            if not wanted or set(scheduled.members) & set(wanted):
                guids[scheduled.dataset] = scheduled.guid
        in_pool = [name for name in wanted if pool_of(name) == pool.pool]
        for name in in_pool if wanted else intervals:
            seen = _seen(engine, name, intervals.get(name), damaged, named=bool(wanted))
            if seen is not None:
                observed[name] = seen
        listed = (
            [d for name in in_pool for d in engine.datasets(name, recursive=False)]
            if wanted
            else engine.datasets(pool.pool)
        )
        targets += _targets(engine, listed, intervals, damaged)
    runs = tuple(
        replace(run, dataset=name)  # the dataset may have been renamed since
        for name, guid in sorted(guids.items())
        for job in JOBS
        if (run := reported_run(folder, job, name, guid)) is not None
    )
    unread = [(n, why) for n, why in sorted(damaged.items()) if not wanted or n in wanted]
    return Observation(
        tuple(observed.values()),
        pools,
        runs,
        tuple(faults),
        tuple(unread),
        tuple(targets),
    )


def _scheduled(
    engine: Engine, pool: str, faults: list[ZfstuneError], damaged: dict[str, str]
) -> list[Scheduled]:
    """Read the schedules of a pool; collect its errors in `faults` and `damaged`."""
    errors: list[ZfstuneError] = []
    readable = read_scheduled(engine, [pool], faults=errors)
    for error in errors:
        if isinstance(error, Damaged):
            damaged[error.target] = error.reason
        else:
            faults.append(error)
    return readable


def _targets(
    engine: Engine,
    datasets: Iterable[Dataset],
    intervals: Mapping[str, int],
    damaged: dict[str, str],
) -> Iterator[ObservedTarget]:
    """Look at the targets of datasets; collect those that cannot be read in `damaged`."""
    for dataset in datasets:
        if dataset.damaged:
            continue
        try:
            yield from observe_targets(engine, dataset, intervals.get(dataset.name))
        except Damaged as error:
            damaged[dataset.name] = error.reason
        except NotFound:  # it was destroyed after it was listed
            continue


def _seen(
    engine: Engine,
    name: str,
    interval: int | None,
    damaged: dict[str, str],
    *,
    named: bool,
) -> Observed | None:
    """Observe a dataset; None: it cannot be read, or was destroyed after it was listed."""
    try:
        return _observed(engine, name, interval)
    except Damaged as error:
        damaged[name] = error.reason
    except NotFound:
        if named:
            raise
    return None


def _pool(engine: Engine, name: str) -> ObservedPool:
    info = engine.pool(name)
    return ObservedPool(name, info.size_bytes, info.free_bytes, info.suspended)


def _observed(engine: Engine, name: str, interval: int | None) -> Observed:
    dataset = engine.dataset(name)
    listing = engine.snapshots(name)
    own = [snapshot for snapshot in listing if is_auto_name(snapshot.short_name)]
    return Observed(
        name,
        interval,
        created=int(dataset.value("creation") or 0),
        newest=_newest(engine, own),
        own=len(own),
        others=len(listing) - len(own),
        used_bytes=int(dataset.value("usedbysnapshots") or 0),
    )


def _newest(engine: Engine, own: list[Snapshot]) -> int | None:
    """Return the time of the newest snapshot that has zfstune's mark, set here.

    A name proves nothing, and a received snapshot was taken elsewhere. Marks are read
    from the newest snapshot back, until one has the mark.
    """
    for candidate in reversed(own):
        name = candidate.name
        snapshot = engine.find_snapshots([name], properties=True).get(name)
        if snapshot is not None and snapshot.local(SNAPSHOT_PROPERTY) is not None:
            return snapshot.creation
    return None
