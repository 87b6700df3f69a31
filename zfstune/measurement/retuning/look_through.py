"""Look at a dataset and its files, and make the plan of a run."""

from __future__ import annotations

import os
from contextlib import contextmanager

from zfstune.engine.pools import ready_pool
from zfstune.host.attributes import gives_access_lists
from zfstune.host.overlays import overlays_on
from zfstune.host.processes import programs_on
from zfstune.host.walk import open_directory
from zfstune.measurement.retuning.clean import count_leftovers
from zfstune.measurement.retuning.find import find_files
from zfstune.measurement.retuning.found_file import has_old_blocks, links_outside
from zfstune.measurement.retuning.gain import Layout, gains
from zfstune.measurement.retuning.programs import NAMES, running_hint, running_reason
from zfstune.measurement.retuning.refusals import refuse_dataset
from zfstune.measurement.retuning.retune_plan import History, Left, RetunePlan
from zfstune.measurement.retuning.sample import is_stored_otherwise
from zfstune.measurement.retuning.spare import spare_folders
from zfstune.values.errors import PlanError
from zfstune.values.layout import data_vdev
from zfstune.values.names import pool_of
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.engine.protocol import Engine
    from zfstune.measurement.retuning.choice import Retuning
    from zfstune.measurement.retuning.found_file import FoundFile
    from zfstune.values.state import Dataset, Mount, PoolInfo

__all__ = ["look_through", "opened", "refuse_users"]

_CHECKPOINT = "zpool_checkpoint"


@contextmanager
def opened(engine: Engine, name: str, *, idle: bool) -> Iterator[tuple[int, Mount]]:
    """Open the root directory of a dataset whose files can be written anew.

    Raises:
        PlanError: They cannot.
    """
    pool = ready_pool(engine, pool_of(name), operation="retune")
    dataset = engine.dataset(name)
    mount = refuse_dataset(dataset, engine.mounts().get(name), pool, idle=idle)
    try:
        place = open_directory(mount.path)
        try:
            root = os.open(".", os.O_RDONLY | os.O_CLOEXEC, dir_fd=place)
        finally:
            os.close(place)
    except OSError as error:
        raise PlanError(f"cannot retune '{name}': {error.strerror}") from None
    try:
        _refuse_access_lists(dataset, root)
        yield root, mount
    finally:
        os.close(root)


def refuse_users(name: str, root: int) -> None:
    """Refuse a dataset that an application or an overlay uses as its own.

    Raises:
        PlanError: One of them does.
    """
    device = os.fstat(root).st_dev
    running = programs_on(device, NAMES)
    if running:
        raise PlanError(
            f"cannot retune '{name}': {running_reason(running)}", hint=running_hint(running)
        )
    overlays = overlays_on(device)
    if overlays:
        raise PlanError(
            f"cannot retune '{name}': an overlay at '{shown(overlays[0])}' lies over it",
            hint=f"stop its container, or `umount {for_shell(overlays[0])}`",
        )


def look_through(
    engine: Engine, name: str, root: int, mount: Mount, choice: Retuning
) -> RetunePlan:
    """Look through a dataset, and plan the run.

    Args:
        engine: The kernel's.
        name: The dataset.
        root: Its open root directory.
        mount: Where it is mounted.
        choice: Which files are written anew.
    """
    dataset, pool = engine.dataset(name), engine.pool(pool_of(name))
    layout = _layout(dataset, pool)
    record = layout.record_bytes
    every = choice.everything or choice.compression
    found, count = find_files(
        root,
        lambda facts: (
            facts.st_size > 0
            and (every or has_old_blocks(facts.st_size, facts.st_blksize, record))
        ),
        skip=spare_folders(root),
    )
    taken = sorted(
        (file for file in found.values() if _is_taken(root, file, layout, choice)),
        key=lambda file: file.names,
    )
    files = tuple(file for file in taken if not links_outside(file))
    outside = (file for file in taken if links_outside(file))
    return RetunePlan(
        dataset=name,
        path=mount.path,
        record_bytes=record,
        compression=dataset.value("compression") or "off",
        looked_at=count,
        files=files,
        left=tuple(Left(file.path, links_outside(file)) for file in outside),
        gains=gains(files, layout),
        history=_history(engine, dataset, pool),
        free_bytes=pool.free_bytes,
        floor_bytes=choice.floor_bytes(pool.size_bytes),
        leftovers=count_leftovers(root),
    )


def _is_taken(root: int, file: FoundFile, layout: Layout, choice: Retuning) -> bool:
    if choice.everything or has_old_blocks(
        file.size_bytes, file.block_bytes, layout.record_bytes
    ):
        return True
    return is_stored_otherwise(
        root, file, compressed=layout.compressed, copies=layout.copies
    )


def _layout(dataset: Dataset, pool: PoolInfo) -> Layout:
    return Layout(
        vdev=data_vdev(pool),
        record_bytes=int(dataset.value("recordsize") or 0),
        compressed=dataset.value("compression") not in (None, "off"),
        copies=int(dataset.value("copies") or 1),
    )


def _history(engine: Engine, dataset: Dataset, pool: PoolInfo) -> History:
    snapshots = engine.snapshots(dataset.name)
    names = [snapshot.name for snapshot in snapshots[-1:]]
    origin = dataset.value("origin") or ""
    if origin and not names:
        names = [origin]
    taken = [int(engine.snapshot(each).value("creation") or 0) for each in names]
    return History(
        snapshots=len(snapshots) + bool(origin),
        newest_s=max(taken, default=0),
        pool_checkpoint=_CHECKPOINT in pool.active,
    )


def _refuse_access_lists(dataset: Dataset, root: int) -> None:
    """Refuse access lists of NFSv4 on a kernel that does not give them out."""
    if dataset.value("acltype") not in ("nfsv4", "nfs4"):
        return
    if not gives_access_lists(root):
        raise PlanError(
            f"cannot retune '{dataset.name}': acltype is nfsv4, and this kernel gives out "
            "no such access lists, so a copy would lose them"
        )
