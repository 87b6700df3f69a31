"""Options that several verbs have, and readers of the values that options take.

A reader's error is a sentence of argparse's usage error: ``argument --size: '8Q' is no
size: 'Q' is no unit``.
"""

from __future__ import annotations

import argparse

from zfstune.cli.output import add_json
from zfstune.values.duration import DurationError, read_duration
from zfstune.values.size import SizeError, read_size
from zfstune.values.text import shown
from zfstune.values.whole_number import MAX_WHOLE, NumberError, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = [
    "add_dry_run",
    "add_raw",
    "add_values",
    "add_without",
    "duration_value",
    "size_value",
    "whole_value",
]


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


def size_value(text: str) -> int:
    """Read the bytes that an option gives."""
    try:
        return read_size(text)
    except SizeError as error:
        raise _no("size", text, error.reason) from None


def duration_value(text: str) -> int:
    """Read the seconds that an option gives, as ``30m``."""
    try:
        return read_duration(text)
    except DurationError as error:
        raise _no("time", text, error.reason or "write 90s, 30m or 2h") from None


def whole_value(least: int = 0, most: int = MAX_WHOLE) -> Callable[[str], int]:
    """Return a reader of the whole number that an option gives."""

    def read(text: str) -> int:
        try:
            number = read_whole(text, most)
        except NumberError as error:
            raise _no("number", text, error.reason) from None
        if number < least:
            raise _no("number", text, f"the least is {least}")
        return number

    return read


def _no(kind: str, text: str, reason: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"'{shown(text)}' is no {kind}: {reason}")


def _pair(text: str) -> tuple[str, str]:
    """Read PROPERTY=VALUE."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        message = f"'{text}' is not PROPERTY=VALUE"
        raise argparse.ArgumentTypeError(message)
    return name, value
