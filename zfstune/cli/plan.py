"""``zfstune plan``: show what ``zfstune apply`` would do."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import print_json
from zfstune.cli.profile_options import add_profiles, print_plan, read_profiles
from zfstune.cli.which_zfs import open_zfs
from zfstune.datasets.apply import plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

__all__ = ["add_arguments"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = "Show what `zfstune apply` would do, and why; change nothing."
    add_profiles(parser)
    parser.add_argument(
        "--check", action="store_true", help="exit with 4 if something would change"
    )
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    profiles, arguments = read_profiles(args)
    with open_zfs(args) as engine:
        made = plan(*profiles, **arguments, engine=engine)
    if args.json:
        print_json(made.to_dict())
    else:
        print_plan(made)
    return exit_status.PENDING if args.check and made.pending else exit_status.DONE
