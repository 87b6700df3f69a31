"""A pool's statistics as the kernel gives them, turned into a PoolActivity."""

from __future__ import annotations

from zfstune.values.pool_activity import DeviceTraffic, PoolActivity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["pool_activity"]

# vdev_stat_t, include/sys/fs/zfs.h: an array of uint64. vs_ops and vs_bytes begin at 8 and
# 14, and have six kinds of requests each, of which the second reads and the third writes.
_READS, _WRITES, _READ_BYTES, _WRITTEN_BYTES = 9, 10, 15, 16
# pool_scan_stat_t there: the kind of scan, whether it is under way, since when it pauses;
# behind that, since 2.2, the state of a scrub of errors alone.
_FUNCTION, _STATE, _PAUSED, _ERROR_STATE = 0, 1, 11, 16
_SCANNING, _ERROR_SCRUBBING = 1, 4
_FUNCTIONS = {1: "scrub", 2: "resilver"}
_REBUILD = "org.openzfs:rebuild_stats"  # vdev_rebuild_stat_t; its state comes first
_REBUILDING = 1
_WHOLE = 100


def pool_activity(config: dict[str, Any], props: dict[str, Any]) -> PoolActivity:
    """Make a PoolActivity of the answers to ZFS_IOC_POOL_STATS and ZFS_IOC_POOL_GET_PROPS.

    Args:
        config: The pool's configuration, with the vdev tree.
        props: Its properties, each ``{"value": ..., "source": ...}``; may be empty.
    """
    tree = config["vdev_tree"]
    fragmentation = props.get("fragmentation", {}).get("value", 0)
    return PoolActivity(
        devices=tuple(_traffic(leaf) for leaf in _leaves(tree) if "path" in leaf),
        busy_with=_busy_with(tree),
        # UINT64_MAX where a vdev has no such figure: metaslab_class_fragmentation()
        fragmentation_percent=fragmentation if fragmentation <= _WHOLE else 0,
    )


def _traffic(leaf: dict[str, Any]) -> DeviceTraffic:
    stats = leaf["vdev_stats"]
    return DeviceTraffic(
        path=leaf["path"],
        read_bytes=stats[_READ_BYTES],
        written_bytes=stats[_WRITTEN_BYTES],
        reads=stats[_READS],
        writes=stats[_WRITES],
    )


def _busy_with(tree: dict[str, Any]) -> str:
    scan = [*tree.get("scan_stats", ()), *[0] * (_ERROR_STATE + 1)]  # shorter before 2.2
    if scan[_STATE] == _SCANNING and not scan[_PAUSED]:
        return _FUNCTIONS.get(scan[_FUNCTION], "scrub")
    if scan[_ERROR_STATE] == _ERROR_SCRUBBING:
        return "scrub"
    for child in tree.get("children", ()):
        if child.get(_REBUILD, (0,))[0] == _REBUILDING:
            return "rebuild"
    return ""


def _leaves(vdev: dict[str, Any]) -> Iterator[dict[str, Any]]:
    children = vdev.get("children")
    if children:
        for child in children:
            yield from _leaves(child)
    else:
        yield vdev
