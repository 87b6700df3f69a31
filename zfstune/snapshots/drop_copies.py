"""List the copies that rollbacks kept aside, and destroy them."""

from __future__ import annotations

from zfstune.engine.open import using
from zfstune.snapshots.checkpoint import pool_of_all, ready_pool_of_all
from zfstune.snapshots.copies_plan import find_kept_copies, make_copies_plan
from zfstune.snapshots.destroy_datasets import destroy_datasets, step_counter
from zfstune.snapshots.rewind_plan import ESCAPES
from zfstune.values.names import pool_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine
    from zfstune.snapshots.copies_plan import CopiesPlan, KeptCopies

__all__ = ["drop_copies", "list_copies"]


def list_copies(
    *, pool: str | None = None, engine: Engine | None = None
) -> tuple[KeptCopies, ...]:
    """List the copies that rollbacks kept aside in a pool.

    Args:
        pool: Default: see :func:`zfstune.engine.pools.choose_pool`.
        engine: Default: the running kernel's ZFS.
    """
    with using(engine) as zfs:
        top = f"{pool_of_all(zfs, (), pool)}/{ESCAPES}"
        if not zfs.exists(top):
            return ()
        return find_kept_copies({dataset.name: dataset for dataset in zfs.datasets(top)})


def drop_copies(
    *names: str,
    pool: str | None = None,
    dry_run: bool = False,
    engine: Engine | None = None,
    show: Callable[[CopiesPlan], object] | None = None,
    passed: Callable[[int, int], object] = lambda *_: None,
) -> CopiesPlan:
    """Destroy the copies that rollbacks kept aside; their snapshots stay.

    A run that ends midway is completed by the next.

    Args:
        names: The name of each, as ``zfstune checkpoints`` lists it, or the full name of
            the dataset that holds the copies.
        pool: Default: that of the first full name, else see
            :func:`zfstune.engine.pools.choose_pool`.
        dry_run: Return the plan and destroy nothing.
        engine: Default: the running kernel's ZFS.
        show: Called with the plan before anything changes.
        passed: Told meanwhile how many datasets and snapshots are gone, and of how many.

    Raises:
        NotFound: No rollback kept copies by that name.
        PlanError: Something among them is held, has clones, or is no copy.
        EngineError: ZFS refused, as where a copy is in use.
    """
    with using(engine) as zfs:
        full = next((pool_of(name) for name in names if "/" in name), None)
        where = ready_pool_of_all(zfs, (), pool or full, operation="drop copies in")
        datasets = {dataset.name: dataset for dataset in zfs.datasets(where)}
        top = f"{where}/{ESCAPES}"
        plan = make_copies_plan(
            names,
            datasets=datasets,
            own={
                name: zfs.snapshots(name, properties=True)
                for name in datasets
                if f"{name}/".startswith(f"{top}/")
            },
            mounted={name: mount.path for name, mount in zfs.mounts().items()},
        )
        if show is not None:
            show(plan)
        if not dry_run:
            own = {clone.name: clone.snapshots for clone in plan.clones}
            going = {name: own.get(name, ()) for name in plan.ordered}
            total = sum(map(len, going.values())) + len(going)
            destroy_datasets(zfs, going, gone=step_counter(total, passed))
        return plan
