"""``zfstune profiles`` and ``zfstune roles``: which there are."""

from __future__ import annotations

from zfstune.cli import status
from zfstune.cli.output import print_json, print_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

__all__ = ["add_parser"]


def add_parser(verbs: Any) -> None:
    """Add both verbs."""
    parser = verbs.add_parser(
        "profiles",
        help="list the profiles",
        description="List the profiles with their variants. `zfstune plan PROFILE` shows "
        "what one would do here, and why.",
    )
    _add_options(parser)
    parser.set_defaults(run=_profiles)
    parser = verbs.add_parser(
        "roles",
        help="list the roles of machines, and their profiles",
        description="List the roles of machines and the profiles that each stands for, as "
        "`zfstune apply --role` takes them.",
    )
    _add_options(parser)
    parser.set_defaults(run=_roles)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-H", dest="scripted", action="store_true", help="tabs, no header: for scripts"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _roles(args: argparse.Namespace) -> int:
    from zfstune.roles import ROLES  # noqa: PLC0415 (not for --help)

    if args.json:
        print_json(
            [
                {
                    "name": role.name,
                    "aliases": list(role.aliases),
                    "profiles": list(role.profiles),
                    "summary": role.summary,
                }
                for role in ROLES
            ]
        )
        return status.DONE
    rows = [
        (
            role.name,
            ",".join(role.aliases) or "-",
            ",".join(role.profiles) or "-",
            role.summary,
        )
        for role in ROLES
    ]
    print_table(("ROLE", "ALSO", "PROFILES", "SUMMARY"), rows, scripted=args.scripted)
    return status.DONE


def _profiles(args: argparse.Namespace) -> int:
    from zfstune import profile  # noqa: PLC0415 (not for --help)

    found = [profile.load(name) for name in profile.names()]
    if args.json:
        print_json(
            [
                {
                    "name": each.name,
                    "summary": each.summary,
                    "datasets": [dataset.path for dataset in each.datasets],
                    "variants": {v.name: v.summary for v in each.variants},
                }
                for each in found
            ]
        )
        return status.DONE
    rows = [
        (each.name, ",".join(v.name for v in each.variants) or "-", each.summary)
        for each in found
    ]
    print_table(("PROFILE", "VARIANTS", "SUMMARY"), rows, scripted=args.scripted)
    return status.DONE
