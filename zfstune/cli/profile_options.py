"""The options that ``plan`` and ``apply`` share, and how a plan is shown."""

from __future__ import annotations

from zfstune.cli.output import add_json, print_lines, warn
from zfstune.cli.value_options import add_values
from zfstune.host.manifest import host_and_source
from zfstune.profiles.load import load_file, resolve_role
from zfstune.profiles.roles import AUTO

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from zfstune.datasets.plan import Plan


__all__ = ["add_profiles", "add_role", "print_plan", "read_profiles"]


def add_profiles(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose profiles, their place and their values."""
    parser.add_argument(
        "profiles",
        nargs="*",
        metavar="PROFILE",
        help="a profile, as in `postgres`; `zfstune profiles` lists them",
    )
    parser.add_argument(
        "--profile",
        dest="files",
        metavar="FILE",
        action="append",
        default=[],
        help="a profile of your own; may be repeated",
    )
    add_role(parser, "the profiles of a role, as in `web`; `auto`: that of the host's name")
    parser.add_argument(
        "--variant", metavar="NAME", help="use that variant of the profiles that have it"
    )
    parser.add_argument(
        "--pool", help="default: $ZFSTUNE_POOL, the installer's pool, or the only one"
    )
    parser.add_argument(
        "--root", metavar="DATASET", help="where the datasets go (default: POOL/data)"
    )
    parser.add_argument(
        "--at",
        metavar="DATASET",
        help="put the one profile on a dataset that exists, where it lies; its data stays, "
        "and datasets that the profile has below are made only where they hide none",
    )
    add_values(
        parser,
        "another value for the first dataset of each profile; the next apply without "
        "it takes it back",
    )
    parser.add_argument(
        "--no-owner", action="store_true", help="leave owner and mode of directories alone"
    )
    parser.add_argument(
        "--allow-unsafe",
        action="store_true",
        help="allow sync=disabled, with which a crash loses confirmed writes, and "
        "checksum=off, with which damaged data is read as sound",
    )
    add_json(parser)
    parser.set_defaults(refuse=parser.error)


def add_role(parser: argparse.ArgumentParser, what: str) -> None:
    """Add the option that names roles."""
    parser.add_argument(
        "--role",
        dest="roles",
        metavar="ROLE",
        action="append",
        default=[],
        help=f"{what}; may be repeated; `zfstune roles` lists them",
    )


def read_profiles(args: argparse.Namespace) -> tuple[list[Any], dict[str, Any]]:
    """Return the profiles to apply, and the other arguments of plan and apply."""
    return _profiles(args), {
        "roles": [_role(role) for role in args.roles],
        "variant": args.variant,
        "pool": args.pool,
        "root": args.root,
        "at": args.at,
        "properties": dict(args.properties),
        "owner": not args.no_owner,
        "allow_unsafe": args.allow_unsafe,
    }


def _profiles(args: argparse.Namespace) -> list[Any]:
    if not (args.profiles or args.files or args.roles):
        args.refuse("name a PROFILE or a --role")
    return [*args.profiles, *map(load_file, args.files)]


def _role(name: str) -> str:
    """Return the name of a role; for ``auto``, of the role of this host."""
    if name != AUTO:
        return name
    host, source = host_and_source()
    role = resolve_role(AUTO)
    where = f" ({source} says so)" if source else ""
    warn(f"role {role.name}, since this host is {host}{where}")
    return role.name


def print_plan(plan: Plan) -> None:
    """Print a plan for people."""
    print_lines(plan.lines())
