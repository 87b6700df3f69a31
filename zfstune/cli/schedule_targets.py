"""The datasets that a command line of ``zfstune schedule`` means."""

from __future__ import annotations

from zfstune.cli.output import warn
from zfstune.engine.pools import choose_pool
from zfstune.host.manifest import host_name
from zfstune.profiles.profile import load
from zfstune.profiles.roles import AUTO, find_role, role_of_host
from zfstune.schedules.cadence import NONE
from zfstune.schedules.schedule import taken_along_with, with_schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from zfstune.engine.protocol import Engine

__all__ = ["named_datasets", "scheduled_by_roles", "without_taken_along"]


def named_datasets(args: argparse.Namespace, engine: Engine) -> list[str]:
    """List the datasets that a command line names, by itself or through a role."""
    if not (args.datasets or args.roles or args.all):
        args.refuse("name a DATASET, a --role or --all")
    found = list(args.datasets)
    if args.roles:
        found += scheduled_by_roles(engine, args.roles, pool=args.pool, root=args.root)
    if args.all:
        found += with_schedule(engine)
    return list(dict.fromkeys(found))


def scheduled_by_roles(
    engine: Engine, roles: Iterable[str], *, pool: str | None, root: str | None
) -> list[str]:
    """List the datasets that the profiles of some roles want snapshots of.

    Args:
        engine: Chooses the pool where none is named.
        roles: As in ``web``; ``auto`` stands for the role that the host's name says.
        pool: Default: see :func:`zfstune.engine.pools.choose_pool`.
        root: The dataset that holds the profiles' datasets; default: ``POOL/data``, as
            for apply.

    Raises:
        ProfileError: There is no such role.
    """
    chosen = [
        role_of_host(host_name()) if role == AUTO else find_role(role) for role in roles
    ]
    base = root or f"{choose_pool(engine, pool)}/data"
    return [
        f"{base}/{dataset.path}"
        for role in chosen
        for profile in role.profiles
        for dataset in load(profile).datasets
        if dataset.snapshots is not None and dataset.snapshots.every != NONE
    ]


def without_taken_along(
    args: argparse.Namespace, engine: Engine, named: list[str]
) -> list[str]:
    """Leave out what roles name and the schedule of a dataset above takes along."""
    left = []
    for name in named:
        above = ""
        if name not in args.datasets and engine.exists(name):
            above = taken_along_with(engine, engine.dataset(name))
        if above:
            warn(f"left '{name}' to the schedule of '{above}', which takes it along")
        else:
            left.append(name)
    return left
