"""Read the counters of the zfs module and of the processors."""

from __future__ import annotations

import os

from zfstune.host.machine_facts import kernel_text
from zfstune.measurement.counters import parse_kstat, parse_processor

__all__ = [
    "ModuleParameters",
    "arc_counters",
    "dataset_counters",
    "module_parameters",
    "processor_ticks",
    "write_cache",
    "zil_counters",
]

_KSTATS = "/proc/spl/kstat/zfs"
_BLOCK = "/sys/class/block"
_PARAMETERS = "/sys/module/zfs/parameters"
# Parameters that a measurement depends on: man/man4/zfs.4
_NAMES = (
    *("zfs_txg_timeout", "zfs_dirty_data_max", "zfs_arc_max", "zfs_arc_min"),
    *("zfs_compressed_arc_enabled", "zfs_prefetch_disable", "zfs_immediate_write_sz"),
    *("zfs_vdev_aggregation_limit", "zfs_vdev_async_write_max_active", "zil_slog_bulk"),
)
ModuleParameters = dict[str, str]


def dataset_counters(pool: str, objset: int) -> dict[str, int]:
    """Return the counters of a dataset that is mounted, with those of its log since 2.2."""
    return _kstat(f"{pool}/objset-0x{objset:x}")


def zil_counters(pool: str, objset: int) -> tuple[dict[str, int], bool]:
    """Return the counters of the intent log, and whether they are those of all pools."""
    own = dataset_counters(pool, objset)
    if "zil_commit_count" in own:
        return own, False
    return _kstat("zil"), True


def arc_counters() -> dict[str, int]:
    """Return the counters of the ARC, ``demand_data_hits`` and the like."""
    return _kstat("arcstats")


def processor_ticks() -> int:
    """Return how many ticks of the clock all processors were busy."""
    return parse_processor(kernel_text("/proc/stat"))


def module_parameters() -> ModuleParameters:
    """Return the parameters of the zfs module that a measurement depends on."""
    found = {name: kernel_text(f"{_PARAMETERS}/{name}").strip() for name in _NAMES}
    return {name: text for name, text in found.items() if text}


def write_cache(device: str) -> str:
    """Return how a device writes, ``write back`` or ``write through``; empty: unknown."""
    block = f"{_BLOCK}/{os.path.basename(os.path.realpath(device))}"
    # A partition has the queue of its disk, in the folder above.
    found = (
        kernel_text(f"{folder}/queue/write_cache") for folder in (block, f"{block}/..")
    )
    return next(filter(None, found), "").strip()


def _kstat(name: str) -> dict[str, int]:
    return parse_kstat(kernel_text(f"{_KSTATS}/{name}"))
