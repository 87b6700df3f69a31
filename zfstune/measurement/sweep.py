"""Remove scratch datasets: at the end of a measurement, and what a killed one has left.

A measurement notes on this host which scratch dataset it makes. So any command can tell by
one look into a folder, which is mostly missing, whether a killed one has left something.
Such a note only says where to look: the dataset's own mark decides.
"""

from __future__ import annotations

import os
from contextlib import suppress

from zfstune.host.files import STATE, read_plain, replace_file
from zfstune.snapshots.at_work import is_at_work
from zfstune.values.errors import Busy, NotFound
from zfstune.values.marks import SCRATCH_PREFIX, scratch_mark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from zfstune.engine.protocol import Engine

__all__ = [
    "forget_scratch",
    "note_scratch",
    "remove_scratch",
    "scratch_left",
    "sweep_scratch",
]

NOTES = f"{STATE}/measurements"
_MOST_CHARACTERS = 256  # ZFS_MAX_DATASET_NAME_LEN


def note_scratch(parent: str) -> None:
    """Note on this host that a scratch dataset is going to be made.

    Where the note cannot be written, only the next measurement on the pool sweeps.
    """
    pool, _, name = parent.partition("/")
    with suppress(OSError):
        os.makedirs(NOTES, mode=0o700, exist_ok=True)
        replace_file(f"{NOTES}/{name}", pool)


def forget_scratch(parent: str) -> None:
    """Remove the note about a scratch dataset that is gone."""
    with suppress(OSError):
        os.unlink(f"{NOTES}/{parent.partition('/')[2]}")
        os.rmdir(NOTES)  # refused as long as there are others


def scratch_left(engine: Engine, pools: Container[str]) -> Iterator[str]:
    """Find what measurements that were killed left in pools, as far as it is noted here.

    Args:
        engine: Where the pools are.
        pools: Their names.

    Yields:
        The names of scratch datasets in which no measurement is at work.
    """
    for parent in _noted(pools):
        try:
            dataset = engine.dataset(parent)
        except NotFound:  # it is about to be made, or its process was killed before
            continue
        mark = scratch_mark(dataset)
        if mark and not is_at_work(engine, parent, mark):
            yield dataset.name


def sweep_scratch(engine: Engine, pool: str) -> tuple[str, ...]:
    """Remove what measurements that were killed left in a pool; return the names.

    Raises:
        Busy: A measurement is running there.
    """
    marks = {d.name: mark for d in engine.datasets(pool) if (mark := scratch_mark(d))}
    for name, mark in marks.items():
        if is_at_work(engine, name, mark):
            raise Busy(
                operation="measure on",
                target=pool,
                reason=f"another measurement is at work in {name}",
                hint="wait until it has ended: each would count what the other writes",
            )
    for name in marks:
        remove_scratch(engine, name)
    for parent in _noted({pool}):
        forget_scratch(parent)
    return tuple(marks)


def remove_scratch(engine: Engine, root: str) -> None:
    """Remove a scratch dataset and all below it, with their snapshots and mountpoints."""
    try:
        datasets = engine.datasets(root)
    except NotFound:
        datasets = []
    for dataset in reversed(datasets):
        mounted = engine.mounts().get(dataset.name)
        if mounted is not None:
            engine.unmount(dataset.name, force=True)
            _remove_folders(mounted.path)
        engine.destroy_snapshots([found.name for found in engine.snapshots(dataset.name)])
        with suppress(NotFound):
            engine.destroy(dataset.name)
    forget_scratch(root)


def _noted(pools: Container[str]) -> Iterator[str]:
    """Return the names of the scratch datasets in pools that are noted on this host."""
    try:
        noted = sorted(os.listdir(NOTES))
    except OSError:  # mostly there are none
        return
    for name in noted:
        pool = read_plain(f"{NOTES}/{name}", _MOST_CHARACTERS)
        if pool in pools and name.startswith(SCRATCH_PREFIX):
            yield f"{pool}/{name}"


def _remove_folders(path: str) -> None:
    """Remove the folder that a dataset was mounted on, and those that lead there.

    Below an altroot they lie elsewhere, so their names decide. None is removed that holds
    anything.
    """
    above = os.path.dirname(path)
    with suppress(OSError):
        os.rmdir(path)
        if os.path.basename(above).startswith(SCRATCH_PREFIX):
            os.rmdir(above)
            os.rmdir(os.path.dirname(above))
