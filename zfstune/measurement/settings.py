"""The settings that are in force where a measurement runs, and what they mean for it.

Scratch datasets lie directly below the pool, so what nobody sets for them they inherit
from its root dataset.
"""

from __future__ import annotations

from zfstune.values.layout import are_alike
from zfstune.values.size import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zfstune.measurement.job_file import Workload
    from zfstune.values.state import Dataset, PoolInfo

__all__ = ["KEPT", "are_synced", "properties_for", "remarks", "settings_below"]

KEPT = frozenset(
    {
        *("acltype", "atime", "checksum", "copies", "dnodesize", "logbias", "relatime"),
        *("redundant_metadata", "secondarycache", "special_small_blocks", "sync", "xattr"),
        "primarycache",
    }
)
"""Properties of a profile's dataset that change what a write costs."""

# Those that nothing sets for a measurement, but that a pool's root dataset may have.
_INHERITED = KEPT | {"dedup", "direct", "encryption", "prefetch"}
_OFF = "off"


def settings_below(root: Dataset, chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that a dataset directly below a pool would have.

    Args:
        root: The root dataset of the pool.
        chosen: The properties that are set on the dataset.
    """
    inherited = {name: root.value(name) for name in sorted(_INHERITED)}
    return {name: text for name, text in inherited.items() if text is not None} | {**chosen}


def properties_for(
    chosen: Mapping[str, str], settings: Mapping[str, str]
) -> dict[str, str]:
    """Return the properties of a scratch dataset: those chosen, and buffered writes.

    With ``direct=always`` the same write is direct or buffered by where its memory begins:
    it is direct if memory, offset and length are multiples of a page of the machine's
    memory, it is at least as long as the file's records, and no part of it is mapped
    (zfs_setup_direct() in module/zfs/zfs_vnops.c). So counts would be of either kind.
    """
    if settings.get("direct") == "always":
        return {**chosen, "direct": "standard"}
    return dict(chosen)


def are_synced(sync_every: int, settings: Mapping[str, str]) -> bool:
    """Tell whether writes go through the intent log.

    Args:
        sync_every: Writes from one fsync of the application to the next; 0: none.
        settings: The settings in force.
    """
    sync = settings.get("sync", "standard")
    return sync == "always" or (sync_every > 0 and sync != "disabled")


def remarks(
    workload: Workload, settings: Mapping[str, str], pool: PoolInfo
) -> tuple[str, ...]:
    """Return sentences about settings that the figures depend on.

    Args:
        workload: The workload.
        settings: The settings in force.
        pool: The pool.
    """
    return (
        *_of_direct_writes(workload, settings),
        *_of_properties(settings),
        *_of_vdevs(pool, settings, synced=are_synced(workload.facts.sync_every, settings)),
    )


def _of_direct_writes(workload: Workload, settings: Mapping[str, str]) -> Iterator[str]:
    if settings.get("direct") == "always":
        yield (
            "direct=always is inherited from the pool; the scratch datasets have "
            "direct=standard, so that all is buffered. An application whose memory, "
            "offsets and lengths are aligned to pages of memory would pass the ARC by: "
            "writes at least as long as a record are written as they come, each time, and "
            "reads leave nothing in it. All else is buffered, and from OpenZFS 2.4 on not "
            "kept in the ARC either."
        )
    if workload.direct:
        yield (
            "The job opens its files with O_DIRECT (direct=1): from OpenZFS 2.3 on its "
            "times are those of direct writes and reads. The bytes are counted of buffered "
            "ones."
        )


def _of_properties(settings: Mapping[str, str]) -> Iterator[str]:
    dedup, cache = settings.get("dedup", _OFF), settings.get("primarycache", "all")
    if dedup != _OFF:
        yield (
            f"dedup={dedup} is in force: the devices write the table of all blocks as "
            "well, and nothing of the data is there twice."
        )
    if settings.get("sync") == "disabled":
        yield "sync=disabled is in force: nothing is waited for, and no log is written."
    elif settings.get("sync") == "always":
        yield "sync=always is in force: each write is waited for."
    if settings.get("logbias") == "throughput":
        yield (
            "logbias=throughput is in force: a synced write goes to its place at once, and "
            "log vdevs are passed by."
        )
    if cache != "all":
        yield f"primarycache={cache} is in force: fio's reads find no data in the ARC."
    if settings.get("copies", "1") != "1":
        yield f"copies={settings['copies']} is in force: each record is written so often."


def _of_vdevs(
    pool: PoolInfo, settings: Mapping[str, str], *, synced: bool
) -> Iterator[str]:
    roles = {vdev.role for vdev in pool.vdevs}
    if "special" in roles:
        small = int(settings.get("special_small_blocks", "0"))
        goes = f" and blocks of at most {format_size(small)} go" if small else " goes"
        yield f"Metadata{goes} to the special vdev; all vdevs are counted together."
    if "log" in roles and synced:
        yield "The intent log goes to the log vdevs, which are counted too."
    if not are_alike(pool):
        yield (
            "The vdevs that hold data are not alike. The model reckons with the one on "
            "which a block takes the most space."
        )
