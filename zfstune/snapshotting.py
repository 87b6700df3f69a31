"""Take snapshots of many datasets at one instant."""

from __future__ import annotations

from datetime import UTC, datetime

from zfstune import names
from zfstune.engine import using
from zfstune.errors import AlreadyExists, BatchError, InvalidValue
from zfstune.pools import ready_pool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.engine import Engine

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
        EngineError, BatchError: ZFS refused; no snapshot was taken.
    """
    pools = {names.pool_of(names.check_dataset(dataset)) for dataset in datasets}
    if len(pools) != 1:
        reason = "datasets of several pools" if pools else "no dataset"
        raise InvalidValue(
            f"cannot take a snapshot of {reason}", hint="name datasets of one pool"
        )
    with using(engine) as zfs:
        ready_pool(zfs, pools.pop(), operation="take snapshots in pool")
        targets = _targets(zfs, datasets, recursive=recursive)
        if name is not None:
            return _take(zfs, targets, name, dry_run=dry_run)
        for attempt in range(_ATTEMPTS - 1):
            try:
                short = names.auto_name(datetime.now(UTC), attempt)
                return _take(zfs, targets, short, dry_run=dry_run)
            except BatchError as error:
                if not all(isinstance(one, AlreadyExists) for one in error.failures):
                    raise
        return _take(
            zfs, targets, names.auto_name(datetime.now(UTC), _ATTEMPTS - 1), dry_run=dry_run
        )


def _targets(engine: Engine, datasets: Iterable[str], *, recursive: bool) -> list[str]:
    found: dict[str, None] = {}
    for dataset in datasets:
        below = engine.datasets(dataset, recursive=recursive)
        found.update(dict.fromkeys(each.name for each in below))
    return list(found)


def _take(
    engine: Engine, targets: Iterable[str], short: str, *, dry_run: bool
) -> tuple[str, ...]:
    taken = tuple(f"{dataset}@{short}" for dataset in targets)
    if not dry_run:
        engine.take_snapshots(taken, properties={names.SNAPSHOT_PROPERTY: "auto"})
    return taken
