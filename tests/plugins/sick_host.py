"""Facts about a host that has all that a fault of a release can concern."""

from __future__ import annotations

from zfstune.health.diagnosis import diagnose
from zfstune.health.host_facts import HostFacts
from zfstune.values.frozen import replace
from zfstune.values.state import LOCAL, RECEIVED, Dataset, PoolInfo, PropertyValue, Vdev

__all__ = ["POOL", "SICK", "SOUND", "WELL", "complaints", "dataset", "on"]


def dataset(name: str, kind: str = "filesystem", **properties: str) -> Dataset:
    """Make a dataset whose properties were set on it."""
    values = {key: PropertyValue(value, LOCAL) for key, value in properties.items()}
    return Dataset(name, kind, hash(name) & 0xFFFF, 7, values)


_DISK = Vdev("disk", 12, "normal", ("/dev/sda",), rotational=False)
POOL = PoolInfo("tank", 1, (_DISK,), frozenset(), 1 << 39, 1 << 40, False, False)
_FEATURES = frozenset({"block_cloning", "bookmarks", "fast_dedup", "redaction_bookmarks"})
_KINDS = ("draid1", "raidz1")
SICK = HostFacts(
    module="2.1.0-1",
    library="2.1.0-1",
    kernel="6.12.1",
    parameters={
        "zfs_bclone_enabled": "1",
        "zfs_dmu_offset_next_sync": "1",
        "zvol_use_blk_mq": "1",
    },
    pools=(
        replace(
            POOL,
            vdevs=tuple(replace(_DISK, kind=kind) for kind in _KINDS),
            features=_FEATURES,
            active=_FEATURES,
            size_bytes=65 << 40,
        ),
    ),
    datasets=(
        dataset("tank", recordsize="1048576", xattr="sa", acltype="posix"),
        dataset("tank/old", version="4", dnodesize="auto", dedup="on"),
        dataset("tank/secret", encryption="aes-256-gcm"),
        dataset("tank/vol", "volume"),
        replace(dataset("tank/copy"), properties={"atime": PropertyValue("off", RECEIVED)}),
    ),
)
# The same releases, and none of what they stumble over.
SOUND = HostFacts(
    module="2.1.0-1",
    library="2.1.0-1",
    kernel="5.10.1",
    parameters={"zfs_bclone_enabled": "0", "zfs_dmu_offset_next_sync": "0"},
    pools=(POOL,),
    datasets=(dataset("tank", encryption="off", dedup="off", recordsize="131072"),),
)


def on(facts: HostFacts, release: tuple[int, ...]) -> HostFacts:
    """Give the facts another release of OpenZFS."""
    version = ".".join(map(str, release)) + "-1"
    return replace(facts, module=version, library=version)


WELL = replace(
    on(SOUND, (2, 4, 4)),
    parameters={"zfs_txg_timeout": "5", "zfs_arc_max": "0"},
    memory_bytes=8 << 30,
    now=1_800_000_000,
)


def complaints(facts: HostFacts) -> dict[str, str]:
    """Return the names of the findings on a host, with severities, without notes."""
    return {f.name: f.severity for f in diagnose(facts).findings if f.severity != "note"}
