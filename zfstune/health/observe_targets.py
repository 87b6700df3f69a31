"""Look at the targets that a dataset is replicated to, for checks, metrics and lists."""

from __future__ import annotations

from zfstune.engine.open import using
from zfstune.engine.pools import datasets_below
from zfstune.health.observation import ObservedTarget
from zfstune.health.replication_faults import TargetCopy, endangered
from zfstune.retention.known_targets import lag_of
from zfstune.retention.read_targets import read_noted_targets, read_targets
from zfstune.values.errors import InvalidName, NotFound
from zfstune.values.marks import REPLICA_PROPERTY
from zfstune.values.names import check_dataset, pool_of
from zfstune.values.replication_marks import read_replica

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine
    from zfstune.retention.known_targets import KnownTarget
    from zfstune.values.state import Dataset

__all__ = ["list_replicas", "observe_targets"]


def list_replicas(
    *datasets: str, engine: Engine | None = None
) -> tuple[ObservedTarget, ...]:
    """List the targets that datasets are replicated to, and how far each is behind.

    Targets on other hosts are not asked.

    Args:
        datasets: Full names, each with all below it; default: all of all pools.
        engine: Default: the running kernel's ZFS.

    Raises:
        EngineError: A dataset does not exist, or ZFS refused a read.
        ZfsUnavailable: There is no ZFS here.
    """
    with using(engine) as zfs:
        return tuple(
            target
            for dataset in datasets_below(zfs, datasets).values()
            if not dataset.damaged
            for target in observe_targets(zfs, dataset, unnoted=True)
        )


def observe_targets(
    engine: Engine,
    dataset: Dataset,
    interval_seconds: int | None = None,
    *,
    unnoted: bool = False,
) -> list[ObservedTarget]:
    """Look at the targets of one dataset.

    Args:
        engine: The engine of the dataset. Targets in its own pools are looked at as
            well; no other host is asked.
        dataset: The dataset with its properties.
        interval_seconds: The longest time between two snapshots by its schedule; None:
            it has none.
        unnoted: Also look for targets of which no property tells.
    """
    read = read_targets if unnoted else read_noted_targets
    targets = read(engine, dataset)
    snapshots = engine.snapshots(dataset.name, dated=True) if targets else []
    observed = []
    for target in targets:
        danger, remedy = endangered(dataset.name, target, _copy(engine, target))
        lag = lag_of(target, snapshots)
        observed.append(
            ObservedTarget(dataset.name, target, lag, interval_seconds, danger, remedy)
        )
    return observed


def _copy(engine: Engine, target: KnownTarget) -> TargetCopy | None:
    """Read the dataset at a target's place; None: it is in no pool that can be read."""
    try:
        name = check_dataset(target.place)
    except InvalidName:
        return None
    pool = pool_of(name)
    if pool not in engine.pools() or engine.pool(pool).suspended:
        return None
    try:
        dataset = engine.dataset(name)
        guids = frozenset(snapshot.guid for snapshot in engine.snapshots(name))
    except NotFound:
        return TargetCopy(0, frozenset())
    replica = read_replica(dataset.local(REPLICA_PROPERTY) or "")
    return TargetCopy(dataset.guid if replica is None else replica.identity, guids)
