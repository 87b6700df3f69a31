"""The nearest value to the one that a profile asks for that a pool can take.

What limits it are the running module, the pool's features, and GRUB where the pool is
kept to what GRUB can read.
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
# Of the features that a property's value can need, those that GRUB knows:
# cmd/zpool/compatibility.d/grub2-2.12 and, from before that release, grub2-2.06.
_GRUB = frozenset({"embedded_data", "filesystem_limits", "large_blocks", "lz4_compress"})
_OLD_GRUB = frozenset({"embedded_data", "lz4_compress"})
_OLD_GRUB_FILE = "grub2-2.06"


def fit_value(
    name: str, value: str, pool: PoolInfo, limits: props.Limits
) -> tuple[str | None, str]:
    """Give the nearest to a canonical value that a pool takes, and what it lacked.

    Returns:
        A value, None where the property has to be left out; and the reason why it
        is not the one asked for, empty where it is.
    """
    nearest: str | None = value
    first = lack = _lacks(name, value, pool, limits)
    while lack and nearest is not None:
        nearest = _lesser(name, nearest, limits)
        lack = "" if nearest is None else _lacks(name, nearest, pool, limits)
    return nearest, first


def _lacks(name: str, value: str, pool: PoolInfo, limits: props.Limits) -> str:
    """Say what the pool or the module lacks for a value; empty if nothing."""
    known = props.find(name)
    if known is not None:
        since = known.words_since.get(value, known.since)
        if limits.release < since:
            return f"it takes OpenZFS {'.'.join(map(str, since))}"
    if name == "recordsize" and int(value) > limits.max_recordsize_bytes:
        most = display(name, str(limits.max_recordsize_bytes))
        return f"the running module takes {most} at the most"
    # "most" keeps one copy of what points at data, and dmu_write_policy() in
    # module/zfs/dmu.c takes one damaged block then to cost a thousand records.
    if name == "redundant_metadata" and value != "all" and not pool.redundant:
        return f"pool '{pool.name}' has no second copy to mend from"
    feature = props.feature_for(name, value)
    if feature and is_for_grub(pool) and not grub_reads(pool, feature):
        kept = f"compatibility={pool.compatibility}"
        return f"GRUB cannot read {feature}, and pool '{pool.name}' is kept for it ({kept})"
    if feature and feature not in pool.features:
        return f"pool '{pool.name}' has not enabled the feature {feature}"
    return ""


def _lesser(name: str, value: str, limits: props.Limits) -> str | None:
    """Give the next best value that asks less of the pool, None: there is none."""
    if name == "recordsize" and int(value) > limits.max_recordsize_bytes:
        return str(limits.max_recordsize_bytes)
    if name == "recordsize" and int(value) > _OLD_MAX_RECORD:
        return str(_OLD_MAX_RECORD)
    if name == "redundant_metadata" and value != "all":
        return "all"
    if name == "compression" and value != "on":
        # "on" is the best that the pool has, whichever that is (zio_compress.c).
        return "lz4" if value.startswith("zstd") else "on"
    return None


def is_for_grub(pool: PoolInfo) -> bool:
    """Tell whether a pool is kept to what GRUB can read, for booting from it.

    That it is booted from says nothing: ZFSBootMenu brings a ZFS of its own.
    """
    return any(file.startswith("grub") for file in _compatibility(pool))


def grub_reads(pool: PoolInfo, feature: str) -> bool:
    """Tell whether the GRUB that a pool is kept for knows a feature."""
    known = _OLD_GRUB if _OLD_GRUB_FILE in _compatibility(pool) else _GRUB
    return feature in known


def _compatibility(pool: PoolInfo) -> list[str]:
    """Give the names of the files that a pool is kept to (man/man7/zpool-features.7)."""
    return [path.rpartition("/")[2] for path in pool.compatibility.split(",")]
