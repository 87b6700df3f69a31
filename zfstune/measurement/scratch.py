"""Scratch datasets: below one parent with a quota, marked, and always removed.

The parent's mark names the process that made it. Where that process is gone, what it left
is removed by the next measurement on the pool, or by another command that changes
something there (:mod:`zfstune.measurement.sweep`).
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager

from zfstune.host.process_identity import own_identity
from zfstune.measurement.sweep import note_scratch, remove_scratch
from zfstune.values.frozen import frozen
from zfstune.values.marks import SCHEDULE_PROPERTY, SCRATCH_PREFIX, SCRATCH_PROPERTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zfstune.engine.protocol import Engine

__all__ = ["Scratch", "scratch_in"]

_MOUNTS = "/run/zfstune-measure"
# Nothing of it is meant to be run, shared, or kept by anybody's timer.
_SAFE = {
    "canmount": "noauto",
    "devices": "off",
    "exec": "off",
    "setuid": "off",
    "sharenfs": "off",
    "sharesmb": "off",
    "com.sun:auto-snapshot": "false",
    SCHEDULE_PROPERTY: "none",
}


@frozen
class Scratch:
    """The parent of scratch datasets.

    Attributes:
        engine: Where it is.
        parent: Its full name.
    """

    engine: Engine
    parent: str

    @contextmanager
    def dataset(self, properties: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Make a dataset for one block: its name, and where it is mounted."""
        name = f"{self.parent}/{secrets.token_hex(4)}"
        try:
            self.engine.create(name, properties={**properties, "canmount": "noauto"})
            yield name, self.engine.mount(name)
        finally:
            remove_scratch(self.engine, name)

    def remount(self, name: str) -> None:
        """Unmount a dataset and mount it again, so that reads of its data are cold.

        Unmounting drops the dataset's buffers (dmu_objset_evict_dbufs(), called by
        zfsvfs_teardown() in module/os/linux/zfs/zfs_vfsops.c). Those of data that is not
        to be cached leave the ARC with that, also the ones that OpenZFS 2.2 and later keep
        since they were read in part (db_partial_read in module/zfs/dbuf.c): fdatasync
        reads each page that it logs in this way. Data that the ARC caches stays.

        Raises:
            EngineError: A file of it is open.
        """
        self.engine.unmount(name, force=True)
        self.engine.mount(name)


@contextmanager
def scratch_in(engine: Engine, pool: str, quota_bytes: int) -> Iterator[Scratch]:
    """Make a parent for scratch datasets, for one block.

    Args:
        engine: Where the pool is.
        pool: Name of the pool.
        quota_bytes: The most space that all of them take.
    """
    name = f"{SCRATCH_PREFIX}{secrets.token_hex(4)}"
    parent = f"{pool}/{name}"
    properties = {
        **_SAFE,
        "canmount": "off",
        "mountpoint": f"{_MOUNTS}/{name}",
        "quota": str(quota_bytes),
        SCRATCH_PROPERTY: own_identity(),
    }
    note_scratch(parent)
    try:
        engine.create(parent, properties=properties)
        yield Scratch(engine, parent)
    finally:
        remove_scratch(engine, parent)
