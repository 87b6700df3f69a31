"""Read all that an administrator looks at first."""

from __future__ import annotations

from time import time

from zfstune.engine.open import using
from zfstune.health.growth import added
from zfstune.health.nagios import judge
from zfstune.health.observe import observe
from zfstune.health.read_growth import read_growth
from zfstune.health.status_page import (
    StatusDataset,
    StatusPage,
    StatusPool,
    StatusTarget,
)
from zfstune.health.verify import verify
from zfstune.host.files import state_folder
from zfstune.values.marks import is_managed, profiles_on
from zfstune.values.names import pool_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.health.growth import Growth
    from zfstune.health.nagios import Check
    from zfstune.health.observation import Observation, Observed
    from zfstune.health.verification import Verification
    from zfstune.values.state import Dataset, PoolInfo

__all__ = ["read_status"]

_OK = "ok"
_LATE = "late"


def read_status(*, folder: str | None = None, engine: Engine | None = None) -> StatusPage:
    """Look at pools, managed datasets, their snapshots, and the targets of replication.

    It looks at no files, which :func:`zfstune.verify` does.

    Args:
        folder: The folder with the notes of scheduled runs; default: as for
            ``zfstune schedule``.
        engine: Default: the running kernel's ZFS.

    Raises:
        EngineError: ZFS refused a read.
        ZfsUnavailable: There is no ZFS here.
    """
    with using(engine) as zfs:
        where = state_folder(folder, image=zfs.file or None)
        pools = [zfs.pool(name) for name in zfs.pools()]
        datasets = {
            dataset.name: dataset
            for pool in pools
            if not pool.suspended
            for dataset in zfs.datasets(pool.name)
            if not dataset.damaged
        }
        seen = observe(zfs, (), where)
        known = {each.dataset: each for each in seen.datasets}
        others = [n for n, d in datasets.items() if is_managed(d) and n not in known]
        if others:
            known |= {each.dataset: each for each in observe(zfs, others, where).datasets}
        verified = verify(files=0, engine=zfs)
        growth = read_growth(zfs, datasets.values(), int(time()))
    return _page(pools, datasets, seen, known, verified, growth=growth)


def _page(
    pools: Iterable[PoolInfo],
    datasets: Mapping[str, Dataset],
    seen: Observation,
    known: Mapping[str, Observed],
    verified: Verification,
    *,
    growth: Mapping[str, Growth | None],
) -> StatusPage:
    """Put together what was read.

    Args:
        pools: All pools.
        datasets: The datasets of pools that answer.
        seen: What has a schedule or a target, and the last runs.
        known: Each dataset that is looked after, as it was observed.
        verified: What verify found.
        growth: How fast each dataset grows.
    """
    now = int(time())
    states = {verdict.name: verdict.state for verdict in verified if verdict.pending}
    checked = judge(
        seen.datasets,
        seen.pools,
        seen.runs,
        now,
        faults=[str(fault) for fault in seen.faults],
        damaged=seen.damaged,
        targets=seen.targets,
    )
    for problem in checked.problems:
        states.setdefault(problem.target, _LATE)
    return StatusPage(
        pools=tuple(
            StatusPool(
                pool.name,
                "SUSPENDED" if pool.suspended else pool.health,
                pool.size_bytes,
                pool.free_bytes,
                states.get(pool.name, _OK),
                added(each for name, each in growth.items() if pool_of(name) == pool.name),
            )
            for pool in pools
        ),
        datasets=tuple(
            _dataset(
                datasets[name], known[name], now, states.get(name, _OK), growth.get(name)
            )
            for name in datasets
            if name in known and _is_shown(datasets[name], known[name], states)
        ),
        targets=tuple(
            StatusTarget(t.place, t.dataset, t.lag.snapshots, t.lag.seconds)
            for t in seen.targets
        ),
        findings=tuple(_findings(verified, checked)),
    )


def _is_shown(dataset: Dataset, observed: Observed, states: Mapping[str, str]) -> bool:
    """Tell whether a dataset is more than a holder of others that is as it should be."""
    return (
        bool(profiles_on(dataset))
        or observed.interval_seconds is not None
        or dataset.name in states
    )


def _dataset(
    dataset: Dataset, observed: Observed, now: int, state: str, growth: Growth | None
) -> StatusDataset:
    return StatusDataset(
        name=dataset.name,
        profiles=profiles_on(dataset),
        used_bytes=int(dataset.value("used") or 0),
        age_seconds=None if observed.newest is None else now - observed.newest,
        interval_seconds=observed.interval_seconds,
        state=state,
        growth=growth,
    )


def _findings(verified: Verification, checked: Check) -> Iterator[tuple[str, str]]:
    """Yield what verify found, and what a check of the schedules found beside it."""
    named = set()
    for verdict in verified:
        for finding in verdict.findings:
            if finding.pending:
                named.add(verdict.name)
                yield verdict.name, finding.note
    for problem in checked.problems:
        if problem.target not in named:
            yield problem.target, problem.message
