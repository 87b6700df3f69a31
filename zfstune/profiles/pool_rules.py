"""Rules of a profile: other values for certain pools, with their reasons.

A rule asks for one of the facts in :data:`FACTS`. Nothing in a profile's file is ever
evaluated as code.
"""

from __future__ import annotations

from types import MappingProxyType

from zfstune.profiles.fit import is_for_grub
from zfstune.values.frozen import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zfstune.profiles.profile import PoolRule, Profile, Setting
    from zfstune.values.state import PoolInfo

__all__ = ["FACTS", "follow_rules", "has_vdev", "rule_for"]

_LARGE_ASHIFT = 13


def _made_of(pool: PoolInfo, kind: str) -> bool:
    return any(v.kind.startswith(kind) for v in pool.vdevs if v.role == "normal")


def has_vdev(pool: PoolInfo, role: str) -> bool:
    """Tell whether a pool has a vdev of a role, as in ``log`` or ``special``."""
    return any(vdev.role == role for vdev in pool.vdevs)


FACTS: Mapping[str, Callable[[PoolInfo], bool]] = MappingProxyType(
    {
        "draid": lambda pool: _made_of(pool, "draid"),
        "grub": is_for_grub,
        "large-sectors": lambda pool: pool.ashift >= _LARGE_ASHIFT,  # 8K and more
        "log": lambda pool: has_vdev(pool, "log"),
        "raidz": lambda pool: _made_of(pool, "raidz"),
        "redundant": lambda pool: pool.redundant,
        "rotational": lambda pool: pool.rotational,
        "special": lambda pool: has_vdev(pool, "special"),
    }
)


def rule_for(setting: Setting, pool: PoolInfo) -> PoolRule | None:
    """Return the first of a setting's rules that fits a pool, None: none does."""
    return next((rule for rule in setting.rules if FACTS[rule.pool](pool)), None)


def follow_rules(profile: Profile, pool: PoolInfo) -> Profile:
    """Return a profile with the values that its rules choose for a pool."""
    datasets = tuple(
        replace(dataset, settings=tuple(_following(s, pool) for s in dataset.settings))
        for dataset in profile.datasets
    )
    return replace(profile, datasets=datasets)


def _following(setting: Setting, pool: PoolInfo) -> Setting:
    rule = rule_for(setting, pool)
    if rule is None:
        return setting
    return replace(setting, value=rule.value, why=rule.why, source=rule.source, rules=())
