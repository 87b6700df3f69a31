"""A pool's configuration as the kernel gives it, turned into a PoolInfo."""

from __future__ import annotations

import os

from zfstune.values.state import PoolInfo, Vdev

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["leaf_guids", "pool_info"]

# vdev_stat_t, include/sys/fs/zfs.h: an array of uint64 in this order.
_STATE, _AUX, _ALLOC, _SPACE = 1, 2, 3, 4
# vdev_state_t there, as zpool_state_to_name() in lib/libzfs/libzfs_pool.c words it.
_STATES = (
    "UNKNOWN",
    "OFFLINE",
    "OFFLINE",
    "REMOVED",
    "UNAVAIL",
    "FAULTED",
    "DEGRADED",
    "ONLINE",
)
_HEALTHY = 7
_CANT_OPEN = 4
# vdev_aux_t: VDEV_AUX_CORRUPT_DATA and VDEV_AUX_BAD_LOG count as faulted.
_FAULTY = (2, 13)

# Top-level entries that hold no data of their own: a removed vdev, a hole left by
# a removed log (module/zfs/vdev_missing.c, vdev_indirect.c).
_GONE = ("hole", "indirect", "missing")


def pool_info(
    name: str, config: dict[str, Any], props: dict[str, Any], *, mountable: bool = True
) -> PoolInfo:
    """Make a PoolInfo of the answers to ZFS_IOC_POOL_STATS and ZFS_IOC_POOL_GET_PROPS.

    Args:
        name: Name of the pool.
        config: Its configuration, with the vdev tree and the enabled features.
        props: Its properties, each ``{"value": ..., "source": ...}``.
        mountable: Whether its filesystems can be mounted here.
    """
    tree = config["vdev_tree"]
    stats = tree.get("vdev_stats", [0] * 5)
    return PoolInfo(
        name=name,
        guid=config["pool_guid"],
        vdevs=tuple(
            _vdev(child) for child in tree.get("children", []) if child["type"] not in _GONE
        ),
        features=_features(config, least=0),
        free_bytes=stats[_SPACE] - stats[_ALLOC],
        size_bytes=stats[_SPACE],
        readonly=bool(_prop(props, "readonly", 0)),
        # The key is there only while it is suspended: spa_get_stats() in module/zfs/spa.c
        suspended="suspended" in config,
        altroot=str(_prop(props, "altroot", "")),
        active=_features(config, least=1),
        compatibility=str(_prop(props, "compatibility", "")),
        bootfs=str(_prop(props, "bootfs", "")),
        mountable=mountable,
        freeing_bytes=props.get("freeing", {}).get("value"),
        health="SUSPENDED" if "suspended" in config else _health(tree),
        damaged=config.get("error_count", 0),
        ailing=tuple(
            f"{leaf.get('path', leaf['type'])} {_health(leaf)}"
            for leaf in _leaves(tree)
            if leaf["type"] not in _GONE and _health(leaf) != "ONLINE"
        ),
    )


def _health(vdev: dict[str, Any]) -> str:
    """Return the word for the state of a vdev; that of the root vdev is the pool's."""
    stats = vdev.get("vdev_stats", (0, _HEALTHY, 0))
    state = stats[_STATE]
    if state == _CANT_OPEN and stats[_AUX] in _FAULTY:
        return "FAULTED"
    return _STATES[state] if state < len(_STATES) else "UNKNOWN"


def _prop(props: dict[str, Any], name: str, default: str | int) -> str | int:
    value: str | int = props.get(name, {}).get("value", default)
    return value


def _features(config: dict[str, Any], *, least: int) -> frozenset[str]:
    """Return the features of a least reference count: 0 for enabled, 1 for active."""
    # The keys are such as "com.delphix:hole_birth": a domain, and the name users know.
    counts = config.get("feature_stats", {})
    return frozenset(
        guid.partition(":")[2] for guid, count in counts.items() if count >= least
    )


def _vdev(config: dict[str, Any]) -> Vdev:
    kind = config["type"]
    width, parity = 1, 0
    if kind in ("raidz", "draid"):
        parity = config["nparity"]
        # a draid stripe is narrower than the vdev: its groups are ndata + parity wide
        width = config.get("draid_ndata", len(config["children"]) - parity) + parity
        kind += str(parity)
    leaves = list(_leaves(config))
    spinning = [_rotational(leaf) for leaf in leaves]
    return Vdev(
        kind=kind,
        ashift=config.get("ashift", 0),
        role=_role(config),
        devices=tuple(leaf.get("path", "") for leaf in leaves),
        rotational=True if True in spinning else None if None in spinning else False,
        width=width,
        parity=parity,
    )


def leaf_guids(config: dict[str, Any]) -> dict[str, int]:
    """Return the path and the guid of each device of a pool that holds data."""
    tree = config["vdev_tree"]
    return {
        leaf["path"]: leaf["guid"]
        for child in tree.get("children", [])
        for leaf in _leaves(child)
        if leaf["type"] not in _GONE and "path" in leaf
    }


def _role(config: dict[str, Any]) -> str:
    if config.get("is_log"):
        return "log"
    return str(config.get("alloc_bias", "normal"))


def _leaves(config: dict[str, Any]) -> list[dict[str, Any]]:
    children = config.get("children")
    if not children:
        return [config]
    return [leaf for child in children for leaf in _leaves(child)]


def _rotational(leaf: dict[str, Any]) -> bool | None:
    """Tell whether a leaf vdev spins; None where neither ZFS nor sysfs knows."""
    # Releases after 2.4 have this in the configuration: module/zfs/vdev_label.c
    known = leaf.get("rotational")
    if known is not None:
        return bool(known)
    if leaf.get("type") != "disk":
        return None
    device = os.path.basename(os.path.realpath(leaf.get("path", "")))
    # a partition has no queue/ of its own; its disk is the folder above
    for folder in ("", ".."):
        try:
            path = os.path.join("/sys/class/block", device, folder, "queue/rotational")
            with open(path, encoding="utf-8") as file:
                return file.read().strip() == "1"
        except OSError:
            continue
    return None
