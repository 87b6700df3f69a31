"""The datasets that a command line of ``zfstune schedule`` names."""

from __future__ import annotations

from zfstune.cli.output import warn
from zfstune.profiles.load import role_datasets
from zfstune.schedules.schedule import taken_along_with, with_schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from zfstune.engine.protocol import Engine

__all__ = ["named_datasets", "without_taken_along"]


def named_datasets(args: argparse.Namespace, engine: Engine) -> list[str]:
    """List the datasets that a command line names, by itself or through a role."""
    if not (args.datasets or args.roles or args.all):
        args.refuse("name a DATASET, a --role or --all")
    names = list(args.datasets)
    if args.roles:
        names += role_datasets(engine, args.roles, pool=args.pool, root=args.root)
    if args.all:
        names += with_schedule(engine)
    return list(dict.fromkeys(names))


def without_taken_along(
    args: argparse.Namespace, engine: Engine, named: list[str]
) -> list[str]:
    """Leave out datasets of roles that the schedule of a dataset above takes along."""
    kept = []
    for name in named:
        above = ""
        if name not in args.datasets and engine.exists(name):
            above = taken_along_with(engine, engine.dataset(name))
        if above:
            warn(f"left '{name}' to the schedule of '{above}', which takes it along")
        else:
            kept.append(name)
    return kept
