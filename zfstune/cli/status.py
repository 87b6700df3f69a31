"""``zfstune status``: all that an administrator looks at first, on one screen."""

from __future__ import annotations

import os
from time import time

from zfstune.cli import exit_status
from zfstune.cli.colours import coloured
from zfstune.cli.output import add_json, print_json
from zfstune.cli.which_zfs import open_zfs
from zfstune.health.status import read_status
from zfstune.health.status_html import status_html
from zfstune.host.files import write_file

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
        "first. A WEEK is how much more a dataset references than in its newest snapshot "
        "by zfstune that is a week old, or else in its oldest one, reckoned for seven "
        "days; that of a pool is the sum of its datasets."
    )
    parser.add_argument(
        "--state", metavar="DIR", help="the folder of the notes on runs, as for schedule"
    )
    parser.add_argument(
        "--html",
        metavar="FILE",
        help="also write all of it to one page of HTML, which needs nothing beside it",
    )
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    with open_zfs(args) as engine:
        page = read_status(folder=args.state, engine=engine)
        host = engine.file or os.uname().nodename
    if args.html is not None:
        write_file(args.html, status_html(page, host, int(time())))
    if args.json:
        print_json(page.to_dict())
    else:
        print("\n".join(coloured(page.lines())))
    return exit_status.PENDING if page.pending else exit_status.DONE
