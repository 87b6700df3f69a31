"""Datasets of the kernel that are retuned: made, retuned, looked at."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zfstune

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine
    from zfstune.measurement.retuning.retune_result import RetuneResult

    Run = Callable[..., RetuneResult]
    Place = tuple[str, Path]
    Idle = list[str]

K = 1 << 10
OLD, NEW = 128 * K, 8 * K
EXCHANGES = (2, 2)  # since then ZFS exchanges two names in one step


def idle_option(engine: Engine) -> Idle:
    """Give the option for a release that needs to be told that nothing else is there."""
    return ["--idle"] if engine.limits.release < EXCHANGES else []


def new_place(pool: str, engine: Engine) -> Place:
    """Give a filesystem with records of 128K, and where it is mounted."""
    name = f"{pool}/{secrets.token_hex(4)}"
    properties = {"recordsize": "128K", "xattr": "sa", "acltype": "posix"}
    engine.create(name, properties=properties)
    return name, Path(engine.mount(name))


def runner(engine: Engine) -> Run:
    """Give the function that retunes a dataset in this process."""

    def retuned(name: str, **more: Any) -> RetuneResult:
        idle = bool(idle_option(engine))
        choice = zfstune.Retuning(idle=idle, keep_free="1M", **more)
        return zfstune.retune(name, choice=choice, engine=engine)

    return retuned


def block_bytes(path: Path) -> int:
    """Give the size of a file's blocks, as the kernel says."""
    return path.stat().st_blksize


def left_in(folder: Path) -> list[str]:
    """Give what runs have left in the root of a filesystem."""
    return [path.name for path in folder.glob(".zfstune*")]


def all_of(path: Path) -> tuple[object, ...]:
    """Give all that a file has, except what says which file it is."""
    facts = path.stat()
    extended = {name: os.getxattr(path, name) for name in sorted(os.listxattr(path))}
    kept = (facts.st_mode, facts.st_uid, facts.st_gid, facts.st_nlink, facts.st_size)
    times = facts.st_atime_ns, facts.st_mtime_ns
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOATIME), "rb") as file:
        return (*kept, extended, times, file.read())
