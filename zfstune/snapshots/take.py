"""Take snapshots of many datasets at one instant."""

from __future__ import annotations

from datetime import UTC, datetime

from zfstune.engine.open import using
from zfstune.engine.pools import ready_pool
from zfstune.values import marks, names
from zfstune.values.errors import AlreadyExists, BatchError, Damaged, InvalidValue
from zfstune.values.state import damage_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.engine.protocol import Engine


__all__ = ["snapshot"]

# Two runs within one second differ in a suffix; more than this many are a loop.
_ATTEMPTS = 100


def snapshot(
    *datasets: str,
    recursive: bool = False,
    name: str | None = None,
    dry_run: bool = False,
    engine: Engine | None = None,
) -> tuple[str, ...]:
    """Take one snapshot of each dataset, all in the same transaction, or none.

    Each carries the user property ``org.zfstune:snapshot``, by which
    :func:`zfstune.prune` knows it as its own.

    Args:
        datasets: Datasets of one pool.
        recursive: Also of all that is below them.
        name: What to put behind the ``@``; default: ``zfstune-`` and the time in
            UTC, with a suffix where that exists already. Only names of that form
            are pruned unless ``match`` asks for others.
        dry_run: Give the names and take nothing.
        engine: Default: the running kernel's ZFS.

    Returns:
        Full names of the snapshots.

    Raises:
        InvalidValue: No dataset, or datasets of several pools: no instant spans
            two pools.
        EngineError, BatchError: ZFS refused; no snapshot was taken. Where only
            some of the datasets are damaged on disk, the others have theirs, and
            they stand in the error's `done`: to write to what is damaged may stop ZFS.
    """
    pools = {names.pool_of(names.check_dataset(dataset)) for dataset in datasets}
    if len(pools) != 1:
        reason = "datasets of several pools" if pools else "no dataset"
        raise InvalidValue(
            f"cannot take a snapshot of {reason}", hint="name datasets of one pool"
        )
    with using(engine) as zfs:
        ready_pool(zfs, pools.pop(), operation="take snapshots in pool")
        targets, damaged = _targets(zfs, datasets, recursive=recursive)
        taken: tuple[str, ...] = ()
        if targets:
            taken = _take_named(zfs, targets, name, dry_run=dry_run)
        if damaged:
            raise BatchError(operation="snapshot", failures=damaged, done=taken)
        return taken


def _targets(
    engine: Engine, datasets: Iterable[str], *, recursive: bool
) -> tuple[list[str], list[Damaged]]:
    """Give what there is to take snapshots of, and what is damaged."""
    found: dict[str, None] = {}
    damaged: dict[str, Damaged] = {}
    for dataset in datasets:
        try:
            below = engine.datasets(dataset, recursive=recursive)
        except Damaged as error:
            damaged[dataset] = error
            continue
        for each in below:
            if each.damaged:
                damaged[each.name] = damage_of(each)
            else:
                found[each.name] = None
    return list(found), list(damaged.values())


def _take_named(
    engine: Engine, targets: list[str], name: str | None, *, dry_run: bool
) -> tuple[str, ...]:
    if name is not None:
        return _take(engine, targets, name, dry_run=dry_run)
    for attempt in range(_ATTEMPTS - 1):
        try:
            short = marks.auto_name(datetime.now(UTC), attempt)
            return _take(engine, targets, short, dry_run=dry_run)
        except BatchError as error:
            if not all(isinstance(one, AlreadyExists) for one in error.failures):
                raise
    short = marks.auto_name(datetime.now(UTC), _ATTEMPTS - 1)
    return _take(engine, targets, short, dry_run=dry_run)


def _take(
    engine: Engine, targets: Iterable[str], short: str, *, dry_run: bool
) -> tuple[str, ...]:
    taken = tuple(f"{dataset}@{short}" for dataset in targets)
    if not dry_run:
        engine.take_snapshots(taken, properties={marks.SNAPSHOT_PROPERTY: "auto"})
    return taken
