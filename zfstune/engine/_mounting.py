"""Mount and unmount, in process: mount(2), with what zfs_mount() derives."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from zfstune import names
from zfstune.engine import _mount
from zfstune.engine._binding import lib
from zfstune.engine._errno import engine_error
from zfstune.errors import PlanError
from zfstune.mountpoint import effective_mountpoint, mount_blocker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.engine import Engine

__all__ = ["mount", "unmount", "unmounted"]

_MNT_FORCE = 1  # sys/mount.h


def mount(engine: Engine, name: str) -> str:
    """Mount a filesystem where its properties say; give the path.

    One that is mounted there already stays as it is.

    Raises:
        PlanError: Its properties say that it is not to be mounted.
        EngineError: The kernel refused.
    """
    dataset = engine.dataset(name)
    pool = engine.pool(names.pool_of(name))
    path = effective_mountpoint(dataset, pool.altroot)
    blocker = mount_blocker(dataset)
    if path is None or blocker is not None:
        raise PlanError(f"cannot mount '{name}': {blocker or 'it has no mountpoint'}")
    mounted = _mount.mount_paths().get(name)
    if mounted == path:
        return path
    if mounted is not None:
        raise engine_error("mount", name, errno.EBUSY, detail=f"mounted at {mounted}")
    flags, options = _mount.mount_options(dataset, path, readonly_pool=pool.readonly)
    try:
        _mount.make_mountpoint(dataset, path)
    except OSError as error:
        raise engine_error("mount", name, error.errno or 0, detail=path) from None
    code = lib.zt_mount(
        name.encode(),
        path.encode("utf-8", "surrogateescape"),
        flags,
        options.encode("utf-8", "surrogateescape"),
    )
    if code:
        raise engine_error("mount", name, code, detail=path)
    return path


def unmount(name: str, *, force: bool = False) -> None:
    """Unmount a filesystem.

    Raises:
        EngineError: It is not mounted, or in use.
    """
    path = _mount.mount_paths().get(names.check_dataset(name))
    if path is None:
        raise engine_error("unmount", name, errno.EINVAL)
    code = lib.zt_unmount(
        path.encode("utf-8", "surrogateescape"), _MNT_FORCE if force else 0
    )
    if code:
        raise engine_error("unmount", name, code)


@contextmanager
def unmounted(engine: Engine, name: str, *, renamed: str = "") -> Iterator[None]:
    """Hold a dataset and all below it unmounted during a block.

    Afterwards what was mounted is mounted again: under its new name where the
    block renamed it, under the old one where the block failed, and not at all
    where it was destroyed.
    """
    paths = {} if "@" in name else _mount.mount_paths()
    below = [n for n in paths if n == name or n.startswith(name + "/")]
    down: list[str] = []
    now = name
    try:
        # what is mounted inside another comes off first
        for dataset in sorted(below, key=lambda n: paths[n], reverse=True):
            unmount(dataset)
            down.append(dataset)
        yield
        now = renamed
    finally:
        if now:
            for dataset in reversed(down):
                mount(engine, now + dataset[len(name) :])
