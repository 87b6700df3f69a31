"""Scratch datasets: below one parent with a quota, marked, and always removed.

The parent's mark names the process that made it. Where that process is gone, what it left
is removed by the next measurement on the pool.
"""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager, suppress

from zfstune.host.process_identity import is_running, own_identity
from zfstune.values.errors import Busy, NotFound
from zfstune.values.frozen import frozen
from zfstune.values.marks import SCHEDULE_PROPERTY, SCRATCH_PROPERTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Dataset

__all__ = ["PARENT_PREFIX", "Scratch", "scratch_in", "sweep_scratch"]

PARENT_PREFIX = "zfstune-measure-"
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
            _remove(self.engine, name)


@contextmanager
def scratch_in(engine: Engine, pool: str, quota_bytes: int) -> Iterator[Scratch]:
    """Make a parent for scratch datasets, for one block.

    Args:
        engine: Where the pool is.
        pool: Name of the pool.
        quota_bytes: The most space that all of them take.
    """
    name = f"{PARENT_PREFIX}{secrets.token_hex(4)}"
    parent = f"{pool}/{name}"
    properties = {
        **_SAFE,
        "canmount": "off",
        "mountpoint": f"{_MOUNTS}/{name}",
        "quota": str(quota_bytes),
        SCRATCH_PROPERTY: own_identity(),
    }
    try:
        engine.create(parent, properties=properties)
        yield Scratch(engine, parent)
    finally:
        _remove(engine, parent)


def sweep_scratch(engine: Engine, pool: str) -> tuple[str, ...]:
    """Remove what measurements that were killed left in a pool; return the names.

    Raises:
        Busy: A measurement is running there.
    """
    left = [
        dataset.name
        for dataset in engine.datasets(pool)
        if _is_scratch(dataset, pool) and dataset.local(SCRATCH_PROPERTY)
    ]
    for name in left:
        if is_running(engine.dataset(name).local(SCRATCH_PROPERTY) or ""):
            raise Busy(
                operation="measure on",
                target=pool,
                reason=f"another measurement is at work in {name}",
            )
    for name in left:
        _remove(engine, name)
    return tuple(left)


def _is_scratch(dataset: Dataset, pool: str) -> bool:
    """Tell whether a dataset has the name of a parent, directly below its pool."""
    above, _, name = dataset.name.rpartition("/")
    return above == pool and name.startswith(PARENT_PREFIX)


def _remove(engine: Engine, root: str) -> None:
    """Remove a scratch dataset and all below it, with their snapshots and mountpoints."""
    try:
        datasets = engine.datasets(root)
    except NotFound:
        return
    for dataset in reversed(datasets):
        mounted = engine.mounts().get(dataset.name)
        if mounted is not None:
            engine.unmount(dataset.name, force=True)
            _remove_folders(mounted.path)
        engine.destroy_snapshots([found.name for found in engine.snapshots(dataset.name)])
        with suppress(NotFound):
            engine.destroy(dataset.name)


def _remove_folders(path: str) -> None:
    """Remove the folder that a dataset was mounted on, and those that lead there.

    Below an altroot they lie elsewhere, so their names decide. None is removed that holds
    anything.
    """
    above = os.path.dirname(path)
    with suppress(OSError):
        os.rmdir(path)
        if os.path.basename(above).startswith(PARENT_PREFIX):
            os.rmdir(above)
            os.rmdir(os.path.dirname(above))
