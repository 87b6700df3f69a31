"""Checkpoint datasets and bring them back: the loop of who tests what changes a machine.

A checkpoint is one snapshot of each dataset, all in one transaction. A rollback loses
what was written since, so it first takes an escape: a snapshot of everything, sent
into clones of the checkpoint below ``POOL/zfstune-escape``. As ZFS rolls back to the
newest snapshot alone, no snapshot in the dataset itself could outlive it.
"""

from __future__ import annotations

from zfstune.engine.open import using
from zfstune.engine.pools import choose_pool, ready_pool
from zfstune.host.processes import running_files
from zfstune.snapshots.keep_aside import keep_aside
from zfstune.snapshots.rewind_plan import (
    ESCAPES,
    RewindPlan,
    datasets_of,
    is_escape,
    make_rewind,
    snapshot_name,
)
from zfstune.values import names
from zfstune.values.errors import InvalidName, InvalidValue, NotFound, PlanError
from zfstune.values.frozen import frozen
from zfstune.values.marks import CHECKPOINT_PROPERTY, is_managed
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.snapshots.rewind_plan import Rewind
    from zfstune.values.state import Dataset, Mount, RunningFile, Snapshot

__all__ = [
    "Rewound",
    "checkpoint",
    "destroy_datasets",
    "find_checkpoint",
    "pool_of_all",
    "ready_pool_of_all",
    "rollback",
]


@frozen
class Rewound:
    """What became of a rollback.

    Attributes:
        plan: The plan.
        done: Datasets brought back, in that order; none in a dry run.
        escape: Where what was lost can be found; empty where nothing was kept.
        unchanged: Datasets that were as the checkpoint had them, and so lost nothing;
            looked at only where losses are to be kept.
    """

    plan: RewindPlan
    done: tuple[str, ...] = ()
    escape: str = ""
    unchanged: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Give the plan as JSON takes it, and what was done of it."""
        return {
            **self.plan.to_dict(),
            "done": list(self.done),
            "escaped_to": self.escape or None,
            "unchanged": list(self.unchanged),
        }


def checkpoint(
    name: str,
    *datasets: str,
    pool: str | None = None,
    dry_run: bool = False,
    engine: Engine | None = None,
) -> tuple[str, ...]:
    """Take a checkpoint: one snapshot of each dataset, all at one instant, or none.

    Args:
        name: Of the checkpoint; the snapshots are called ``checkpoint-NAME``.
        datasets: These and all below, of one pool. Default: all of the pool that
            zfstune manages, and the one that is mounted at ``/`` with all below it,
            where the pool has it: the boot environment.
        pool: Where `datasets` is empty: see :func:`zfstune.engine.pools.choose_pool`.
        dry_run: Give the names and take nothing.
        engine: Default: the running kernel's ZFS.

    Returns:
        Full names of the snapshots.

    Raises:
        InvalidValue: Datasets of several pools: no instant spans two.
        PlanError: There is nothing to take a checkpoint of.
        BatchError: A checkpoint of that name is there already; nothing was taken.
    """
    short = snapshot_name(checked_name(name))
    with using(engine) as zfs:
        where = ready_pool_of_all(zfs, datasets, pool, operation="take a checkpoint in")
        targets = _targets(zfs, where, datasets, _system(zfs.mounts()))
        if not targets:
            raise PlanError(
                f"cannot take a checkpoint in '{where}': zfstune manages no dataset of it",
                hint="name datasets, as in zfstune checkpoint NAME tank/data",
            )
        taken = tuple(f"{dataset}@{short}" for dataset in targets)
        if not dry_run:
            mark = {CHECKPOINT_PROPERTY: str(len(taken))}
            zfs.take_snapshots(taken, properties=mark)
        return taken


def rollback(
    name: str,
    *datasets: str,
    lose: Iterable[str] = (),
    escape: bool = True,
    pool: str | None = None,
    dry_run: bool = False,
    engine: Engine | None = None,
    show: Callable[[RewindPlan], None] | None = None,
) -> Rewound:
    """Bring datasets back to a checkpoint.

    Mounted and busy filesystems are rolled back where they are, as ``zfs rollback``
    does it: the kernel holds access back meanwhile, and a file that is open and was
    made since is gone. Properties are no part of a snapshot and stay.

    Args:
        name: Of the checkpoint.
        datasets: These and all below; default: all that the checkpoint has.
        lose: What may be lost beyond what was written since: ``snapshots`` (and
            bookmarks) that are newer, ``clones`` that hang on those, the ``script``
            that runs this.
        escape: Keep what is lost below ``POOL/zfstune-escape`` first.
        pool: Where `datasets` is empty: see :func:`zfstune.engine.pools.choose_pool`.
        dry_run: Stop once the plan is made.
        engine: Default: the running kernel's ZFS.
        show: Called with the plan before anything changes.

    Raises:
        NotFound: There is no such checkpoint.
        PlanError: Something would be lost that `lose` does not name, or is held.
        EngineError: ZFS refused; run it again to go on.
    """
    with using(engine) as zfs:
        where = ready_pool_of_all(zfs, datasets, pool, operation="roll back in")
        plan = _plan(zfs, name, where, datasets, escape=escape)
        if show is not None:
            show(plan)
        if dry_run:
            return Rewound(plan)
        plan.check(lose)
        kept, unchanged = keep_aside(zfs, plan) if escape else ("", ())
        done = tuple(_rewind(zfs, plan))
        return Rewound(plan, done, kept, unchanged)


def checked_name(name: str) -> str:
    """Give the name of a checkpoint, once it is known to be one.

    Raises:
        InvalidName: ZFS would not have it behind the ``@``.
    """
    try:
        return names.check_component(name)
    except InvalidName as error:
        reason = error.message.rpartition(" as part of a name: ")[2]
        raise InvalidName(
            f"cannot call a checkpoint '{shown(name)}': {reason}",
            hint="it is neither a dataset nor a snapshot; `zfstune checkpoint list` shows "
            "the names that there are",
        ) from None


def pool_of_all(engine: Engine, datasets: Iterable[str], pool: str | None) -> str:
    """Give the one pool that datasets are of; where there are none, choose it.

    Raises:
        InvalidValue: They are of several pools.
    """
    pools = {names.pool_of(names.check_dataset(dataset)) for dataset in datasets}
    if len(pools) > 1:
        raise InvalidValue(
            "cannot take datasets of several pools together",
            hint="no instant spans two pools: name those of one",
        )
    return pools.pop() if pools else choose_pool(engine, pool)


def ready_pool_of_all(
    engine: Engine, datasets: Iterable[str], pool: str | None, *, operation: str
) -> str:
    """Give the one pool that datasets are of, before something is changed in it.

    Args:
        engine: Where they are.
        datasets: As in :func:`pool_of_all`.
        pool: As in :func:`pool_of_all`.
        operation: What is to be done, as in ``roll back in``; for the error.

    Raises:
        InvalidValue: They are of several pools.
        NotFound: No such pool is imported.
        PoolSuspended: It lost its devices.
    """
    where = pool_of_all(engine, datasets, pool)
    ready_pool(engine, where, operation=f"{operation} pool")
    return where


def destroy_datasets(engine: Engine, snapshots: Mapping[str, Iterable[str]]) -> None:
    """Destroy datasets, each with its own snapshots.

    All of them are unmounted before the first goes: one that is busy fails before
    anything is lost.

    Args:
        engine: Where they are.
        snapshots: Full names of the snapshots by dataset, in the order to destroy in.
    """
    mounted = engine.mounts()
    for name in snapshots:
        if name in mounted:
            engine.unmount(name)
    for name, own in snapshots.items():
        engine.destroy_snapshots(own)
        engine.destroy(name)


def _below(engine: Engine, pool: str, datasets: Iterable[str]) -> dict[str, Dataset]:
    """Give datasets and all below them, without what rollbacks copied aside."""
    found = {}
    for root in datasets:
        for dataset in engine.datasets(root):
            if f"{dataset.name}/".startswith(f"{pool}/{ESCAPES}/"):
                continue
            found[dataset.name] = dataset
    return found


def _targets(
    engine: Engine, pool: str, datasets: tuple[str, ...], system: str
) -> dict[str, Dataset]:
    """Give what a checkpoint is of; `system`: the dataset that is mounted at /."""
    if datasets:
        return _below(engine, pool, datasets)
    return {
        name: dataset
        for name, dataset in _below(engine, pool, [pool]).items()
        if is_managed(dataset) or (system and f"{name}/".startswith(f"{system}/"))
    }


def _system(mounts: Mapping[str, Mount]) -> str:
    """Give the dataset that is mounted at /, which this system runs from; or nothing."""
    return next((name for name, mount in mounts.items() if mount.path == "/"), "")


def find_checkpoint(
    engine: Engine, name: str, pool: str, datasets: tuple[str, ...]
) -> list[Snapshot]:
    """Find the snapshots of a checkpoint, those of parents first.

    Raises:
        NotFound: There are none that zfstune took.
    """
    short = snapshot_name(checked_name(name))
    below = _below(engine, pool, datasets or [pool])
    found = engine.find_snapshots([f"{each}@{short}" for each in below], properties=True)
    made = [s for s in found.values() if s.local(CHECKPOINT_PROPERTY) is not None]
    if not made:
        where = datasets[0] if datasets else pool
        bare_name = name.removeprefix(snapshot_name(""))
        hint = f"did you mean '{bare_name}'? " if bare_name != name else ""
        raise NotFound(
            operation="find checkpoint",
            target=name,
            reason=f"no snapshot '{short}' of zfstune's is in '{where}' or below",
            hint=f"{hint}`zfstune checkpoint list` shows what there is",
        )
    return made


def _plan(
    engine: Engine, name: str, pool: str, datasets: tuple[str, ...], *, escape: bool
) -> RewindPlan:
    found = find_checkpoint(engine, name, pool, datasets)
    parents = {names.parent_of(each.name) or "" for each in engine.datasets(pool)}
    mounts = engine.mounts()
    system = _system(mounts)
    rewinds = []
    cautions = []
    for snapshot in found:
        dataset = snapshot.dataset
        own = engine.snapshots(dataset, properties=True)
        newer = [s for s in own if s.createtxg > snapshot.createtxg]
        below = {
            clone: engine.snapshots(clone, properties=True)
            for each in newer
            for clone in (each.value("clones") or "").split(",")
            if clone
        }
        if system in below:
            raise PlanError(
                f"cannot roll back '{dataset}': this system runs from '{system}', a clone "
                "of a newer snapshot",
                hint="boot another environment first, or promote that one",
            )
        path = mounts[dataset].path if dataset in mounts else ""
        marks = {m.name: m.createtxg for m in engine.bookmarks(dataset).values()}
        rewinds.append(
            make_rewind(
                snapshot, own, bookmarks=marks, parents=parents, below=below, path=path
            )
        )
        if path == "/":
            cautions.append(
                f"'{dataset}' is mounted at /: reboot at once, for programs that run have "
                "files open that will not be there any more"
            )
    begun = min(snapshot.createtxg for snapshot in found)
    cautions.extend(
        f"'{name}' was made since the checkpoint: it stays, with all that is in it"
        for name, dataset in _targets(engine, pool, datasets, system).items()
        if dataset.createtxg > begun
    )
    had = datasets_of(found)
    if not datasets and had > len(found):
        cautions.append(
            f"the checkpoint was of {had} datasets, and {had - len(found)} of them have "
            "lost it or are gone: they stay as they are"
        )
    return RewindPlan(
        checkpoint=name,
        rewinds=tuple(rewinds),
        running=_running(rewinds, found),
        escape=f"{pool}/{ESCAPES}" if escape else "",
        cautions=tuple(cautions),
    )


def _running(
    rewinds: Iterable[Rewind], found: Iterable[Snapshot]
) -> tuple[RunningFile, ...]:
    times = {s.name: s.creation or 0 for s in found}
    return running_files(
        {one.dataset: (one.path, times[one.snapshot]) for one in rewinds if one.path}
    )


def _rewind(engine: Engine, plan: RewindPlan) -> Iterable[str]:
    clones = [clone for one in plan.rewinds for clone in one.clones]
    destroy_datasets(engine, {clone.name: clone.snapshots for clone in clones})
    engine.destroy_snapshots(_newer(engine, plan))
    engine.destroy_bookmarks([mark for one in plan.rewinds for mark in one.bookmarks])
    for one in plan.rewinds:
        engine.rollback(one.snapshot)
        # where the kernel could not take up access again it unmounts by force
        if one.path and one.path != "/" and one.dataset not in engine.mounts():
            engine.mount(one.dataset)
        yield one.dataset


def _newer(engine: Engine, plan: RewindPlan) -> list[str]:
    """Give the snapshots that stand in the way, those of escapes too.

    Raises:
        PlanError: One was taken since the plan was made.
    """
    found: list[str] = []
    for one in plan.rewinds:
        listed = engine.snapshots(one.dataset, properties=True)
        at = [snapshot.name for snapshot in listed].index(one.snapshot)
        for snapshot in listed[at + 1 :]:
            if snapshot.name not in one.newer and not is_escape(snapshot):
                raise PlanError(
                    f"cannot roll back '{one.dataset}': '{snapshot.name}' was taken since "
                    "this was planned",
                    hint="run it again",
                )
            found.append(snapshot.name)
    return found
