"""Mount and unmount in this process, with the options that zfs_mount() derives."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager

from zfstune.engine import _mount_table
from zfstune.engine._binding import lib
from zfstune.engine._errno import engine_error
from zfstune.host.walk import first_held, look, open_directory, open_parent
from zfstune.values import names
from zfstune.values.errors import (
    EngineError,
    NotFound,
    PlanError,
    RefusedValue,
    ZfstuneError,
)
from zfstune.values.mountpoint import effective_mountpoint, in_the_way, mount_blocker
from zfstune.values.state import DEFAULT, INHERITED, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Dataset

__all__ = ["give", "mount", "remount", "unmount", "unmounted"]

# sys/mount.h
_MNT_FORCE = 1
_UMOUNT_NOFOLLOW = 8


def mount(engine: Engine, name: str, *, hide: bool = True) -> str:
    """Mount a filesystem where its properties say; return the path.

    A filesystem that is mounted there already stays as it is.

    Args:
        engine: The kernel's.
        name: The filesystem.
        hide: Mount over a directory that is not empty, as ``zfs mount`` does where
            ``overlay`` is on.

    Raises:
        PlanError: Its properties forbid to mount it, or the mount would hide the
            content of its directory.
        EngineError: The kernel refused.
    """
    dataset = engine.dataset(name)
    pool = engine.pool(names.pool_of(name))
    path = effective_mountpoint(dataset, pool.altroot)
    blocker = mount_blocker(dataset)
    if path is None or blocker is not None:
        raise PlanError(f"cannot mount '{name}': {blocker or 'it has no mountpoint'}")
    mounted = _mount_table.mount_paths().get(name)
    if mounted is not None and mounted in (path, look(path).real):
        return path
    if mounted is not None:
        raise engine_error("mount", name, errno.EBUSY, detail=f"it is mounted at {mounted}")
    _mount_at(dataset, path, readonly_pool=pool.readonly, hide=hide)
    return path


def remount(engine: Engine, name: str) -> str:
    """Make a mount follow its properties as they are now; return the path.

    ZFS follows its properties by itself, but Linux keeps the options of a mount, so
    zfs_prop_set_list() in lib/libzfs/libzfs_dataset.c remounts. It does so for the
    dataset whose property is set, and not for the datasets that inherit from it.

    Raises:
        EngineError: It is not mounted, or the kernel refused.
    """
    path = _mount_table.mount_paths().get(names.check_dataset(name))
    if path is None:
        raise NotFound(
            operation="remount", target=name, errno=errno.EINVAL, reason="it is not mounted"
        )
    readonly = engine.pool(names.pool_of(name)).readonly
    _mount_at(engine.dataset(name), path, readonly_pool=readonly, again=True)
    return path


def give(
    name: str, *, uid: int | None = None, gid: int | None = None, mode: int | None = None
) -> None:
    """Give the root directory of a mounted filesystem its owner and mode.

    Raises:
        EngineError: It is not mounted, something else is in its place, or the kernel
            refused.
    """
    path = _mount_table.mount_paths().get(names.check_dataset(name))
    if path is None:
        raise RefusedValue(
            operation="give an owner to",
            target=name,
            errno=errno.EINVAL,
            reason="it is not mounted",
        )
    try:
        path_only = open_directory(path)
        try:
            if not _mount_table.is_mount_of(path_only, name):
                raise OSError(errno.EBUSY, "something else is mounted there")
            directory = os.open(".", os.O_RDONLY | os.O_CLOEXEC, dir_fd=path_only)
        finally:
            os.close(path_only)
        try:
            os.fchown(directory, -1 if uid is None else uid, -1 if gid is None else gid)
            if mode is not None:  # after chown, which clears setuid and setgid
                os.fchmod(directory, mode)
        finally:
            os.close(directory)
    except OSError as error:
        raise EngineError(
            operation="give an owner to",
            target=path,
            errno=error.errno or 0,
            reason=error.strerror or str(error),
        ) from None


def _mount_at(
    dataset: Dataset,
    path: str,
    *,
    readonly_pool: bool,
    again: bool = False,
    hide: bool = True,
) -> None:
    """Mount on a directory that was opened first, so that no link diverts the mount."""
    name, verb = dataset.name, "remount" if again else "mount"
    try:
        directory = open_directory(path, make=not again)
    except OSError as error:
        detail = error.filename or path
        raise engine_error(verb, name, error.errno or 0, detail=detail) from None
    try:
        real = os.readlink(f"/proc/self/fd/{directory}")
        if "," in real or "," in path:
            # mount(2) takes its options as one text, split at commas.
            raise PlanError(
                f"cannot {verb} '{name}': a comma in '{path}' would end the mount option "
                "that holds this path",
                hint="set another mountpoint",
            )
        if not again:
            _check_empty(dataset, directory, path, real, hide=hide)
        flags, options = _mount_table.mount_options(
            dataset, real, readonly_pool=readonly_pool
        )
        code = lib.zt_mount(
            name.encode(),
            f"/proc/self/fd/{directory}".encode(),
            flags | (_mount_table.MS_REMOUNT if again else 0),
            options.encode("utf-8", "surrogateescape"),
        )
    finally:
        os.close(directory)
    if code:
        raise engine_error(verb, name, code, detail=path)


def _check_empty(
    dataset: Dataset, directory: int, path: str, real: str, *, hide: bool
) -> None:
    """Refuse to hide the content of a directory, unless that is asked for and allowed."""
    name = dataset.name
    if hide and dataset.value("overlay") != "off":
        return
    try:
        held = first_held(directory)
        if dataset.value("overlay") == "off" and _lists_anything(directory):
            raise engine_error("mount", name, errno.ENOTEMPTY, detail=path)
    except OSError as error:
        raise engine_error("mount", name, error.errno or 0, detail=path) from None
    obstacle = in_the_way(Place(path, real, holds=held))
    if obstacle is not None:
        reason, hint = obstacle
        raise PlanError(f"cannot mount '{name}': {reason}", hint=hint)


def _lists_anything(directory: int) -> bool:
    """Tell whether a directory has any entry, be it an empty directory."""
    readable = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory)
    try:
        return bool(os.listdir(readable))
    finally:
        os.close(readable)


def unmount(name: str, *, force: bool = False) -> None:
    """Unmount a filesystem.

    Raises:
        EngineError: It is not mounted, or in use.
    """
    path = _mount_table.mount_paths().get(names.check_dataset(name))
    if path is None:
        raise engine_error("unmount", name, errno.EINVAL)
    # An open directory keeps its own mount busy, so the parent is opened instead.
    try:
        parent, last_name = open_parent(path)
    except OSError as error:
        code = error.errno or 0
        raise engine_error("unmount", name, code, detail=path, example=path) from None
    try:
        target = f"/proc/self/fd/{parent}/{last_name}" if last_name else "/"
        code = lib.zt_unmount(
            target.encode("utf-8", "surrogateescape"),
            _UMOUNT_NOFOLLOW | (_MNT_FORCE if force else 0),
        )
    finally:
        os.close(parent)
    if code:
        raise engine_error("unmount", name, code, example=path)


@contextmanager
def unmounted(engine: Engine, name: str, *, renamed: str = "") -> Iterator[None]:
    """Hold a dataset and all below it unmounted during a block.

    Where the block fails, all is mounted again where it was. Where the block renames the
    dataset, only the filesystems whose mountpoint follows from the name are unmounted,
    and then mounted at their new place; legacy mounts and local mountpoints stay, as with
    ``zfs rename``.
    """
    paths = {} if "@" in name else _mount_table.mount_paths()
    affected = [n for n in paths if n == name or n.startswith(name + "/")]
    if renamed:
        affected = [n for n in affected if _moves(engine.dataset(n), name)]
    unmounted_now: list[str] = []
    try:
        # A mount inside another one must be unmounted before it.
        for dataset in sorted(affected, key=lambda n: paths[n], reverse=True):
            unmount(dataset)
            unmounted_now.append(dataset)
        yield
    except BaseException as error:
        for dataset in reversed(unmounted_now):
            _put_back(engine, dataset, paths[dataset], error)
        raise
    if renamed:
        new_names = [renamed + n[len(name) :] for n in reversed(unmounted_now)]
        _mount_all(engine, new_names)


def _moves(dataset: Dataset, renamed: str) -> bool:
    """Tell whether a rename of `renamed` moves the mountpoint of a dataset in it."""
    mountpoint = dataset.properties["mountpoint"]
    within = f"{mountpoint.origin}/".startswith(f"{renamed}/")
    source = mountpoint.source
    inherited = source == DEFAULT or (source == INHERITED and not within)
    return inherited and mountpoint.value.startswith("/")


def _put_back(engine: Engine, name: str, path: str, error: BaseException) -> None:
    readonly = engine.pool(names.pool_of(name)).readonly
    try:
        _mount_at(engine.dataset(name), path, readonly_pool=readonly)
    except ZfstuneError as second:
        error.add_note(f"'{name}' stayed unmounted: {second}")


def _mount_all(engine: Engine, datasets: Iterable[str]) -> None:
    """Mount as many of the datasets as can be; raise the first error afterwards."""
    first_error: ZfstuneError | None = None
    for name in datasets:
        if mount_blocker(engine.dataset(name)) is not None:
            continue  # the properties of its new parent forbid it
        try:
            mount(engine, name, hide=False)
        except ZfstuneError as error:
            first_error = first_error or error
    if first_error is not None:
        raise first_error
