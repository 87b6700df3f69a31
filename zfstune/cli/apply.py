"""``zfstune plan`` and ``zfstune apply``."""

from __future__ import annotations

import argparse
import sys

from zfstune.cli import status
from zfstune.cli.opening import open_meant
from zfstune.cli.output import print_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from zfstune.actions import Plan

__all__ = ["add_parser"]


def add_parser(verbs: Any) -> None:
    """Add both verbs."""
    plan = verbs.add_parser(
        "plan",
        help="show what apply would do, and why",
        description="Show what `zfstune apply` would do, and why; change nothing.",
    )
    _add_options(plan)
    plan.add_argument(
        "--check", action="store_true", help="exit with 4 when something would change"
    )
    plan.set_defaults(run=_plan)
    apply = verbs.add_parser(
        "apply",
        help="create and tune the datasets of profiles, and mount them",
        description="Create and tune the datasets of profiles, mount them and give them "
        "their owner. A second run changes nothing; an interrupted one is finished by the "
        "next. Nothing is ever destroyed.",
    )
    _add_options(apply)
    apply.add_argument(
        "-n", "--dry-run", action="store_true", help="show the plan and change nothing"
    )
    apply.set_defaults(run=_apply)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "profiles",
        nargs="*",
        metavar="PROFILE",
        help="as in `postgres`; `zfstune profiles` lists them",
    )
    parser.add_argument(
        "--profile",
        dest="files",
        metavar="FILE",
        action="append",
        default=[],
        help="a profile of your own; may be repeated",
    )
    parser.add_argument(
        "--role",
        dest="roles",
        metavar="ROLE",
        action="append",
        default=[],
        help="the profiles of a role, as in `web`; `auto`: that of the host's name; may be "
        "repeated; `zfstune roles` lists them",
    )
    parser.add_argument(
        "--variant", metavar="NAME", help="other values of the profiles that have them"
    )
    parser.add_argument(
        "--pool", help="default: $ZFSTUNE_POOL, the installer's pool, or the only one"
    )
    parser.add_argument(
        "--root", metavar="DATASET", help="where the datasets go (default: POOL/data)"
    )
    parser.add_argument(
        "-o",
        dest="properties",
        metavar="PROPERTY=VALUE",
        type=_pair,
        action="append",
        default=[],
        help="another value on the first dataset of each profile; may be repeated",
    )
    parser.add_argument(
        "--no-owner", action="store_true", help="leave owner and mode of directories alone"
    )
    parser.add_argument(
        "--allow-unsafe",
        action="store_true",
        help="let sync be disabled: a crash then loses confirmed writes",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(refuse=parser.error)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        message = f"'{text}' is not PROPERTY=VALUE"
        raise argparse.ArgumentTypeError(message)
    return name, value


def _arguments(args: argparse.Namespace) -> dict[str, Any]:
    return {
        "roles": [_role(role) for role in args.roles],
        "variant": args.variant,
        "pool": args.pool,
        "root": args.root,
        "properties": dict(args.properties),
        "owner": not args.no_owner,
        "allow_unsafe": args.allow_unsafe,
    }


def _profiles(args: argparse.Namespace) -> list[Any]:
    """Give what was asked for: names, and profiles from files."""
    if not (args.profiles or args.files or args.roles):
        args.refuse("name a PROFILE or a --role")
    from zfstune.profile import load_file  # noqa: PLC0415 (not for --help)

    return [*args.profiles, *map(load_file, args.files)]


def _role(name: str) -> str:
    """Say what ``auto`` comes to on this host."""
    from zfstune.roles import AUTO, role_of_host  # noqa: PLC0415 (only for roles)

    if name != AUTO:
        return name
    from zfstune.manifest import host_name  # noqa: PLC0415 (as above)

    host = host_name()
    role = role_of_host(host)
    print(f"zfstune: role {role.name}, since this host is {host}", file=sys.stderr)
    return role.name


def _show(plan: Plan) -> None:
    from zfstune.plan_text import render  # noqa: PLC0415 (not for --help or --json)

    sys.stdout.write(render(plan))
    sys.stdout.flush()  # before the first change


def _plan(args: argparse.Namespace) -> int:
    from zfstune.applying import plan  # noqa: PLC0415 (not for --help)

    profiles, arguments = _profiles(args), _arguments(args)
    with open_meant(args) as engine:
        made = plan(*profiles, **arguments, engine=engine)
    if args.json:
        print_json(made.to_dict())
    else:
        _show(made)
    return status.PENDING if args.check and made.pending else status.DONE


def _apply(args: argparse.Namespace) -> int:
    from zfstune.applying import apply  # noqa: PLC0415 (not for --help)

    profiles, arguments = _profiles(args), _arguments(args)
    with open_meant(args) as engine:
        applied = apply(
            *profiles,
            **arguments,
            dry_run=args.dry_run,
            engine=engine,
            show=None if args.json else _show,
        )
    if args.json:
        print_json(applied.to_dict())
    elif applied.changed:
        count = len(applied.done)
        print(f"done: {count} step{'s' if count > 1 else ''}")
    return status.DONE
