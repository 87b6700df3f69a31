"""Which pools and datasets of a host a fault of a release can bite.

Each function takes the facts about a host and returns names; none: it does not concern
the host. A fact that is missing counts as the release's default.
"""

from __future__ import annotations

from zfstune.values.state import RECEIVED
from zfstune.values.whole_number import NumberError, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.health.host_facts import HostFacts
    from zfstune.values.state import Dataset, PoolInfo

__all__ = [
    "block_cloning",
    "bookmarks",
    "cloning_on_large_pools",
    "cloning_with_pruned_dedup",
    "dedup",
    "encryption",
    "everything",
    "filesystems",
    "holes_of_dirty_files",
    "large_dnodes",
    "large_records",
    "posix_acls",
    "pruned_dedup",
    "raidz",
    "received_properties",
    "redaction",
    "spilled_attributes",
    "using_draid",
    "using_old_large_dnodes",
    "volumes",
    "volumes_on_blk_mq",
    "with_new_shrinkers",
]

_FILESYSTEM = "filesystem"
_VOLUME = "volume"
_CLONING = "block_cloning"
_SMALL_RECORD = 128 << 10
_LARGE_DEVICE = 64 << 40
_VERSION_WITH_SA = 5  # module/zfs/zfs_sa.c: attributes lie in the SA layout since then
# Before 2.2.1 no parameter switches cloning off; from then on 2.2 has it off, and 2.3 on.
_CLONING_DEFAULT = {"2.2.0": "1", "2.2": "0"}
_SHRINKERS = (6, 7)  # shrinker_free() came with this kernel; the fault is about it


def everything(facts: HostFacts) -> tuple[str, ...]:
    """Name all pools."""
    return tuple(pool.name for pool in facts.pools)


def filesystems(facts: HostFacts) -> tuple[str, ...]:
    """Name the pools that have filesystems."""
    held = {d.name.partition("/")[0] for d in facts.datasets if d.kind == _FILESYSTEM}
    return facts.pools_where(lambda pool: pool.name in held)


def volumes(facts: HostFacts) -> tuple[str, ...]:
    """Name the volumes."""
    return facts.datasets_where(lambda dataset: dataset.kind == _VOLUME)


def volumes_on_blk_mq(facts: HostFacts) -> tuple[str, ...]:
    """Name the volumes, where the kernel reaches them by its multi-queue layer."""
    return volumes(facts) if facts.parameters.get("zvol_use_blk_mq") == "1" else ()


def encryption(facts: HostFacts) -> tuple[str, ...]:
    """Name the encrypted datasets."""
    return facts.datasets_where(lambda d: (d.value("encryption") or "off") != "off")


def dedup(facts: HostFacts) -> tuple[str, ...]:
    """Name the datasets whose blocks are deduplicated."""
    return facts.datasets_where(lambda d: (d.value("dedup") or "off") != "off")


def pruned_dedup(facts: HostFacts) -> tuple[str, ...]:
    """Name the pools whose deduplication table can be pruned."""
    return facts.pools_where(lambda pool: "fast_dedup" in pool.active)


def cloning_with_pruned_dedup(facts: HostFacts) -> tuple[str, ...]:
    """Name the pools with cloned blocks and a table that can be pruned."""
    return facts.pools_where(lambda pool: {"fast_dedup", _CLONING} <= pool.active)


def block_cloning(facts: HostFacts) -> tuple[str, ...]:
    """Name the pools in which files can be cloned by their blocks."""
    if _cloning_switch(facts) == "0":
        return ()
    return facts.pools_where(lambda pool: _CLONING in pool.features)


def cloning_on_large_pools(facts: HostFacts) -> tuple[str, ...]:
    """Name the pools with cloned blocks one of whose devices may be larger than 64 TiB."""

    def has_large(pool: PoolInfo) -> bool:
        return _CLONING in pool.active and pool.size_bytes > _LARGE_DEVICE

    return facts.pools_where(has_large) if _cloning_switch(facts) != "0" else ()


def holes_of_dirty_files(facts: HostFacts) -> tuple[str, ...]:
    """Name the pools with filesystems, where a search for holes waits for writes.

    The parameter is on by default since 2.1.5.
    """
    default = "1" if facts.release >= (2, 1, 5) else "0"
    switch = facts.parameters.get("zfs_dmu_offset_next_sync", default)
    return filesystems(facts) if switch != "0" else ()


def large_records(facts: HostFacts) -> tuple[str, ...]:
    """Name the datasets that may have blocks above 128K."""
    return facts.datasets_where(lambda d: _number(d, "recordsize") > _SMALL_RECORD)


def large_dnodes(facts: HostFacts) -> tuple[str, ...]:
    """Name the filesystems whose new files have dnodes of another size than 512 bytes."""
    return facts.datasets_where(_has_large_dnodes)


def bookmarks(facts: HostFacts) -> tuple[str, ...]:
    """Name the pools with bookmarks, which an incremental send can begin at."""
    return facts.pools_where(lambda pool: "bookmarks" in pool.active)


def received_properties(facts: HostFacts) -> tuple[str, ...]:
    """Name the datasets with a property that came in a stream."""
    return facts.datasets_where(
        lambda d: any(found.source == RECEIVED for found in d.properties.values())
    )


def redaction(facts: HostFacts) -> tuple[str, ...]:
    """Name the pools with redaction bookmarks."""
    return facts.pools_where(lambda pool: "redaction_bookmarks" in pool.active)


def using_draid(facts: HostFacts) -> tuple[str, ...]:
    """Name the pools with a draid."""
    return facts.pools_where(lambda pool: _has_vdev(pool, "draid"))


def raidz(facts: HostFacts) -> tuple[str, ...]:
    """Name the pools with a raidz."""
    return facts.pools_where(lambda pool: _has_vdev(pool, "raidz"))


def posix_acls(facts: HostFacts) -> tuple[str, ...]:
    """Name the filesystems with POSIX ACLs."""
    return facts.datasets_where(lambda d: d.value("acltype") in ("posix", "posixacl"))


def spilled_attributes(facts: HostFacts) -> tuple[str, ...]:
    """Name the filesystems that keep extended attributes beside a file's own."""
    return facts.datasets_where(lambda d: d.value("xattr") == "sa")


def using_old_large_dnodes(facts: HostFacts) -> tuple[str, ...]:
    """Name the filesystems of an old version whose dnodes are large."""

    def has_both(dataset: Dataset) -> bool:
        version = _number(dataset, "version")
        return 0 < version < _VERSION_WITH_SA and _has_large_dnodes(dataset)

    return facts.datasets_where(has_both)


def with_new_shrinkers(facts: HostFacts) -> tuple[str, ...]:
    """Name the pools with filesystems, on a kernel that frees shrinkers early."""
    return filesystems(facts) if facts.kernel_release >= _SHRINKERS else ()


def _cloning_switch(facts: HostFacts) -> str:
    release = facts.release
    default = _CLONING_DEFAULT.get(
        ".".join(map(str, release)),
        _CLONING_DEFAULT.get(".".join(map(str, release[:2])), "1"),
    )
    return facts.parameters.get("zfs_bclone_enabled", default)


def _has_vdev(pool: PoolInfo, kind: str) -> bool:
    return any(vdev.kind.startswith(kind) for vdev in pool.vdevs)


def _has_large_dnodes(dataset: Dataset) -> bool:
    return (dataset.value("dnodesize") or "legacy") != "legacy"


def _number(dataset: Dataset, name: str) -> int:
    try:
        return read_whole(dataset.value(name) or "0")
    except NumberError:
        return 0
