"""Tell what changed between two snapshots, or between two checkpoints of many datasets."""

from __future__ import annotations

from zfstune.engine.open import using
from zfstune.snapshots.changes import (
    ChangesBetween,
    DatasetChanges,
    check_order,
    path_changes,
)
from zfstune.snapshots.checkpoint import find_checkpoint, pool_of_all
from zfstune.snapshots.look_up import look_up
from zfstune.values.errors import InvalidName
from zfstune.values.names import check_snapshot
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.engine.protocol import Engine
    from zfstune.snapshots.changes import PathChange
    from zfstune.values.state import Snapshot

__all__ = ["diff"]

_FILESYSTEM = "filesystem"


def diff(
    first: str,
    second: str,
    *,
    recursive: bool = False,
    paths: bool = True,
    pool: str | None = None,
    engine: Engine | None = None,
) -> ChangesBetween:
    """Tell what changed between two snapshots.

    Args:
        first: The earlier snapshot, or the name of the earlier checkpoint.
        second: The later snapshot, by its full name or by ``@name``, or the name of the
            later checkpoint. A clone may be compared with the snapshot it came from.
        recursive: Compare the snapshots of these names on all datasets below, too. For
            checkpoints that is so in any case.
        paths: Name the files and directories, which takes longer.
        pool: For checkpoints; default: see :func:`zfstune.engine.pools.choose_pool`.
        engine: Default: the running kernel's ZFS.

    Raises:
        InvalidName: One is a snapshot, and the other one cannot be.
        NotFound: A snapshot or a checkpoint does not exist.
        PlanError: The first is not older than the second.
        EngineError: They cannot be compared, as for want of the permission ``diff``.
    """
    with using(engine) as zfs:
        if "@" in first:
            pairs = _snapshots(zfs, first, second, recursive=recursive)
        elif "@" in second:
            raise InvalidName(
                f"cannot compare '{first}' with '{second}': the first is no snapshot",
                hint="name two snapshots, as in `zfstune diff tank/data@a tank/data@b`, "
                "or two checkpoints",
            )
        else:
            where = pool_of_all(zfs, (), pool)
            pairs = _paired(
                find_checkpoint(zfs, first, where, ()),
                find_checkpoint(zfs, second, where, ()),
            )
        for before, after in pairs.values():
            if before is not None and after is not None:
                check_order(before, after)
        return ChangesBetween(
            tuple(_changes(zfs, name, *pairs[name], paths=paths) for name in sorted(pairs))
        )


_Pairs = dict[str, tuple["Snapshot | None", "Snapshot | None"]]


def _snapshots(engine: Engine, first: str, second: str, *, recursive: bool) -> _Pairs:
    """Find the snapshots of each dataset."""
    root, _, old = check_snapshot(first).partition("@")
    later_root, found, new = second.partition("@")
    if not found:
        raise InvalidName(
            f"cannot compare '{first}' with '{second}': the second is no snapshot",
            hint=f"write @{second} for a snapshot of '{root}'"
            if "/" not in second
            else f"`zfstune list -t snapshots {for_shell(second)}` lists its snapshots",
        )
    later_root = later_root or root
    check_snapshot(f"{later_root}@{new}")
    before = look_up(engine, first, operation="compare")
    after = look_up(engine, f"{later_root}@{new}", operation="compare")
    pairs: _Pairs = {later_root: (before, after)}
    if recursive:
        below = [dataset.name for dataset in engine.datasets(later_root)][1:]
        names = engine.find_snapshots(f"{n}@{s}" for n in below for s in (old, new))
        pairs |= _paired(
            [snapshot for snapshot in names.values() if snapshot.short_name == old],
            [snapshot for snapshot in names.values() if snapshot.short_name == new],
        )
    return pairs


def _paired(before: Iterable[Snapshot], after: Iterable[Snapshot]) -> _Pairs:
    """Pair snapshots by their datasets."""
    old = {snapshot.dataset: snapshot for snapshot in before}
    new = {snapshot.dataset: snapshot for snapshot in after}
    return {name: (old.get(name), new.get(name)) for name in old | new}


def _changes(
    engine: Engine,
    dataset: str,
    before: Snapshot | None,
    after: Snapshot | None,
    *,
    paths: bool,
) -> DatasetChanges:
    """Find the changes to one dataset."""
    raw = _is_locked(engine, dataset)
    if before is None or after is None:
        size = 0 if after is None else engine.send_size(after.name, raw=raw)
        old = "" if before is None else before.name
        return DatasetChanges(dataset, old, "" if after is None else after.name, size)
    numbers = engine.changed_objects(before.name, after.name)
    size = engine.send_size(after.name, base=before.name, raw=raw)
    found: tuple[PathChange, ...] = ()
    if paths and engine.dataset(dataset).kind == _FILESYSTEM:
        found = path_changes(
            (engine.object_stats(before.name, n), engine.object_stats(after.name, n))
            for n in numbers
        )
    return DatasetChanges(dataset, before.name, after.name, size, bool(numbers), found)


def _is_locked(engine: Engine, dataset: str) -> bool:
    """Tell whether only a raw stream of a dataset could be sent."""
    return engine.dataset(dataset).value("keystatus") == "unavailable"
