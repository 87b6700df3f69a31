"""List the checkpoints of a pool, and destroy one with the clones that hang on it."""

from __future__ import annotations

from zfstune.engine.open import using
from zfstune.snapshots.checkpoint import (
    find_checkpoint,
    pool_of_all,
    ready_pool_of_all,
)
from zfstune.snapshots.destroy_datasets import destroy_datasets, step_counter
from zfstune.snapshots.drop_plan import Checkpoint, make_drop
from zfstune.snapshots.lost_bases import lost_by_destroying
from zfstune.snapshots.rewind_plan import (
    ESCAPES,
    clones_of,
    datasets_of,
    is_copy,
    is_escape,
    snapshot_name,
)
from zfstune.values.marks import CHECKPOINT_PROPERTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zfstune.engine.protocol import Engine
    from zfstune.snapshots.drop_plan import DropPlan
    from zfstune.values.state import Dataset, Snapshot

__all__ = ["drop_checkpoint", "list_checkpoints"]


def list_checkpoints(
    *, pool: str | None = None, engine: Engine | None = None
) -> tuple[Checkpoint, ...]:
    """List the checkpoints of a pool, the oldest first.

    Args:
        pool: Default: see :func:`zfstune.engine.pools.choose_pool`.
        engine: Default: the running kernel's ZFS.
    """
    prefix = snapshot_name("")
    by_name: dict[str, list[Snapshot]] = {}
    with using(engine) as zfs:
        where = pool_of_all(zfs, (), pool)
        listed = [
            snapshot.name
            for dataset in zfs.datasets(where)
            if not is_copy(dataset.name)
            for snapshot in zfs.snapshots(dataset.name)
            if snapshot.short_name.startswith(prefix)
        ]
        for snapshot in zfs.find_snapshots(listed, properties=True).values():
            if snapshot.local(CHECKPOINT_PROPERTY) is not None and not is_escape(snapshot):
                name = snapshot.short_name.removeprefix(prefix)
                by_name.setdefault(name, []).append(snapshot)
    made = sorted(by_name.items(), key=lambda item: max(s.createtxg for s in item[1]))
    return tuple(_summary(name, snapshots) for name, snapshots in made)


def _summary(name: str, snapshots: list[Snapshot]) -> Checkpoint:
    times = [s.creation for s in snapshots if s.creation is not None]
    return Checkpoint(
        name=name,
        taken=max(times, default=None),
        datasets=tuple(s.dataset for s in snapshots),
        size=datasets_of(snapshots),
        copies=tuple(c for s in snapshots for c in clones_of(s) if is_copy(c)),
    )


def drop_checkpoint(
    name: str,
    *datasets: str,
    lose: Iterable[str] = (),
    pool: str | None = None,
    dry_run: bool = False,
    engine: Engine | None = None,
    show: Callable[[DropPlan], None] | None = None,
    passed: Callable[[int, int], object] = lambda *_: None,
) -> DropPlan:
    """Destroy a checkpoint's snapshots and, with consent, the clones that hang on them.

    A run that ends midway is completed by the next: the snapshots go last, all at once.
    Arguments and errors are those of :func:`zfstune.rollback`, but for `lose`: it
    consents to losing ``copies`` that rollbacks kept aside, ``clones`` that somebody else
    made of the checkpoint, and the ``bases`` of streams between datasets. `passed` is told
    meanwhile how many datasets and snapshots are gone, and of how many.
    """
    with using(engine) as zfs:
        where = ready_pool_of_all(zfs, datasets, pool, operation="drop a checkpoint in")
        plan = _plan(zfs, name, where, datasets)
        if show is not None:
            show(plan)
        if not dry_run:
            plan.check(lose)
            _drop(zfs, plan, passed)
        return plan


def _plan(engine: Engine, name: str, pool: str, datasets: tuple[str, ...]) -> DropPlan:
    snapshots = find_checkpoint(engine, name, pool, datasets)
    there = {dataset.name: dataset for dataset in engine.datasets(pool)}
    looked_at = {clone for snapshot in snapshots for clone in clones_of(snapshot)}
    looked_at.update(ds for ds in there if is_copy(ds) or ds == f"{pool}/{ESCAPES}")
    return make_drop(
        name,
        snapshots,
        datasets=there,
        own={ds: engine.snapshots(ds, properties=True) for ds in looked_at},
        mounted={ds: mount.path for ds, mount in engine.mounts().items()},
        bases=[base for s in snapshots for base in _bases(engine, there[s.dataset], s)],
    )


def _bases(engine: Engine, dataset: Dataset, snapshot: Snapshot) -> tuple[str, ...]:
    """Name those whose next stream may lose its base with a snapshot."""
    bookmarks = engine.bookmarks(dataset.name).values()
    listed = engine.snapshots(dataset.name)
    return lost_by_destroying(dataset, listed, bookmarks, [snapshot.name])


def _drop(engine: Engine, plan: DropPlan, passed: Callable[[int, int], object]) -> None:
    own = {clone.name: clone.snapshots for clone in (*plan.copies, *plan.clones)}
    going = {name: own.get(name, ()) for name in plan.ordered}
    total = sum(map(len, going.values())) + len(going) + len(plan.snapshots)
    gone = step_counter(total, passed)
    destroy_datasets(engine, going, gone=gone)
    engine.destroy_snapshots(plan.snapshots)
    gone(len(plan.snapshots))
