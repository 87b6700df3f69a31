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
    from collections.abc import Collection, Iterable

    from zfstune.engine.protocol import Engine


__all__ = ["snapshot", "take_named"]

# Runs within one second differ by a suffix; more of them than this are a loop.
_ATTEMPTS = 100


def snapshot(
    *datasets: str,
    recursive: bool = False,
    name: str | None = None,
    dry_run: bool = False,
    engine: Engine | None = None,
) -> tuple[str, ...]:
    """Take one snapshot of each dataset, all in the same transaction, or none.

    Each has the user property ``org.zfstune:snapshot``, by which :func:`zfstune.prune`
    knows that zfstune took it.

    Args:
        datasets: Datasets of one pool.
        recursive: Take snapshots of all datasets below them, too.
        name: The name behind the ``@``; default: ``zfstune-`` and the time in UTC, with
            a suffix where that exists already. Only names of that form are pruned unless
            ``match`` asks for others.
        dry_run: Return the names and take nothing.
        engine: Default: the running kernel's ZFS.

    Returns:
        Full names of the snapshots.

    Raises:
        InvalidValue: No dataset, or datasets of several pools: no instant spans
            two pools.
        EngineError, BatchError: ZFS refused; no snapshot was taken. Datasets that are
            damaged on disk are left out, since writing to them may stop ZFS; the
            snapshots of the others are taken, and the error has them as `done`.
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
            taken = take_named(zfs, targets, name, dry_run=dry_run)
        if damaged:
            raise BatchError(operation="snapshot", failures=damaged, done=taken)
        return taken


def _targets(
    engine: Engine, datasets: Iterable[str], *, recursive: bool
) -> tuple[list[str], list[Damaged]]:
    """Return the names of the sound datasets, and an error for each damaged one."""
    targets: dict[str, None] = {}
    damaged: dict[str, Damaged] = {}
    for dataset in datasets:
        try:
            below = engine.datasets(dataset, recursive=recursive)
        except Damaged as error:
            damaged[dataset] = error
            continue
        for target in below:
            if target.damaged:
                damaged[target.name] = damage_of(target)
            else:
                targets[target.name] = None
    return list(targets), list(damaged.values())


def take_named(
    engine: Engine, targets: Collection[str], name: str | None, *, dry_run: bool = False
) -> tuple[str, ...]:
    """Take a snapshot of each dataset; see :func:`snapshot` for the name.

    Args:
        engine: The engine.
        targets: Sound datasets of one pool.
        name: As for :func:`snapshot`.
        dry_run: As for that.

    Raises:
        EngineError, BatchError: ZFS refused; no snapshot was taken.
    """
    if name is not None:
        return _take(engine, targets, name, dry_run=dry_run)
    for attempt in range(_ATTEMPTS - 1):
        try:
            short = marks.auto_name(datetime.now(UTC), attempt)
            return _take(engine, targets, short, dry_run=dry_run)
        except BatchError as error:
            if not all(isinstance(why, AlreadyExists) for why in error.failures):
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
