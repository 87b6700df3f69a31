"""The calls of an engine that read, and change nothing."""

from __future__ import annotations

import errno

from zfstune.engine import _pool, _rows
from zfstune.engine._activity import pool_activity
from zfstune.engine._binding import lib
from zfstune.engine._checks import check_name
from zfstune.engine._errno import engine_error
from zfstune.values.names import check_dataset, check_pool, check_snapshot
from zfstune.values.object_stats import ObjectStats

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from typing import Any

    from zfstune.engine._binding import Binding
    from zfstune.engine._image_process import ImageBinding
    from zfstune.values.pool_activity import PoolActivity
    from zfstune.values.state import Bookmark, Dataset, Limits, PoolInfo, Snapshot

__all__ = ["ReadCalls"]


class ReadCalls:
    """The calls that read, for ZfsEngine to inherit; Engine describes each."""

    # Passes the calls on to C.
    _zfs: Binding | ImageBinding
    # Limits that follow from the release.
    _limits: Limits
    # Whether a kernel can mount the filesystems.
    _mountable: bool
    # Whether a listing without properties gives the times of creation.
    _lists_creation: bool

    def pools(self) -> tuple[str, ...]:
        """Return the names of the imported pools, sorted."""
        error, configs = self._zfs.read(lib.zt_pool_configs)
        if error:
            raise engine_error("list", "pools", error)
        return tuple(sorted(configs))

    def pool(self, name: str) -> PoolInfo:
        """Return the vdevs, features, space and health of a pool."""
        check_pool(name)
        error, config = self._zfs.read(lib.zt_pool_config, name)
        if not error:
            # A suspended pool may not return its properties: they only add to the rest.
            _, props = self._zfs.read(lib.zt_pool_props, name)
            return _pool.pool_info(name, config, props or {}, mountable=self._mountable)
        raise engine_error("read pool", name, error)

    def activity(self, pool: str) -> PoolActivity:
        """Return the bytes that passed the devices of a pool, and what it is busy with."""
        error, config = self._zfs.read(lib.zt_pool_config, check_pool(pool))
        if error:
            raise engine_error("read pool", pool, error)
        _, props = self._zfs.read(lib.zt_pool_props, pool)
        return pool_activity(config, props or {})

    def exists(self, name: str) -> bool:
        """Tell whether a dataset or snapshot of that name exists."""
        error, _ = self._zfs.read(lib.zt_stats, check_name(name))
        if error not in (0, errno.ENOENT):
            raise engine_error("read", name, error)
        return not error

    def dataset(self, name: str) -> Dataset:
        """Return one filesystem or volume with all its properties."""
        check_dataset(name)
        return _rows.dataset(self._stats(name), self._limits.release)

    def datasets(self, root: str, *, recursive: bool = True) -> list[Dataset]:
        """Return `root` and all below it (or `root` alone), parents before children."""
        check_dataset(root)
        if not recursive:
            return [self.dataset(root)]
        rows = self._list(lib.zt_list_datasets, root)
        # A second row with the same name says that the datasets below cannot be listed.
        by_name = {row[0]: row for row in rows}
        listed = [_rows.dataset(row, self._limits.release) for row in by_name.values()]
        # The kernel lists siblings in the order of a hash; split names sort parents first.
        listed.sort(key=lambda dataset: dataset.name.split("/"))
        return listed

    def snapshot(self, name: str) -> Snapshot:
        """Return one snapshot with all its properties."""
        check_snapshot(name)
        return _rows.snapshot_of_row(self._stats(name), self._limits.release)

    def snapshots(
        self, dataset: str, *, properties: bool = False, dated: bool = False
    ) -> list[Snapshot]:
        """Return the snapshots of one dataset, oldest first by createtxg."""
        check_dataset(dataset)
        full = properties or (dated and not self._lists_creation)
        rows = self._list(lib.zt_list_snapshots, dataset, int(full))
        rows.sort(key=lambda row: row[3])
        return [_rows.snapshot_of_row(row, self._limits.release, dataset) for row in rows]

    def find_snapshots(
        self, names: Iterable[str], *, properties: bool = False
    ) -> dict[str, Snapshot]:
        """Return the named snapshots that exist, by name."""
        wanted = dict.fromkeys(map(check_snapshot, names))
        if not wanted:
            return {}
        error, rows = self._zfs.change(lib.zt_list_named, wanted, int(properties))
        if error:
            raise engine_error("read", next(iter(wanted)), error)
        return {
            row[0]: _rows.snapshot_of_row(row, self._limits.release) for row in rows or ()
        }

    def holds(self, snapshot: str) -> dict[str, datetime]:
        """Return the tags that hold a snapshot, and when each was set, in UTC."""
        check_snapshot(snapshot)
        error, holds = self._zfs.read(lib.zt_get_holds, snapshot)
        if error:
            raise engine_error("read", snapshot, error)
        from datetime import UTC, datetime  # noqa: PLC0415 (slow, and few ask for holds)

        return {tag: datetime.fromtimestamp(when, UTC) for tag, when in holds.items()}

    def object_stats(self, snapshot: str, number: int) -> ObjectStats | None:
        """Return the path of an object of a filesystem's snapshot, its kind and links."""
        check_snapshot(snapshot)
        error, stats = self._zfs.read(lib.zt_object_stats, snapshot, number)
        if error and not self.exists(snapshot):
            raise engine_error("read", snapshot, errno.ENOENT)
        return None if error else ObjectStats(*stats)

    def changed_objects(self, base: str, snapshot: str) -> list[int]:
        """Return the numbers of the objects that differ between two snapshots."""
        check_snapshot(base)
        check_snapshot(snapshot)
        error, numbers = self._zfs.read(lib.zt_changed_objects, base, snapshot)
        if error:
            raise engine_error("compare", snapshot, error)
        return list(numbers)

    def bookmarks(self, dataset: str) -> dict[str, Bookmark]:
        """Return the bookmarks of a dataset by full name."""
        check_dataset(dataset)
        error, bookmarks = self._zfs.read(lib.zt_get_bookmarks, dataset)
        if error:
            raise engine_error("read", dataset, error)
        return {
            f"{dataset}#{short}": _rows.bookmark(f"{dataset}#{short}", props)
            for short, props in bookmarks.items()
        }

    def _stats(self, name: str) -> list[Any]:
        error, row = self._zfs.read(lib.zt_stats, name)
        if error:
            raise engine_error("read", name, error)
        return list(row)

    def _list(self, call: Callable[..., int], name: str, *more: int) -> list[list[Any]]:
        error, rows = self._zfs.read(call, name, *more)
        if error:
            raise engine_error("list", name, error)
        # For a dataset that does not exist, the kernel returns an empty list.
        if not rows:
            self._stats(name)
        return list(rows)
