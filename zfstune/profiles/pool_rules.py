"""What a profile says of pools of a certain make: other values, with their reasons.

The facts that a rule may ask for are those below and no others. Nothing in a
profile's file is ever evaluated.
"""

from __future__ import annotations

from types import MappingProxyType

from zfstune.values.frozen import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zfstune.profiles.profile import Profile, Rule, Setting
    from zfstune.values.state import PoolInfo

__all__ = ["FACTS", "grub_reads", "is_for_grub", "rule_for", "settle"]

_LARGE_ASHIFT = 13
# Of the features that a property's value can need, those that GRUB knows:
# cmd/zpool/compatibility.d/grub2-2.12 and, from before that release, grub2-2.06.
_GRUB = frozenset({"embedded_data", "filesystem_limits", "large_blocks", "lz4_compress"})
_OLD_GRUB = frozenset({"embedded_data", "lz4_compress"})
_OLD_GRUB_FILE = "grub2-2.06"


def _made_of(pool: PoolInfo, kind: str) -> bool:
    return any(v.kind.startswith(kind) for v in pool.vdevs if v.role == "normal")


def _has(pool: PoolInfo, role: str) -> bool:
    return any(vdev.role == role for vdev in pool.vdevs)


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


FACTS: Mapping[str, Callable[[PoolInfo], bool]] = MappingProxyType(
    {
        "draid": lambda pool: _made_of(pool, "draid"),
        "grub": is_for_grub,
        "large-sectors": lambda pool: pool.ashift >= _LARGE_ASHIFT,  # 8K and more
        "log": lambda pool: _has(pool, "log"),
        "raidz": lambda pool: _made_of(pool, "raidz"),
        "redundant": lambda pool: pool.redundant,
        "rotational": lambda pool: pool.rotational,
        "special": lambda pool: _has(pool, "special"),
    }
)


def rule_for(setting: Setting, pool: PoolInfo) -> Rule | None:
    """Give the first of a setting's rules that speaks of this pool, None: none does."""
    return next((rule for rule in setting.rules if FACTS[rule.pool](pool)), None)


def settle(profile: Profile, pool: PoolInfo) -> Profile:
    """Give a profile with the values that its rules choose for a pool."""
    datasets = tuple(
        replace(dataset, settings=tuple(_settled(s, pool) for s in dataset.settings))
        for dataset in profile.datasets
    )
    return replace(profile, datasets=datasets)


def _settled(setting: Setting, pool: PoolInfo) -> Setting:
    rule = rule_for(setting, pool)
    if rule is None:
        return setting
    return replace(setting, value=rule.value, why=rule.why, source=rule.source, rules=())
