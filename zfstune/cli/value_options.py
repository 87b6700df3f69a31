"""Options that several verbs have: values of properties, a dry run, encrypted blocks."""

from __future__ import annotations

import argparse

from zfstune.cli.output import add_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["add_dry_run", "add_raw", "add_values", "add_without"]


def add_values(parser: Any, what: str) -> None:
    """Add the option that sets properties, with half a sentence about what it is for."""
    parser.add_argument(
        "-o",
        dest="properties",
        metavar="PROPERTY=VALUE",
        type=_pair,
        action="append",
        default=[],
        help=f"{what}; may be repeated",
    )


def add_without(parser: Any, what: str) -> None:
    """Add the option that names properties which are to be inherited."""
    parser.add_argument(
        "-x",
        dest="without",
        metavar="PROPERTY",
        action="append",
        default=[],
        help=f"{what}; may be repeated",
    )


def add_raw(parser: Any, default: str) -> None:
    """Add the options that choose how encrypted blocks are sent."""
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--raw",
        action="store_true",
        default=None,
        help=f"send encrypted blocks as they are, without their key (default: {default})",
    )
    kind.add_argument(
        "--no-raw",
        dest="raw",
        action="store_false",
        default=None,
        help="decrypt what is sent",
    )


def add_dry_run(parser: Any, what: str = "show the plan and change nothing") -> None:
    """Add the options that show a plan alone, and that print it as JSON."""
    parser.add_argument("-n", "--dry-run", action="store_true", help=what)
    add_json(parser)


def _pair(text: str) -> tuple[str, str]:
    """Read PROPERTY=VALUE."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        message = f"'{text}' is not PROPERTY=VALUE"
        raise argparse.ArgumentTypeError(message)
    return name, value
