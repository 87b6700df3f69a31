"""``zfstune status``: all that an administrator looks at first, on one screen."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, print_json
from zfstune.cli.which_zfs import open_zfs
from zfstune.health.status import read_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

__all__ = ["add_arguments"]


def add_arguments(parser: Any) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Show on one screen: pools and their space; the datasets that zfstune manages, "
        "with the age of the newest snapshot beside the period of the schedule; how far "
        "copies are behind; and what is not as it should be. Rows with a finding come "
        "first. The exit status is 4 where there is a finding."
    )
    parser.add_argument(
        "--state", metavar="DIR", help="the folder of the notes on runs, as for schedule"
    )
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    with open_zfs(args) as engine:
        page = read_status(folder=args.state, engine=engine)
    if args.json:
        print_json(page.to_dict())
    else:
        print("\n".join(page.lines()))
    return exit_status.PENDING if page.pending else exit_status.DONE
