"""Fit a value to a pool: the nearest one that it can take, and what it lacks.

The running module and the pool's features limit the values. So does GRUB, where the
pool's compatibility property keeps it to the features that GRUB can read.
"""

from __future__ import annotations

from zfstune.values import properties as props
from zfstune.values.property_rules import display

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.values.state import PoolInfo

__all__ = ["fit_value", "grub_reads", "is_for_grub"]

# The largest record that every pool takes (SPA_OLD_MAXBLOCKSIZE,
# include/sys/fs/zfs.h); beyond it the pool needs large_blocks.
_OLD_MAX_RECORD = 128 * 1024
# The features that GRUB knows, of those that a property's value can need:
# cmd/zpool/compatibility.d/grub2-2.12 and, before that release, grub2-2.06.
_GRUB = frozenset({"embedded_data", "filesystem_limits", "large_blocks", "lz4_compress"})
_OLD_GRUB = frozenset({"embedded_data", "lz4_compress"})
_OLD_GRUB_FILE = "grub2-2.06"


def fit_value(
    name: str, value: str, pool: PoolInfo, limits: props.Limits
) -> tuple[str | None, str]:
    """Return the nearest value that a pool takes, and why it is not the value asked for.

    Args:
        name: Name of the property.
        value: Canonical value that is asked for.
        pool: The pool.
        limits: The limits of the running module.

    Returns:
        The nearest value, None: the property has to be left out; and the reason why it
        differs from `value`, empty where it does not.
    """
    nearest: str | None = value
    first_lack = lack = _lacks(name, value, pool, limits)
    while lack and nearest is not None:
        nearest = _lesser(name, nearest, limits)
        lack = "" if nearest is None else _lacks(name, nearest, pool, limits)
    return nearest, first_lack


def _lacks(name: str, value: str, pool: PoolInfo, limits: props.Limits) -> str:
    """Say what the pool or the module lacks for a value; "" if nothing."""
    known = props.find(name)
    if known is not None:
        since = known.words_since.get(value, known.since)
        if limits.release < since:
            return f"it needs OpenZFS {'.'.join(map(str, since))} or later"
    if name == "recordsize" and int(value) > limits.max_recordsize_bytes:
        most = display(name, str(limits.max_recordsize_bytes))
        return f"the running module takes at most {most}"
    # "most" keeps one copy of the blocks that point at data; one damaged block may then
    # cost a thousand records (dmu_write_policy() in module/zfs/dmu.c).
    if name == "redundant_metadata" and value != "all" and not pool.redundant:
        return f"pool '{pool.name}' has no second copy to repair data from"
    feature = props.feature_for(name, value)
    if feature and is_for_grub(pool) and not grub_reads(pool, feature):
        kept = f"compatibility={pool.compatibility}"
        reason = f"pool '{pool.name}' must stay readable to it ({kept})"
        return f"GRUB cannot read {feature}, and {reason}"
    if feature and feature not in pool.features:
        return f"pool '{pool.name}' has not enabled the feature {feature}"
    return ""


def _lesser(name: str, value: str, limits: props.Limits) -> str | None:
    """Return the next best value that asks less of the pool, None: there is none."""
    if name == "recordsize" and int(value) > limits.max_recordsize_bytes:
        return str(limits.max_recordsize_bytes)
    if name == "recordsize" and int(value) > _OLD_MAX_RECORD:
        return str(_OLD_MAX_RECORD)
    if name == "redundant_metadata":  # every pool takes "all"
        return "all"
    if name == "compression":
        # "on" stands for the best algorithm that the pool has (zio_compress.c).
        return "lz4" if value.startswith("zstd") else "on"
    return None


def is_for_grub(pool: PoolInfo) -> bool:
    """Tell whether a pool is kept to the features that GRUB can read.

    A boot filesystem does not prove that: ZFSBootMenu brings a ZFS of its own.
    """
    return any(file.startswith("grub") for file in _compatibility(pool))


def grub_reads(pool: PoolInfo, feature: str) -> bool:
    """Tell whether the GRUB that a pool is kept for knows a feature."""
    known = _OLD_GRUB if _OLD_GRUB_FILE in _compatibility(pool) else _GRUB
    return feature in known


def _compatibility(pool: PoolInfo) -> list[str]:
    """Return the names of a pool's compatibility files (man/man7/zpool-features.7)."""
    return [path.rpartition("/")[2] for path in pool.compatibility.split(",")]
