"""What destroying snapshots frees, asked of ZFS beforehand."""

from __future__ import annotations

from zfstune.freeing import keep_others, least_valuable_first
from zfstune.names import pool_of
from zfstune.retention import runs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from zfstune.engine import Engine
    from zfstune.freeing import FreeTarget
    from zfstune.retention import Decision

__all__ = ["only_as_needed", "reclaims"]


def reclaims(
    engine: Engine, datasets: Iterable[str], decisions: Iterable[Decision]
) -> dict[str, int]:
    """Give the bytes that the victims of each dataset would free."""
    found = dict.fromkeys(datasets, 0)
    for first, last in runs(decisions):
        found[first.partition("@")[0]] += engine.reclaim_size(first, last)
    return found


def only_as_needed(
    engine: Engine, decisions: Sequence[Decision], target: FreeTarget
) -> tuple[Decision, ...]:
    """Keep the victims that are not needed for each pool to have so much free.

    Args:
        engine: Asked for what is free, and what runs of victims would free.
        decisions: Those on all snapshots of the datasets.
        target: How much is to be free.
    """
    going: set[str] = set()
    for pool in dict.fromkeys(pool_of(d.snapshot.name) for d in decisions):
        ours = [d for d in decisions if pool_of(d.snapshot.name) == pool]
        # Of the pool's root dataset: in the same bytes as what snapshots free, while
        # the pool itself counts parity too.
        root = engine.dataset(pool)
        missing = target.missing(
            int(root.value("used") or 0), int(root.value("available") or 0)
        )
        order = [s.name for s in least_valuable_first(ours)]
        enough, most = 0, len(order)
        if not missing:
            continue
        # Each more that goes frees as much or more, so halving finds the first enough.
        while enough < most:
            half = (enough + most) // 2
            if _frees(engine, ours, set(order[:half]), target) >= missing:
                most = half
            else:
                enough = half + 1
        going.update(order[:enough])
    return keep_others(decisions, going, target)


def _frees(
    engine: Engine,
    decisions: Sequence[Decision],
    going: Container[str],
    target: FreeTarget,
) -> int:
    fewer = keep_others(decisions, going, target)
    return sum(engine.reclaim_size(first, last) for first, last in runs(fewer))
