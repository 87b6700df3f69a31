"""Two pools made of lists, and replications from one to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_engine import StreamEngine
from zfstune.streams.replicate import replicate

if TYPE_CHECKING:
    from zfstune.streams.replication_plan import ReplicationPlan


def two_pools() -> tuple[StreamEngine, StreamEngine]:
    """Make a pool with a dataset of three snapshots, and an empty one."""
    tank, back = StreamEngine("tank"), StreamEngine("back")
    tank.add("tank/a", "1", "2", "3")
    return tank, back


def run_tree(tank: StreamEngine, back: StreamEngine, **how: Any) -> ReplicationPlan:
    """Replicate tank/a and all below it to back/a."""
    return run(tank, back, recursive=True, **how)


def run(tank: StreamEngine, back: StreamEngine, **how: Any) -> ReplicationPlan:
    """Replicate tank/a to back/a."""
    return replicate("tank/a", "back/a", engine=tank.zfs, target_engine=back.zfs, **how)
