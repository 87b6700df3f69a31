"""``zfstune complete``: names for the completions of shells, one a line.

No help lists this verb. It says nothing on stderr and never fails, since a shell prints
what goes wrong into the line that the user is typing.
"""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.which_zfs import open_zfs
from zfstune.profiles.load import profile_names
from zfstune.profiles.roles import AUTO, ROLES
from zfstune.values.errors import ZfstuneError
from zfstune.values.names import pool_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from zfstune.engine.protocol import Engine

__all__ = ["add_arguments"]

_KINDS = ("dataset", "pool", "profile", "role", "snapshot", "target")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the kind of names, and the word that they begin with."""
    parser.description = (
        "Print the names that begin with WORD, one a line, for the completion of a shell."
    )
    parser.add_argument("kind", choices=_KINDS, metavar="KIND", help=", ".join(_KINDS))
    parser.add_argument("word", nargs="?", default="", metavar="WORD")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    try:
        names = list(_names(args))
    except (ZfstuneError, OSError):
        return exit_status.DONE
    for name in names:
        if name.startswith(args.word) and "\n" not in name:
            print(name)
    return exit_status.DONE


def _names(args: argparse.Namespace) -> Iterable[str]:
    match args.kind:
        case "profile":
            return profile_names()
        case "role":
            return (AUTO, *(role.name for role in ROLES))
    with open_zfs(args) as engine:
        match args.kind:
            case "pool":
                return engine.pools()
            case "snapshot":
                return _snapshots(engine, args.word)
            case "target":  # of verify: a profile, or a dataset
                return (*profile_names(), *_datasets(engine, args.word))
        return _datasets(engine, args.word)


def _datasets(engine: Engine, word: str) -> list[str]:
    """List the datasets that may begin with a word: those of its pool, once it has one."""
    pools = [
        pool
        for pool in engine.pools()
        if (pool == pool_of(word) if "/" in word else pool.startswith(word))
        # A read from a suspended pool may never return, and the shell waits.
        and not engine.pool(pool).suspended
    ]
    return [dataset.name for pool in pools for dataset in engine.datasets(pool)]


def _snapshots(engine: Engine, word: str) -> list[str]:
    """List the snapshots of the dataset in a word; before its ``@``, the datasets.

    A pool may have a hundred thousand snapshots, so only one dataset's are read.
    """
    dataset, at, _ = word.partition("@")
    if not at:
        return [f"{name}@" for name in _datasets(engine, word)]
    if engine.pool(pool_of(dataset)).suspended:
        return []
    return [snapshot.name for snapshot in engine.snapshots(dataset)]
