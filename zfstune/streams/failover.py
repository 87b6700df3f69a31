"""Change the roles of a source and its copy, on the host of one of them."""

from __future__ import annotations

from types import MappingProxyType

from zfstune.engine.open import using
from zfstune.engine.pools import ready_pool
from zfstune.streams.failover_plan import Member, plan_standby, plan_takeover
from zfstune.values.errors import InvalidProperty, PlanError
from zfstune.values.frozen import replace
from zfstune.values.marks import OWN_PREFIX
from zfstune.values.names import check_dataset, parent_of, pool_of
from zfstune.values.properties import check
from zfstune.values.state import damage_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from zfstune.engine.protocol import Engine
    from zfstune.streams.failover_plan import FailoverPlan, RoleChange
    from zfstune.values.state import Dataset

__all__ = ["failover"]

_NO_PROPERTIES: Mapping[str, str] = MappingProxyType({})


def failover(
    dataset: str,
    *,
    standby: bool = False,
    properties: Mapping[str, str] = _NO_PROPERTIES,
    dry_run: bool = False,
    engine: Engine | None = None,
    show: Callable[[FailoverPlan], None] | None = None,
) -> FailoverPlan:
    """Have a copy, and the copies below it, take over from their sources.

    They lose what makes a copy inert, get mounted, and take no stream any more. What was
    the source can then catch up from them, by :func:`zfstune.replicate`.

    Args:
        dataset: The copy; with `standby` the dataset that becomes one.
        standby: The reverse: unmount the dataset and all below it, and make them inert.
        properties: Values for the dataset itself, as in ``mountpoint``; those below it
            inherit.
        dry_run: Make the plan and change nothing.
        engine: The engine; default: the running kernel's.
        show: Called with the plan before anything is changed.

    Raises:
        PlanError: The dataset is no copy.
        Busy: With `standby`: a filesystem is in use. Nothing has changed but mounts.
        EngineError: ZFS refused. The next run goes on.
    """
    check_dataset(dataset)
    if standby and properties:
        raise PlanError(
            "cannot set properties on a dataset that is to stand by",
            hint="leave -o out: what stands by keeps the values that it has",
        )
    with using(engine) as zfs:
        ready_pool(zfs, pool_of(dataset), operation="fail over in pool")
        plan = _plan(zfs, dataset, properties, standby=standby)
        if show is not None:
            show(plan)
        if not dry_run:
            (_stand_by if standby else _take_over)(zfs, plan)
    return plan


def _plan(
    engine: Engine, root: str, chosen: Mapping[str, str], *, standby: bool
) -> FailoverPlan:
    """Read the tree and make the plan.

    Raises:
        Damaged: The root cannot be read; a damaged dataset below it is left as it is.
    """
    datasets = engine.datasets(root)
    if datasets[0].damaged:
        raise damage_of(datasets[0])
    members = _members(engine, [d for d in datasets if not d.damaged])
    plan = plan_standby(members) if standby else _plan_takeover(engine, members, chosen)
    damaged = {d.name: d.damaged for d in datasets if d.damaged}
    return replace(plan, left={**plan.left, **damaged})


def _members(engine: Engine, datasets: Iterable[Dataset]) -> list[Member]:
    mounts = engine.mounts()
    members = []
    for dataset in datasets:
        snapshots = engine.snapshots(dataset.name)
        newest = max(snapshots, key=lambda s: s.createtxg, default=None)
        bookmarks = tuple(engine.bookmarks(dataset.name).values())
        path = mounts[dataset.name].path if dataset.name in mounts else ""
        members.append(Member(dataset, newest, bookmarks, path))
    return members


def _plan_takeover(
    engine: Engine, members: Sequence[Member], chosen: Mapping[str, str]
) -> FailoverPlan:
    root = members[0].dataset
    for name in chosen:
        if name.startswith(OWN_PREFIX):
            raise InvalidProperty(f"cannot set '{name}': zfstune alone writes it")
    check(chosen, kind=root.kind, creating=False, limits=engine.limits)
    parent = parent_of(root.name)
    pool = engine.pool(pool_of(root.name))
    return plan_takeover(
        members,
        None if parent is None else engine.dataset(parent),
        chosen,
        altroot=pool.altroot,
        mountable=pool.mountable,
    )


def _take_over(engine: Engine, plan: FailoverPlan) -> None:
    """Carry out a plan; the bookmarks come first, and the mounts last."""
    made = {n: s for change in plan.changes for n, s in (change.make or {}).items()}
    if made:
        engine.bookmark_all(made)
    for change in plan.changes:
        if change.abort:
            engine.abort_receive(change.dataset)
        _set(engine, change)
    mounts = engine.mounts()
    for change in plan.changes:
        if change.mount and change.dataset in mounts:
            engine.remount(change.dataset)
        elif change.mount:
            engine.mount(change.dataset)


def _stand_by(engine: Engine, plan: FailoverPlan) -> None:
    """Carry out a plan; nothing is changed unless all is unmounted."""
    for change in reversed(plan.changes):
        if change.unmount:
            engine.unmount(change.dataset)
    for change in plan.changes:
        _set(engine, change)
    unneeded = [name for change in plan.changes for name in change.drop]
    if unneeded:
        engine.destroy_bookmarks(unneeded)


def _set(engine: Engine, change: RoleChange) -> None:
    if change.values:
        engine.set(change.dataset, change.values)
    for name in change.inherited:
        engine.inherit(change.dataset, name)
