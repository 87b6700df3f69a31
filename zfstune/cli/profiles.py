"""``zfstune profiles``, ``profile`` and ``roles``: which there are, and are they sound."""

from __future__ import annotations

from zfstune.cli import status
from zfstune.cli.output import print_json, print_table, report
from zfstune.errors import ProfileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

__all__ = ["add_parser"]


def add_parser(verbs: Any) -> None:
    """Add the three verbs."""
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
    parser = verbs.add_parser(
        "profile",
        help="check profiles of your own",
        description="Check profiles of your own, for `zfstune apply --profile FILE` or for "
        "/etc/zfstune/profiles.d.",
    )
    own = parser.add_subparsers(metavar="VERB", required=True)
    check = own.add_parser(
        "check",
        help="say whether files hold sound profiles",
        description="Say whether files hold sound profiles. Nothing but the files is read.",
    )
    check.add_argument("files", metavar="FILE", nargs="+")
    check.set_defaults(run=_check)
    schema = own.add_parser(
        "schema",
        help="print the JSON Schema of a profile",
        description="Print the JSON Schema of a profile, for an editor to complete by.",
    )
    schema.set_defaults(run=_schema)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-H", dest="scripted", action="store_true", help="tabs, no header: for scripts"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _check(args: argparse.Namespace) -> int:
    from zfstune.profile import load_file  # noqa: PLC0415 (not for --help)

    faults = 0
    for path in args.files:
        try:
            found = load_file(path)
        except ProfileError as error:
            report(error)
            faults += 1
            continue
        variants = "".join(f", variant {each.name}" for each in found.variants)
        count = len(found.datasets)
        datasets = f"{count} dataset{'s' if count > 1 else ''}"
        print(f"{path}: sound: profile {found.name}, {datasets}{variants}")
    return status.FAILED if faults else status.DONE


def _schema(_: argparse.Namespace) -> int:
    from zfstune.profile_schema import profile_schema  # noqa: PLC0415 (not for --help)

    print_json(profile_schema())
    return status.DONE


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

    found = []
    names = profile.names()
    for name in names:
        try:
            found.append(profile.load(name))
        except ProfileError as error:  # one of the site's own: the others still count
            report(error)
    result = status.DONE if len(found) == len(names) else status.PARTLY
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
        return result
    rows = [
        (each.name, ",".join(v.name for v in each.variants) or "-", each.summary)
        for each in found
    ]
    print_table(("PROFILE", "VARIANTS", "SUMMARY"), rows, scripted=args.scripted)
    return result
