"""Destroy datasets and snapshots, once all that goes with them was named."""

from __future__ import annotations

from zfstune.datasets.destroy_plan import SeenPool, make_destroy, victims_of
from zfstune.engine.open import using
from zfstune.engine.pools import ready_pool
from zfstune.snapshots.destroy_datasets import (
    destroy_datasets,
    destroy_planned,
    step_counter,
)
from zfstune.snapshots.look_up import look_up
from zfstune.snapshots.rewind_plan import clones_of
from zfstune.values.errors import InvalidValue, PlanError
from zfstune.values.names import check_dataset, pool_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zfstune.datasets.destroy_plan import DestroyPlan
    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Dataset, Snapshot

__all__ = ["destroy_named"]


def destroy_named(
    *names: str,
    recursive: bool = False,
    lose: Iterable[str] = (),
    dry_run: bool = False,
    engine: Engine | None = None,
    show: Callable[[DestroyPlan], object] | None = None,
    passed: Callable[[int, int], object] = lambda *_: None,
) -> DestroyPlan:
    """Destroy datasets, each with all below it, and snapshots.

    All filesystems are unmounted before anything is destroyed, so that one that is in
    use stops it all; those that were unmounted are mounted again then. A run that ends
    midway is completed by the next.

    Args:
        names: Full names of datasets and snapshots, all of one pool.
        recursive: For snapshots: those of the same name on the datasets below, too.
        lose: Consent, by words: ``datasets``, ``snapshots``, ``clones`` (which hang on
            these snapshots, and lie elsewhere), and ``bases`` of replication.
        dry_run: Return the plan and destroy nothing.
        engine: Default: the running kernel's ZFS.
        show: Called with the plan before anything changes.
        passed: Told meanwhile how many datasets and snapshots are gone, and of how many.

    Raises:
        InvalidValue: They are of several pools, or none is named.
        NotFound: One of them does not exist.
        PlanError: A loss lacks consent; a snapshot is held; this system runs from one of
            the datasets; or something was made since the plan.
        EngineError: ZFS refused, as where a filesystem is in use.
    """
    pools = {pool_of(name) for name in names}
    if len(pools) != 1:
        raise InvalidValue(
            "cannot destroy datasets of several pools together"
            if pools
            else "cannot destroy nothing: no dataset is named",
            hint="name those of one pool after the other"
            if pools
            else "name a dataset or a snapshot; `zfstune list -t all` shows them",
        )
    with using(engine) as zfs:
        [pool] = pools
        ready_pool(zfs, pool, operation="destroy in pool")
        plan, snapshots = _plan(zfs, tuple(dict.fromkeys(names)), recursive=recursive)
        if show is not None:
            show(plan)
        if not dry_run:
            plan.check(lose)
            _carry_out(zfs, plan, snapshots, passed)
        return plan


def _plan(
    engine: Engine, names: tuple[str, ...], *, recursive: bool
) -> tuple[DestroyPlan, dict[str, Snapshot]]:
    """Make the plan, and return the snapshots in it as they were then."""
    datasets = {dataset.name: dataset for dataset in engine.datasets(pool_of(names[0]))}
    single: dict[str, Snapshot] = {}
    for name in names:
        if "@" in name:
            single[name] = look_up(engine, name, operation="destroy")
            if recursive:
                dataset, _, short = name.partition("@")
                below = (f"{n}@{short}" for n in victims_of([dataset], datasets))
                single |= engine.find_snapshots(sorted(below), properties=True)
        elif check_dataset(name) not in datasets:
            engine.dataset(name)  # it raises the error for a dataset that is not there
    roots = [name for name in names if "@" not in name]
    inside = victims_of(roots, datasets)
    seen = _look(engine, datasets, inside, single.values())
    plan = make_destroy(names, tuple(single.values()), seen)
    read = (s for listed in seen.snapshots.values() for s in listed)
    return plan, {**single, **{snapshot.name: snapshot for snapshot in read}}


def _look(
    engine: Engine,
    datasets: dict[str, Dataset],
    inside: set[str],
    single: Iterable[Snapshot],
) -> SeenPool:
    """Read the snapshots of all that may go: what was named, and what hangs on it."""
    snapshots: dict[str, list[Snapshot]] = {}
    left = {*inside, *(snapshot.dataset for snapshot in single)}
    left.update(victims_of([c for s in single for c in clones_of(s)], datasets))
    while left:
        name = left.pop()
        snapshots[name] = engine.snapshots(name, properties=True)
        clones = [c for snapshot in snapshots[name] for c in clones_of(snapshot)]
        left.update(victims_of(clones, datasets) - snapshots.keys())
    return SeenPool(
        datasets=datasets,
        snapshots=snapshots,
        bookmarks={name: engine.bookmarks(name).values() for name in snapshots},
        paths={name: mount.path for name, mount in engine.mounts().items()},
    )


def _carry_out(
    engine: Engine,
    plan: DestroyPlan,
    planned: dict[str, Snapshot],
    passed: Callable[[int, int], object],
) -> None:
    _check_again(engine, plan, planned)
    guids = {name: snapshot.guid for name, snapshot in planned.items()}
    own = {victim.name: victim.snapshots for victim in plan.victims}
    gone = step_counter(
        sum(map(len, own.values())) + len(own) + len(plan.snapshots), passed
    )
    destroy_datasets(engine, own, guids, gone=gone)
    destroy_planned(engine, plan.snapshots, guids, gone=gone)


def _check_again(engine: Engine, plan: DestroyPlan, planned: dict[str, Snapshot]) -> None:
    """Refuse a plan that is not the whole truth any more.

    Raises:
        PlanError: A snapshot or a dataset was made since it was shown.
    """
    going = {victim.name for victim in plan.victims}
    found = [s for name in going for s in engine.snapshots(name)]
    found += engine.find_snapshots(plan.snapshots).values()
    roots = [name for name in plan.named if "@" not in name]
    there = {dataset.name for root in roots for dataset in engine.datasets(root)}
    newer = [s.name for s in found if s.name not in planned] + sorted(there - going)
    newer += [s.name for s in found if s.name in planned and planned[s.name].guid != s.guid]
    if newer:
        raise PlanError(
            f"cannot destroy '{plan.named[0]}': '{newer[0]}' was made after that was "
            "planned",
            hint="run the command again",
        )
