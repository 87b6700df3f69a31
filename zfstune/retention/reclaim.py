"""What destroying snapshots frees, asked of ZFS beforehand and looked at afterwards."""

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
    """Give the bytes that the victims of each dataset would free."""
    found = dict.fromkeys(datasets, 0)
    for first, last in runs(decisions):
        found[first.partition("@")[0]] += engine.reclaim_size(first, last)
    return found


def only_as_needed(
    engine: Engine,
    decisions: Sequence[Decision],
    targets: Mapping[str, tuple[str, FreeTarget]],
    failed: MutableMapping[str, ZfstuneError],
) -> tuple[Decision, ...]:
    """Keep the victims that are not needed to have so much free.

    Args:
        engine: Asked for what is free, and what runs of victims would free.
        decisions: Those on all snapshots of the datasets.
        targets: Dataset to the one where space is looked at, and how much is to be
            available there: a pool's root, or where a policy and a quota are set.
        failed: Gets the datasets of which ZFS does not say it, and why.
    """
    groups: dict[tuple[str, FreeTarget], list[Decision]] = {}
    for decision in decisions:
        meant = targets.get(decision.snapshot.dataset)
        if meant is not None:
            groups.setdefault(meant, []).append(decision)
    fewer: dict[str, Decision] = {}
    for (root, target), ours in groups.items():
        try:
            going = _enough(engine, root, target, ours)
        except PoolSuspended:
            raise
        except EngineError as error:
            failed.update({d.snapshot.dataset: error for d in ours})
            continue
        fewer.update({d.snapshot.name: d for d in keep_others(ours, going, target)})
    return tuple(fewer.get(d.snapshot.name, d) for d in decisions)


def _enough(
    engine: Engine, root: str, target: FreeTarget, ours: Sequence[Decision]
) -> set[str]:
    """Give the names of the victims that it takes, the least valuable."""
    # Of a dataset: in the same bytes as what snapshots free, while the pool itself
    # counts parity too.
    found = engine.dataset(root)
    missing = target.missing(
        int(found.value("used") or 0), int(found.value("available") or 0)
    )
    if not missing:
        return set()
    order = [s.name for s in least_valuable_first(ours)]
    enough, most = 0, len(order)
    # Each more that goes frees as much or more, so halving finds the first enough.
    while enough < most:
        half = (enough + most) // 2
        if _frees(engine, ours, set(order[:half]), target) >= missing:
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
    """Give the bytes in use of each pool that has one of the snapshots."""
    return {pool: _used(engine, pool) for pool in {pool_of(s.name) for s in snapshots}}


def freed_since(
    engine: Engine, used: Mapping[str, int], most_seconds: float
) -> dict[str, int | None]:
    """Wait until pools have freed what was destroyed; give how much less is in use.

    Args:
        engine: Asked.
        used: What :func:`space_used` gave before.
        most_seconds: How long to wait at most, for all of them.

    Returns:
        Pool to bytes; None where it was still freeing, or does not say.
    """
    end = time.monotonic() + most_seconds
    found: dict[str, int | None] = {}
    for pool, before in used.items():
        while (left := engine.pool(pool).freeing_bytes) and time.monotonic() < end:
            time.sleep(_LOOK_SECONDS)
        found[pool] = None if left != 0 else before - _used(engine, pool)
    return found


def _used(engine: Engine, pool: str) -> int:
    """Give what a pool's root dataset has in use: what is being freed counts still."""
    return int(engine.dataset(pool).value("used") or 0)
