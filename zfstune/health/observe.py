"""Look at what schedules should have brought about: for checks and for metrics."""

from __future__ import annotations

from zfstune.health.observation import Observation, Observed, ObservedPool
from zfstune.schedules.note import reported_run
from zfstune.schedules.schedule import scheduled
from zfstune.schedules.unit_text import JOBS
from zfstune.values.errors import Damaged
from zfstune.values.frozen import replace
from zfstune.values.marks import SNAPSHOT_PROPERTY, is_auto_name
from zfstune.values.names import check_dataset, pool_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.engine.protocol import Engine
    from zfstune.schedules.schedule import Scheduled
    from zfstune.values.errors import ZfstuneError
    from zfstune.values.state import Snapshot


__all__ = ["observe"]


def observe(engine: Engine, datasets: Iterable[str], folder: str) -> Observation:
    """Look at datasets, their pools, and the notes of their runs.

    A pool that was suspended is not asked for more than that: it might not answer.

    Args:
        engine: Whose.
        datasets: Full names; default: all that have a schedule, and those taken along.
        folder: Of the notes.

    Raises:
        NotFound: A dataset that is named does not exist.
    """
    wanted = tuple(dict.fromkeys(check_dataset(name) for name in datasets))
    named = dict.fromkeys(pool_of(name) for name in wanted) or engine.pools()
    pools = tuple(_pool(engine, name) for name in named)
    found: dict[str, Observed] = {}
    roots: dict[str, int] = {}
    faults: list[ZfstuneError] = []
    damaged: dict[str, str] = {}
    for pool in pools:
        if pool.suspended:
            continue
        due: dict[str, int] = {}
        for each in _scheduled(engine, pool.pool, faults, damaged):
            due.update(dict.fromkeys(each.members, each.cadence.seconds))
            if not wanted or set(each.members) & set(wanted):
                roots[each.dataset] = each.guid
        ours = [name for name in wanted if pool_of(name) == pool.pool] or (
            [] if wanted else list(due)
        )
        for name in ours:
            try:
                found[name] = _observed(engine, name, due.get(name))
            except Damaged as error:
                damaged[name] = error.reason
    runs = tuple(
        replace(run, dataset=name)  # it may have been renamed since
        for name, guid in sorted(roots.items())
        for job in JOBS
        if (run := reported_run(folder, job, name, guid)) is not None
    )
    unread = [(n, why) for n, why in sorted(damaged.items()) if not wanted or n in wanted]
    return Observation(tuple(found.values()), pools, runs, tuple(faults), tuple(unread))


def _scheduled(
    engine: Engine, pool: str, faults: list[ZfstuneError], damaged: dict[str, str]
) -> list[Scheduled]:
    """Give what has a schedule; note schedules and datasets that cannot be read."""
    found_faults: list[ZfstuneError] = []
    found = scheduled(engine, [pool], faults=found_faults)
    for fault in found_faults:
        if isinstance(fault, Damaged):
            damaged[fault.target] = fault.reason
        else:
            faults.append(fault)
    return found


def _pool(engine: Engine, name: str) -> ObservedPool:
    info = engine.pool(name)
    return ObservedPool(name, info.size_bytes, info.free_bytes, info.suspended)


def _observed(engine: Engine, name: str, interval: int | None) -> Observed:
    dataset = engine.dataset(name)
    listing = engine.snapshots(name)
    ours = [each for each in listing if is_auto_name(each.short_name)]
    return Observed(
        name,
        interval,
        created=int(dataset.value("creation") or 0),
        newest=_newest(engine, ours),
        own=len(ours),
        others=len(listing) - len(ours),
        used_bytes=int(dataset.value("usedbysnapshots") or 0),
    )


def _newest(engine: Engine, ours: list[Snapshot]) -> int | None:
    """Give when the newest was taken that is marked as zfstune's, here.

    A name proves nothing, and one that was received was taken elsewhere; the mark is
    read of as few as it takes.
    """
    for each in reversed(ours):
        found = engine.find_snapshots([each.name], properties=True).get(each.name)
        if found is not None and found.local(SNAPSHOT_PROPERTY) is not None:
            return found.creation
    return None
