"""The ZFS of the running kernel, as an Engine.

Checks before the kernel sees a value, one call into C, an exception that says
what the errno means, one line in the pool's history: no decision is made here.
"""

from __future__ import annotations

import errno

from zfstune.engine import _pool, _rows
from zfstune.engine._arguments import checks_arguments
from zfstune.engine._binding import Binding, lib
from zfstune.engine._checks import (
    check_below_pool,
    check_clone,
    check_clone_parent,
    check_inheritable,
    check_key,
    check_promotion,
    check_snapshot,
    check_values,
    checked,
)
from zfstune.engine._destroy_exactly import ExactCalls
from zfstune.engine._errno import batch_error, by_target, engine_error
from zfstune.engine._history import create_line, set_line, targets_line
from zfstune.engine._limits import read_limits
from zfstune.engine._mount_calls import MountCalls
from zfstune.engine._streams import StreamCalls
from zfstune.values import names
from zfstune.values.errors import BatchError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from typing import Any, Self

    from zfstune.engine._image_process import ImageBinding
    from zfstune.values.errors import EngineError
    from zfstune.values.state import Bookmark, Dataset, Limits, PoolInfo, Snapshot

__all__ = ["NativeEngine"]


@checks_arguments
class NativeEngine(ExactCalls, MountCalls, StreamCalls):
    """OpenZFS 2.1 to 2.4 through libzfs_core and /dev/zfs; see Engine for the calls."""

    _mountable = True
    # whether a listing without properties gives the times of creation
    _dated = False

    def __init__(
        self, binding: Binding | ImageBinding | None = None, limits: Limits | None = None
    ) -> None:
        self._zfs = binding or Binding()
        self._limits = limits or read_limits()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the binding."""
        self._zfs.close()

    @property
    def limits(self) -> Limits:
        """What the running release decides."""
        return self._limits

    # Reading.

    def pools(self) -> tuple[str, ...]:
        """Give the names of the imported pools, sorted."""
        error, configs = self._zfs.read(lib.zt_pool_configs)
        if error:
            raise engine_error("list", "pools", error)
        return tuple(sorted(configs))

    def pool(self, name: str) -> PoolInfo:
        """Give what a pool is made of and what it can take."""
        names.check_pool(name)
        error, config = self._zfs.read(lib.zt_pool_config, name)
        if not error:
            # a suspended pool may hold these back; what matters is known by then
            _, props = self._zfs.read(lib.zt_pool_props, name)
            return _pool.pool_info(name, config, props or {}, mountable=self._mountable)
        raise engine_error("read pool", name, error)

    def exists(self, name: str) -> bool:
        """Tell whether a dataset or snapshot of that name exists."""
        error, _ = self._zfs.read(lib.zt_stats, checked(name))
        if error not in (0, errno.ENOENT):
            raise engine_error("read", name, error)
        return not error

    def dataset(self, name: str) -> Dataset:
        """Give one filesystem or volume with all its properties."""
        names.check_dataset(name)
        return _rows.dataset(self._stats(name), self._limits.release)

    def datasets(self, root: str, *, recursive: bool = True) -> list[Dataset]:
        """Give `root` and all below it (or `root` alone), parents before children."""
        names.check_dataset(root)
        if not recursive:
            return [self.dataset(root)]
        rows = self._list(lib.zt_list_datasets, root)
        # a second row of one name says that what is below it cannot be listed
        by_name = {row[0]: row for row in rows}
        found = [_rows.dataset(row, self._limits.release) for row in by_name.values()]
        # the kernel lists siblings in the order of a hash; by part, parents stay first
        found.sort(key=lambda dataset: dataset.name.split("/"))
        return found

    def snapshot(self, name: str) -> Snapshot:
        """Give one snapshot with all its properties."""
        names.check_snapshot(name)
        return _rows.snapshot(self._stats(name), self._limits.release)

    def snapshots(
        self, dataset: str, *, properties: bool = False, dated: bool = False
    ) -> list[Snapshot]:
        """Give the snapshots of one dataset, oldest first by createtxg."""
        names.check_dataset(dataset)
        full = properties or (dated and not self._dated)
        rows = self._list(lib.zt_list_snapshots, dataset, int(full))
        rows.sort(key=lambda row: row[3])
        return [_rows.snapshot(row, self._limits.release, dataset) for row in rows]

    def find_snapshots(
        self, snapshots: Iterable[str], *, properties: bool = False
    ) -> dict[str, Snapshot]:
        """Give those of the named snapshots that exist, by name."""
        wanted = dict.fromkeys(map(names.check_snapshot, snapshots))
        error, rows = self._zfs.change(lib.zt_list_named, wanted, int(properties))
        if error:
            raise engine_error("read", next(iter(wanted)), error)
        return {row[0]: _rows.snapshot(row, self._limits.release) for row in rows or ()}

    def _stats(self, name: str) -> list[Any]:
        error, row = self._zfs.read(lib.zt_stats, name)
        if error:
            raise engine_error("read", name, error)
        return list(row)

    def _list(self, call: Callable[..., int], name: str, *more: int) -> list[list[Any]]:
        error, rows = self._zfs.read(call, name, *more)
        if error:
            raise engine_error("list", name, error)
        # the kernel answers a listing below nothing with an empty one
        if not rows:
            self._stats(name)
        return list(rows)

    # Datasets.

    def create(
        self,
        name: str,
        *,
        properties: Mapping[str, str] | None = None,
        volume: bool = False,
        parents: bool = False,
    ) -> None:
        """Create a filesystem, or a volume of the size that ``volsize`` gives."""
        check_below_pool("create", name, creating=True)
        check_key(self, name, properties or {})
        values = self._values(name, properties or {}, volume=volume)
        if parents:
            for ancestor in names.ancestors_of(name)[1:]:
                if not self.exists(ancestor):
                    self.create(ancestor)
        error = self._zfs.call_with(lib.zt_create, name, int(volume), values=values)
        if error:
            raise engine_error("create", name, error, permission=",".join(values))
        self._log(create_line("create", properties or {}, name))

    def _values(
        self, name: str, wanted: Mapping[str, str], *, volume: bool
    ) -> dict[str, int | str]:
        kind = "volume" if volume else "filesystem"
        values = check_values(wanted, kind=kind, creating=True, limits=self._limits)
        if volume:
            from zfstune.engine._volume import complete  # noqa: PLC0415 (few make any)

            complete(values, self._limits.release, self.pool(names.pool_of(name)).vdevs)
        return values

    def set(self, name: str, wanted: Mapping[str, str]) -> None:
        """Set properties, in one transaction where ZFS allows it."""
        if "@" in name:
            names.check_snapshot(name)
            values = check_values(
                wanted, kind="snapshot", creating=False, limits=self._limits
            )
            before: dict[str, int | str] = {}
        else:
            dataset = self.dataset(name)
            values = check_values(
                wanted,
                kind=dataset.kind,
                creating=False,
                limits=self._limits,
                volblocksize=int(dataset.value("volblocksize") or 0) or None,
                encrypted=dataset.value("encryption") not in (None, "off"),
            )
            before = self._fix_reservation(dataset, values)
        error, errors = self._zfs.change(lib.zt_set, name, values)
        if error:
            if before:  # size and reservation go together, or not at all
                self._zfs.change(lib.zt_set, name, before)
            raise _property_error(name, error, errors or {}, wanted)
        self._log(set_line(wanted, name))

    def _fix_reservation(
        self, dataset: Dataset, values: dict[str, int | str]
    ) -> dict[str, int | str]:
        if values.keys().isdisjoint({"refreservation", "volsize"}):
            return {}
        from zfstune.engine._volume import fix_reservation  # noqa: PLC0415 (few set it)

        vdevs = self.pool(names.pool_of(dataset.name)).vdevs
        return fix_reservation(values, dataset, vdevs)

    def inherit(self, name: str, prop: str, *, received: bool = False) -> None:
        """Drop a local value; with `received`, go back to the received one."""
        checked(name)
        check_inheritable(prop)
        error = self._zfs.call(lib.zt_inherit, name, prop, int(received))
        if error:
            raise engine_error("inherit", name, error, permission=prop)
        self._log(f"zfstune inherit {'-S ' if received else ''}{prop} {name}")

    def destroy(self, name: str) -> None:
        """Destroy one filesystem or volume that has no children and no snapshots."""
        check_below_pool("destroy", name)
        with self._unmounted(name):
            self._do("destroy", name, self._zfs.call(lib.zt_destroy, name))
            self._log(f"zfstune destroy {name}")

    def rename(self, old: str, new: str) -> None:
        """Rename a dataset or, within its dataset, a snapshot."""
        if "@" in old:
            names.check_snapshot(old)
            names.check_snapshot(new, creating=True)
        else:
            check_below_pool("rename", old)
            check_below_pool("rename to", new, creating=True)
        with self._unmounted(old, renamed=new):
            self._do("rename", old, self._zfs.call(lib.zt_rename, old, new))
            self._log(f"zfstune rename {old} {new}")

    def clone(
        self, snapshot: str, name: str, *, properties: Mapping[str, str] | None = None
    ) -> None:
        """Make a dataset out of a snapshot; the two share their blocks."""
        names.check_snapshot(snapshot)
        check_below_pool("clone to", name, creating=True)
        check_clone_parent(self, name)
        wanted = properties or {}
        kind = self.dataset(snapshot.partition("@")[0]).kind
        values = check_clone(wanted, kind, self._limits)
        error = self._zfs.call_with(lib.zt_clone, name, snapshot, values=values)
        if error:
            raise engine_error("clone", name, error, permission=",".join(values))
        self._log(create_line("clone", wanted, f"{snapshot} {name}"))

    def promote(self, name: str) -> None:
        """Turn a clone into the owner of the snapshot it came from."""
        names.check_dataset(name)
        check_promotion(self, name)
        error, conflict = self._zfs.promote(name)
        if error:
            raise engine_error("promote", name, error, detail=conflict)
        self._log(f"zfstune promote {name}")

    def rollback(self, snapshot: str) -> None:
        """Bring a dataset back to its newest snapshot, which must be this one."""
        dataset = names.check_snapshot(snapshot).partition("@")[0]
        error = self._zfs.call(lib.zt_rollback, dataset, snapshot)
        self._do("roll back", snapshot, error)
        self._log(f"zfstune rollback {snapshot}")

    # Snapshots, holds and bookmarks.

    def take_snapshots(
        self, snapshots: Iterable[str], *, properties: Mapping[str, str] | None = None
    ) -> None:
        """Take snapshots of many datasets of one pool at one instant, or none."""
        targets = [names.check_snapshot(name, creating=True) for name in snapshots]
        wanted = check_snapshot(properties or {}, self._limits)
        self._batch("snapshot", lib.zt_snapshot, targets, wanted)

    def destroy_snapshots(self, snapshots: Iterable[str], *, defer: bool = False) -> None:
        """Destroy many snapshots of one pool in one transaction, or none."""
        targets = [names.check_snapshot(name) for name in snapshots]
        try:
            self._batch("destroy snapshot", lib.zt_destroy_snaps, targets, int(defer))
        except BatchError as error:
            from zfstune.engine._busy import explain_batch  # noqa: PLC0415 (seldom)

            raise explain_batch(self, error, self._snapshot_paths) from None

    def hold(self, snapshots: Iterable[str], tag: str) -> None:
        """Keep snapshots from being destroyed until `tag` is released."""
        names.check_hold_tag(tag, creating=True)
        targets = dict.fromkeys(map(names.check_snapshot, snapshots), tag)
        self._batch("hold", lib.zt_hold, targets, words=(tag,))

    def release(self, snapshots: Iterable[str], tag: str) -> None:
        """Drop a hold."""
        names.check_hold_tag(tag)
        targets = {names.check_snapshot(name): {tag: None} for name in snapshots}
        self._batch("release", lib.zt_release, targets, words=(tag,))

    def holds(self, snapshot: str) -> dict[str, datetime]:
        """Give the tags that hold a snapshot and when each was set, in UTC."""
        names.check_snapshot(snapshot)
        error, holds = self._zfs.read(lib.zt_get_holds, snapshot)
        if error:
            raise engine_error("read", snapshot, error)
        from datetime import UTC, datetime  # noqa: PLC0415 (slow, and few ask for holds)

        return {tag: datetime.fromtimestamp(when, UTC) for tag, when in holds.items()}

    def bookmark(self, snapshot: str, bookmark: str) -> None:
        """Remember a snapshot's place as the base of an incremental send."""
        names.check_bookmark(bookmark, creating=True)
        targets = {bookmark: names.check_snapshot(snapshot)}
        self._batch("bookmark", lib.zt_bookmark, targets, words=(snapshot,))

    def bookmarks(self, dataset: str) -> dict[str, Bookmark]:
        """Give the bookmarks of a dataset by full name."""
        names.check_dataset(dataset)
        error, found = self._zfs.read(lib.zt_get_bookmarks, dataset)
        if error:
            raise engine_error("read", dataset, error)
        return {
            f"{dataset}#{short}": _rows.bookmark(f"{dataset}#{short}", props)
            for short, props in found.items()
        }

    def destroy_bookmarks(self, bookmarks: Iterable[str]) -> None:
        """Destroy bookmarks."""
        targets = [names.check_bookmark(name) for name in bookmarks]
        self._batch("destroy bookmark", lib.zt_destroy_bookmarks, targets)

    # What the calls above share.

    def _batch(
        self,
        operation: str,
        call: Callable[..., int],
        targets: list[str] | dict[str, Any],
        *more: int | Mapping[str, Any],
        words: tuple[str, ...] = (),
    ) -> None:
        if not targets:
            return
        values = dict.fromkeys(targets) if isinstance(targets, list) else targets
        error, written = self._zfs.change(call, values, *more)
        errors = by_target(operation, written or {})
        done = [target for target in targets if target not in errors]
        if not error and done:
            self._log(targets_line(operation, done, *words))
        # lzc_hold and lzc_release pass over a missing target: they succeed and name it
        if error or errors:
            raise batch_error(operation, error, errors, targets)

    def _do(self, operation: str, target: str, error: int) -> None:
        if error:
            raise engine_error(operation, target, error)

    def _log(self, line: str) -> None:
        # The change is made; a pool that takes no line of history is no failure.
        self._zfs.call(lib.zt_log, line)


def _property_error(
    name: str, error: int, errors: Mapping[str, int], wanted: Mapping[str, str]
) -> EngineError:
    """Name the first property that the kernel refused, and why."""
    for prop, code in errors.items():
        if prop in wanted:
            alike = ",".join(p for p in wanted if errors.get(p) == code)
            detail = f"{prop}={shown(wanted[prop])}"
            return engine_error("set", name, code, permission=alike, detail=detail)
    return engine_error("set", name, error, permission=",".join(wanted))
