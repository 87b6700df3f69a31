"""``zfstune roles``: list the roles of machines."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, add_scripted, print_json, print_table
from zfstune.profiles.roles import ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

__all__ = ["add_arguments"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "List the roles of machines and the profiles of each, as "
        "`zfstune apply --role` takes them."
    )
    add_scripted(parser)
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    if args.json:
        print_json(
            {
                "roles": [
                    {
                        "name": role.name,
                        "aliases": list(role.aliases),
                        "profiles": list(role.profiles),
                        "summary": role.summary,
                    }
                    for role in ROLES
                ]
            }
        )
        return exit_status.DONE
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
    return exit_status.DONE
