"""Take checkpoints and find them again: one snapshot of each dataset, at one instant."""

from __future__ import annotations

from zfstune.engine.open import using
from zfstune.engine.pools import choose_pool, datasets_below, ready_pool
from zfstune.snapshots.rewind_plan import ESCAPES, snapshot_name
from zfstune.values import names
from zfstune.values.errors import InvalidName, InvalidValue, NotFound, PlanError
from zfstune.values.marks import CHECKPOINT_PROPERTY, is_managed
from zfstune.values.text import did_you_mean, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Dataset, Mount, Snapshot


__all__ = [
    "checkpoint",
    "chosen_datasets",
    "find_checkpoint",
    "pool_of_all",
    "ready_pool_of_all",
    "system_dataset",
]


def checkpoint(
    name: str,
    *datasets: str,
    pool: str | None = None,
    dry_run: bool = False,
    engine: Engine | None = None,
    passed: Callable[[int, int], object] = lambda *_: None,
) -> tuple[str, ...]:
    """Take a checkpoint: one snapshot of each dataset, all at one instant, or none.

    Args:
        name: Name of the checkpoint; its snapshots are called ``checkpoint-NAME``.
        datasets: These and all below, of one pool. Default: all of the pool that
            zfstune manages and, where the pool has it, the dataset that is mounted at
            ``/``, the boot environment, with all below it.
        pool: For empty `datasets`; default: see :func:`zfstune.engine.pools.choose_pool`.
        dry_run: Return the names and take nothing.
        engine: Default: the running kernel's ZFS.
        passed: Told how many of the snapshots are there, and of how many: none before
            the one transaction that takes them, and all after it.

    Returns:
        Full names of the snapshots.

    Raises:
        InvalidValue: The datasets are of several pools: no instant spans two.
        PlanError: There is no dataset to take a checkpoint of.
        BatchError: A checkpoint of that name is there already; nothing was taken.
    """
    short = snapshot_name(checked_name(name))
    with using(engine) as zfs:
        where = ready_pool_of_all(zfs, datasets, pool, operation="take a checkpoint in")
        targets = chosen_datasets(zfs, where, datasets, system_dataset(zfs.mounts()))
        if not targets:
            raise PlanError(
                f"cannot take a checkpoint in '{where}': zfstune manages no dataset of it",
                hint="name datasets, as in zfstune checkpoint NAME tank/data",
            )
        taken = tuple(f"{dataset}@{short}" for dataset in targets)
        if not dry_run:
            mark = {CHECKPOINT_PROPERTY: str(len(taken))}
            passed(0, len(taken))
            zfs.take_snapshots(taken, properties=mark)
            passed(len(taken), len(taken))
        return taken


def checked_name(name: str) -> str:
    """Check the name of a checkpoint, and return it.

    Raises:
        InvalidName: ZFS does not take it behind the ``@``.
    """
    try:
        return names.check_component(name)
    except InvalidName as error:
        reason = error.message.rpartition(" as part of a name: ")[2]
        raise InvalidName(
            f"cannot call a checkpoint '{shown(name)}': {reason}",
            hint="give the checkpoint's name alone, without a dataset; `zfstune checkpoint "
            "list` shows the names of checkpoints",
        ) from None


def pool_of_all(engine: Engine, datasets: Iterable[str], pool: str | None) -> str:
    """Return the one pool of all the datasets; without a dataset, choose a pool.

    Raises:
        InvalidValue: They are of several pools.
    """
    pools = {names.pool_of(names.check_dataset(dataset)) for dataset in datasets}
    if len(pools) > 1:
        raise InvalidValue(
            "cannot take datasets of several pools together",
            hint="no instant spans two pools: name datasets of one",
        )
    return pools.pop() if pools else choose_pool(engine, pool)


def ready_pool_of_all(
    engine: Engine, datasets: Iterable[str], pool: str | None, *, operation: str
) -> str:
    """Return the pool of :func:`pool_of_all`, and check that it can be changed.

    Args:
        engine: Where the datasets are.
        datasets: As in :func:`pool_of_all`.
        pool: As in :func:`pool_of_all`.
        operation: Words for the error, as in ``roll back in``.

    Raises:
        InvalidValue: They are of several pools.
        NotFound: No such pool is imported.
        PoolSuspended: It lost its devices.
    """
    where = pool_of_all(engine, datasets, pool)
    ready_pool(engine, where, operation=f"{operation} pool")
    return where


def _below(engine: Engine, pool: str, datasets: Iterable[str]) -> dict[str, Dataset]:
    """Read datasets and all below them, without the copies that rollbacks made."""
    return {
        name: dataset
        for name, dataset in datasets_below(engine, datasets).items()
        if not f"{name}/".startswith(f"{pool}/{ESCAPES}/")
    }


def chosen_datasets(
    engine: Engine, pool: str, datasets: tuple[str, ...], system: str
) -> dict[str, Dataset]:
    """Read the datasets that a checkpoint is taken of, by name.

    Args:
        engine: Where they are.
        pool: Name of the pool.
        datasets: These and all below; empty: see :func:`checkpoint`.
        system: Name of the dataset that is mounted at ``/``, or empty.
    """
    if datasets:
        return _below(engine, pool, datasets)
    return {
        name: dataset
        for name, dataset in _below(engine, pool, [pool]).items()
        if is_managed(dataset) or (system and f"{name}/".startswith(f"{system}/"))
    }


def system_dataset(mounts: Mapping[str, Mount]) -> str:
    """Return the dataset that is mounted at ``/``, or an empty text if none is."""
    return next((name for name, mount in mounts.items() if mount.path == "/"), "")


def find_checkpoint(
    engine: Engine, name: str, pool: str, datasets: tuple[str, ...]
) -> list[Snapshot]:
    """Find the snapshots of a checkpoint, those of parents first.

    Raises:
        NotFound: zfstune took none of that name.
    """
    short = snapshot_name(checked_name(name))
    below = _below(engine, pool, datasets or [pool])
    named = engine.find_snapshots([f"{ds}@{short}" for ds in below], properties=True)
    made = [s for s in named.values() if s.local(CHECKPOINT_PROPERTY) is not None]
    if not made:
        where = datasets[0] if datasets else pool
        prefix = snapshot_name("")
        known = {
            snapshot.short_name.removeprefix(prefix)
            for dataset in below
            for snapshot in engine.snapshots(dataset)
            if snapshot.short_name.startswith(prefix)
        }
        bare_name = name.removeprefix(prefix)
        if bare_name != name:
            known.add(bare_name)
        more = "`zfstune checkpoints` lists all"
        raise NotFound(
            operation="find checkpoint",
            target=name,
            reason=f"no snapshot '{short}' of zfstune's is in '{where}' or below",
            hint=did_you_mean(bare_name, sorted(known), more),
        )
    return made
