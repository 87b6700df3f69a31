"""Scratch datasets: below one parent with a quota, marked, and always removed.

The parent's mark names the process that made it, which holds a snapshot of it as long as
it is at work (:mod:`zfstune.snapshots.at_work`). Where that process is gone, what it left
is removed by the next measurement on the pool, or by another command that changes
something there (:mod:`zfstune.measurement.sweep`).
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager, nullcontext

from zfstune.host.process_identity import own_identity
from zfstune.measurement.sweep import note_scratch, remove_scratch
from zfstune.snapshots.at_work import at_work_in
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
        mounted: Whether its datasets are mounted; those of an image are not.
    """

    engine: Engine
    parent: str
    mounted: bool = True

    @contextmanager
    def dataset(self, properties: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Make a dataset for one block: its name, and where it is mounted, or nothing."""
        name = f"{self.parent}/{secrets.token_hex(4)}"
        try:
            self.engine.create(name, properties={**properties, "canmount": "noauto"})
            yield name, self.engine.mount(name) if self.mounted else ""
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
        if not self.mounted:
            return  # nothing of it is kept where nothing is to be cached
        self.engine.unmount(name, force=True)
        self.engine.mount(name)

    def force_groups(self, count: int) -> None:
        """Write that many transaction groups, whether anything has changed or not."""
        pool = self.parent.partition("/")[0]
        for _ in range(count):
            if self.mounted:
                self.engine.sync(pool, force=True)
            else:  # libzpool has no call for that, and this change is one of no meaning
                self.engine.set(self.parent, {SCRATCH_PROPERTY: own_identity()})
                self.engine.sync(pool)


@contextmanager
def scratch_in(
    engine: Engine, pool: str, quota_bytes: int, *, mounted: bool = True
) -> Iterator[Scratch]:
    """Make a parent for scratch datasets, for one block.

    Args:
        engine: Where the pool is.
        pool: Name of the pool.
        quota_bytes: The most space that all of them take.
        mounted: Whether they are mounted.
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
    if mounted:  # an image is swept by the next measurement on it, which may be elsewhere
        note_scratch(parent)
    try:
        engine.create(parent, properties=properties)
        with at_work_in(engine, parent) if mounted else nullcontext():
            yield Scratch(engine, parent, mounted)
    finally:
        remove_scratch(engine, parent)
