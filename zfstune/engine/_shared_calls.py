"""The calls of an engine that are the same for the kernel's ZFS and for an image.

Each call checks its values before ZFS sees them, calls C, raises an exception with the
meaning of the errno, and writes a line into the pool's history. No decision is made here.
"""

from __future__ import annotations

from contextlib import nullcontext

from zfstune.engine._binding import lib
from zfstune.engine._checks import (
    check_below_pool,
    check_clone_parent,
    check_inheritable,
    check_name,
    check_promotion,
    check_properties,
)
from zfstune.engine._destroy_exactly import ExactCalls
from zfstune.engine._errno import batch_error, by_target, engine_error
from zfstune.engine._history import (
    bookmark_line,
    create_line,
    holds_line,
    set_line,
    targets_line,
)
from zfstune.engine._keys import ZfsKeys, key_of_new, wiped
from zfstune.engine._near_names import suggest_dataset
from zfstune.engine._read_calls import ReadCalls
from zfstune.engine._streams import ZfsStreams
from zfstune.engine._upkeep import ZfsUpkeep
from zfstune.engine.protocol import Engine
from zfstune.values.errors import BatchError, Damaged
from zfstune.values.names import (
    ancestors_of,
    check_bookmark,
    check_dataset,
    check_hold_tag,
    check_snapshot,
    parent_of,
    pool_of,
)
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager
    from typing import Any, Self

    from zfstune.engine._binding import Binding
    from zfstune.engine._image_process import ImageBinding
    from zfstune.values.errors import EngineError
    from zfstune.values.key import Key
    from zfstune.values.state import Dataset, Limits

__all__ = ["ZfsEngine"]

_TO_STAY = -1  # no descriptor whose end is the end of a hold


class ZfsEngine(ReadCalls, ExactCalls, ZfsKeys, ZfsUpkeep, ZfsStreams, Engine):
    """The calls for OpenZFS 2.1 to 2.4; those that mount are left to its subclasses.

    Args:
        binding: Passes the calls on to C.
        limits: Limits that follow from the release.
    """

    def __init__(self, binding: Binding | ImageBinding, limits: Limits) -> None:
        self._zfs = binding
        self._limits = limits

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        suggest_dataset(self, exc[1])
        self.close()

    def close(self) -> None:
        """Close the engine; it takes no more calls."""
        self._zfs.close()

    @property
    def file(self) -> str:
        """Nothing: an image says where it is."""
        return ""

    @property
    def limits(self) -> Limits:
        """Limits that follow from the running release."""
        return self._limits

    def _snapshot_paths(self) -> Mapping[str, str]:
        """Return the path of each snapshot that is mounted below ``.zfs/snapshot``."""
        raise NotImplementedError

    def _unmounted(self, name: str, *, renamed: str = "") -> AbstractContextManager[None]:
        """Hold a dataset and all below it unmounted during a block.

        Args:
            name: The dataset; for a snapshot nothing is unmounted.
            renamed: Its name after the block, where the block renames it.
        """
        raise NotImplementedError

    def _held(self, targets: Mapping[str, str]) -> AbstractContextManager[None]:
        """Hold snapshots during a block, each with its tag."""
        raise NotImplementedError

    # Datasets.

    def create(
        self,
        name: str,
        *,
        properties: Mapping[str, str] | None = None,
        volume: bool = False,
        parents: bool = False,
        key: Key | None = None,
    ) -> None:
        """Create a filesystem, or a volume of the size that ``volsize`` gives."""
        check_below_pool("create", name, creating=True)
        values = self._new_values(name, properties or {}, volume=volume)
        if parents:
            for ancestor in ancestors_of(name)[1:]:
                if not self.exists(ancestor):
                    self.create(ancestor)
        with wiped(key_of_new(self, name, values, key)) as wrapping:
            error = self._zfs.call(lib.zt_create, name, int(volume), wrapping, values)
        if error:
            raise engine_error("create", name, error, permission=",".join(values))
        self._log(create_line("create", properties or {}, name))

    def _new_values(
        self, name: str, wanted: Mapping[str, str], *, volume: bool
    ) -> dict[str, int | str]:
        kind = "volume" if volume else "filesystem"
        values = check_properties(wanted, kind=kind, creating=True, limits=self._limits)
        if volume:
            from zfstune.engine._volume import complete_volume  # noqa: PLC0415 (few runs make a volume)

            complete_volume(values, self._limits.release, self.pool(pool_of(name)).vdevs)
        return values

    def set(self, name: str, properties: Mapping[str, str]) -> None:
        """Set properties, in one transaction where ZFS allows it."""
        if "@" in name:
            check_snapshot(name)
            values = check_properties(
                properties, kind="snapshot", creating=False, limits=self._limits
            )
            old_values: dict[str, int | str] = {}
        else:
            dataset = self.dataset(name)
            if dataset.kind not in ("filesystem", "volume"):  # a pool that is damaged
                raise Damaged(
                    operation="set properties of",
                    target=name,
                    reason="it is neither a filesystem nor a volume",
                )
            values = check_properties(
                properties,
                kind=dataset.kind,
                creating=False,
                limits=self._limits,
                volblocksize=int(dataset.value("volblocksize") or 0) or None,
                encrypted=dataset.value("encryption") not in (None, "off"),
            )
            old_values = self._fix_reservation(dataset, values)
        error, errors = self._zfs.change(lib.zt_set, name, values)
        if error:
            if old_values:  # size and reservation change together, or not at all
                self._zfs.change(lib.zt_set, name, old_values)
            raise _property_error(name, error, errors or {}, properties)
        self._log(set_line(properties, name))

    def _fix_reservation(
        self, dataset: Dataset, values: dict[str, int | str]
    ) -> dict[str, int | str]:
        if values.keys().isdisjoint({"refreservation", "volsize"}):
            return {}
        from zfstune.engine._volume import fix_reservation  # noqa: PLC0415 (few runs set these)

        vdevs = self.pool(pool_of(dataset.name)).vdevs
        return fix_reservation(values, dataset, vdevs)

    def inherit(self, name: str, prop: str, *, received: bool = False) -> None:
        """Remove a local value; with `received`, go back to the received one."""
        check_name(name)
        check_inheritable(prop, received=received)
        error = self._zfs.call(lib.zt_inherit, name, prop, int(received))
        if error:
            raise engine_error("inherit", name, error, permission=prop)
        self._log(f"zfstune inherit {'-S ' if received else ''}{prop} {name}")

    def destroy(self, name: str) -> None:
        """Destroy one filesystem or volume that has no children and no snapshots."""
        check_below_pool("destroy", name)
        with self._unmounted(name):
            self._raise_if_failed("destroy", name, self._zfs.call(lib.zt_destroy, name))
            self._log(f"zfstune destroy {name}")

    def rename(self, old: str, new: str) -> None:
        """Rename a dataset or, within its dataset, a snapshot."""
        if "@" in old:
            check_snapshot(old)
            check_snapshot(new, creating=True)
        else:
            check_below_pool("rename", old)
            check_below_pool("rename to", new, creating=True)
        with self._unmounted(old, renamed=new):
            self._raise_if_failed("rename", old, self._zfs.call(lib.zt_rename, old, new))
            self._log(f"zfstune rename {old} {new}")

    def clone(
        self, snapshot: str, name: str, *, properties: Mapping[str, str] | None = None
    ) -> None:
        """Make a dataset out of a snapshot; the two share their blocks."""
        self.clone_all(snapshot, [name], properties=properties)

    def clone_all(
        self,
        snapshot: str,
        names: Iterable[str],
        *,
        properties: Mapping[str, str] | None = None,
        on_made: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Make many clones of a snapshot; the first error ends it."""
        check_snapshot(snapshot)
        targets = list(dict.fromkeys(names))
        for name in targets:
            check_below_pool("clone to", name, creating=True)
        for name in {parent_of(name): name for name in targets}.values():
            check_clone_parent(self, name)
        wanted = properties or {}
        kind = self.dataset(snapshot.partition("@")[0]).kind
        # A property that can be set only at creation comes from the origin.
        values = check_properties(wanted, kind=kind, creating=False, limits=self._limits)

        def make(name: str) -> None:
            error = self._zfs.call(lib.zt_clone, name, snapshot, values)
            if error:
                raise engine_error("clone", name, error, permission=",".join(values))
            self._log(create_line("clone", wanted, f"{snapshot} {name}"))
            on_made(name)

        if len(targets) == 1:
            make(*targets)
            return
        from zfstune.host.in_parallel import in_parallel  # noqa: PLC0415 (few runs clone)

        in_parallel(make, targets)

    def promote(self, name: str) -> None:
        """Turn a clone into the owner of the snapshot it came from."""
        check_dataset(name)
        check_promotion(self, name)
        error, conflict = self._zfs.promote(name)
        if error:
            raise engine_error("promote", name, error, detail=conflict)
        self._log(f"zfstune promote {name}")

    def rollback(self, snapshot: str) -> None:
        """Bring a dataset back to its newest snapshot, which must be this one."""
        dataset = check_snapshot(snapshot).partition("@")[0]
        error = self._zfs.call(lib.zt_rollback, dataset, snapshot)
        self._raise_if_failed("roll back", snapshot, error)
        self._log(f"zfstune rollback {snapshot}")

    # Snapshots, holds and bookmarks.

    def take_snapshots(
        self, names: Iterable[str], *, properties: Mapping[str, str] | None = None
    ) -> None:
        """Take snapshots of many datasets of one pool at one instant, or none."""
        targets = [check_snapshot(name, creating=True) for name in names]
        values = check_properties(
            properties or {}, kind="snapshot", creating=True, limits=self._limits
        )
        self._batch("snapshot", lib.zt_snapshot, targets, values)

    def destroy_snapshots(self, names: Iterable[str], *, defer: bool = False) -> None:
        """Destroy many snapshots of one pool in one transaction, or none."""
        targets = [check_snapshot(name) for name in names]
        try:
            self._batch("destroy snapshot", lib.zt_destroy_snaps, targets, int(defer))
        except BatchError as error:
            from zfstune.engine._busy import explain_batch  # noqa: PLC0415 (busy snapshots are rare)

            raise explain_batch(self, error, self._snapshot_paths) from None

    def hold(self, snapshots: Iterable[str], tag: str) -> None:
        """Keep snapshots from being destroyed until `tag` is released."""
        check_hold_tag(tag, creating=True)
        self.hold_all(dict.fromkeys(snapshots, tag))

    def hold_all(self, tag_of: Mapping[str, str]) -> None:
        """Hold snapshots, each by a tag of its own."""
        for snapshot, tag in tag_of.items():
            check_snapshot(snapshot)
            check_hold_tag(tag, creating=True)
        tags = {snapshot: [tag] for snapshot, tag in tag_of.items()}
        self._batch("hold", lib.zt_hold, dict(tag_of), _TO_STAY, tags=tags)

    def holding(self, snapshots: Iterable[str], tag: str) -> AbstractContextManager[None]:
        """Hold snapshots during a block, and no longer than this process lives."""
        check_hold_tag(tag, creating=True)
        targets = dict.fromkeys(map(check_snapshot, snapshots), tag)
        # No line of history: the zfs command writes none for the holds of a send.
        return self._held(targets) if targets else nullcontext()

    def release(self, snapshots: Iterable[str], tag: str) -> None:
        """Remove a hold."""
        check_hold_tag(tag)
        self.release_all(dict.fromkeys(snapshots, (tag,)))

    def release_all(self, tags_of: Mapping[str, Iterable[str]]) -> None:
        """Remove holds, each snapshot's own tags."""
        tags = {
            check_snapshot(name): list(map(check_hold_tag, its_tags))
            for name, its_tags in tags_of.items()
        }
        targets = {name: dict.fromkeys(its_tags) for name, its_tags in tags.items()}
        self._batch("release", lib.zt_release, targets, tags=tags)

    def bookmark(self, snapshot: str, bookmark: str) -> None:
        """Remember a snapshot's place as the base of an incremental send."""
        self.bookmark_all({bookmark: check_snapshot(snapshot)})

    def bookmark_all(self, sources: Mapping[str, str]) -> None:
        """Make bookmarks of snapshots or of other bookmarks, all or none."""
        for bookmark, source in sources.items():
            check_bookmark(bookmark, creating=True)
            (check_bookmark if "#" in source else check_snapshot)(source)
        self._batch("bookmark", lib.zt_bookmark, dict(sources), line=bookmark_line(sources))

    def destroy_bookmarks(self, names: Iterable[str]) -> None:
        """Destroy bookmarks of one pool, all or none; pass over those that are gone."""
        targets = [check_bookmark(name) for name in names]
        self._batch("destroy bookmark", lib.zt_destroy_bookmarks, targets)

    # Parts of the calls above.

    def _batch(
        self,
        operation: str,
        call: Callable[..., int],
        targets: list[str] | dict[str, Any],
        *more: int | Mapping[str, Any],
        tags: Mapping[str, list[str]] | None = None,
        line: str = "",
    ) -> None:
        if not targets:
            return
        values = dict.fromkeys(targets) if isinstance(targets, list) else targets
        error, written = self._zfs.change(call, values, *more)
        errors = by_target(operation, written or {})
        changed = [target for target in targets if target not in errors]
        if not error and changed:
            if tags is not None:
                line = holds_line(operation, {name: tags[name] for name in changed})
            self._log(line or targets_line(operation, changed))
        # lzc_hold and lzc_release ignore a missing target: they succeed and name it
        if error or errors:
            raise batch_error(operation, error, errors, targets)

    def _raise_if_failed(self, operation: str, target: str, error: int) -> None:
        if error:
            raise engine_error(operation, target, error)

    def _log(self, line: str) -> None:
        # The change is made, so a pool that takes no line of history is no failure.
        self._zfs.call(lib.zt_log, line)


def _property_error(
    name: str, error: int, errors: Mapping[str, int], wanted: Mapping[str, str]
) -> EngineError:
    """Return the error for the first property that the kernel refused."""
    for prop, code in errors.items():
        if prop in wanted:
            refused_alike = ",".join(p for p in wanted if errors.get(p) == code)
            detail = f"{prop}={shown(wanted[prop])}"
            return engine_error("set", name, code, permission=refused_alike, detail=detail)
    return engine_error("set", name, error, permission=",".join(wanted))
