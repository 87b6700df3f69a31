"""Ask ZFS how much the destruction of snapshots will free, and how much it did free."""

from __future__ import annotations

import time

from zfstune.retention.decision import runs
from zfstune.retention.least_valuable import keep_others, least_valuable_first
from zfstune.values.errors import EngineError, PoolSuspended
from zfstune.values.names import pool_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, MutableMapping, Sequence

    from zfstune.engine.protocol import Engine
    from zfstune.retention.decision import Decision
    from zfstune.retention.free_target import FreeTarget
    from zfstune.values.errors import ZfstuneError
    from zfstune.values.state import Snapshot

__all__ = ["freed_since", "only_as_needed", "reclaims", "space_used"]

_LOOK_SECONDS = 0.2


def reclaims(
    engine: Engine, datasets: Iterable[str], decisions: Iterable[Decision]
) -> dict[str, int]:
    """Ask how many bytes the victims of each dataset would free."""
    freed = dict.fromkeys(datasets, 0)
    for first, last in runs(decisions):
        freed[first.partition("@")[0]] += engine.reclaim_size(first, last)
    return freed


def only_as_needed(
    engine: Engine,
    decisions: Sequence[Decision],
    targets: Mapping[str, tuple[str, FreeTarget]],
    failed: MutableMapping[str, ZfstuneError],
) -> tuple[Decision, ...]:
    """Keep the victims that need not go for the targets to be reached.

    Args:
        engine: The engine that knows the free space, and how much runs of victims
            would free.
        decisions: The decisions on all snapshots of the datasets.
        targets: For each dataset, the dataset on which space is measured (a pool's
            root, or where the policy is set) and how much is to be available there.
        failed: Gets each dataset whose space ZFS cannot tell, and the error.
    """
    groups: dict[tuple[str, FreeTarget], list[Decision]] = {}
    for decision in decisions:
        measured = targets.get(decision.snapshot.dataset)
        if measured is not None:
            groups.setdefault(measured, []).append(decision)
    fewer: dict[str, Decision] = {}
    for (root, target), group in groups.items():
        try:
            going = _enough(engine, root, target, group)
        except PoolSuspended:
            raise
        except EngineError as error:
            failed.update({d.snapshot.dataset: error for d in group})
            continue
        fewer.update({d.snapshot.name: d for d in keep_others(group, going, target)})
    return tuple(fewer.get(d.snapshot.name, d) for d in decisions)


def _enough(
    engine: Engine, root: str, target: FreeTarget, decisions: Sequence[Decision]
) -> set[str]:
    """Choose the least valuable victims, as few as reach the target; give their names."""
    # Space is read of a dataset, since a pool also counts parity, while the bytes that
    # snapshots free do not.
    measured = engine.dataset(root)
    missing = target.missing(
        int(measured.value("used") or 0), int(measured.value("available") or 0)
    )
    if not missing:
        return set()
    order = [s.name for s in least_valuable_first(decisions)]
    enough, most = 0, len(order)
    # More victims never free less, so bisection finds the smallest number that suffices.
    while enough < most:
        half = (enough + most) // 2
        if _frees(engine, decisions, set(order[:half]), target) >= missing:
            most = half
        else:
            enough = half + 1
    return set(order[:enough])


def _frees(
    engine: Engine,
    decisions: Sequence[Decision],
    going: Container[str],
    target: FreeTarget,
) -> int:
    fewer = keep_others(decisions, going, target)
    return sum(engine.reclaim_size(first, last) for first, last in runs(fewer))


def space_used(engine: Engine, snapshots: Iterable[Snapshot]) -> dict[str, int]:
    """Read the bytes in use of each pool that has one of the snapshots."""
    return {pool: _used(engine, pool) for pool in {pool_of(s.name) for s in snapshots}}


def freed_since(
    engine: Engine, used: Mapping[str, int], most_seconds: float
) -> dict[str, int | None]:
    """Wait until pools have freed the space of snapshots that were destroyed.

    Args:
        engine: The engine of the pools.
        used: The bytes in use before, from :func:`space_used`.
        most_seconds: How long to wait at most, for all pools together.

    Returns:
        The bytes that each pool has less in use; None where it is still freeing, or
        does not say.
    """
    end = time.monotonic() + most_seconds
    freed: dict[str, int | None] = {}
    for pool, before in used.items():
        while (left := engine.pool(pool).freeing_bytes) and time.monotonic() < end:
            time.sleep(_LOOK_SECONDS)
        freed[pool] = None if left != 0 else before - _used(engine, pool)
    return freed


def _used(engine: Engine, pool: str) -> int:
    """Read the bytes in use of a pool's root dataset, with the bytes still to be freed."""
    return int(engine.dataset(pool).value("used") or 0)
