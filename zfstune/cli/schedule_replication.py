"""Options of ``zfstune schedule`` that say where datasets are replicated to."""

from __future__ import annotations

from zfstune.schedules.replicate_to import Sending
from zfstune.streams.selection import read_filter
from zfstune.values.frozen import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from zfstune.schedules.schedule import Scheduled

__all__ = ["add_replication", "with_replication"]


def add_replication(parser: Any, what: str) -> None:
    """Add the options that say where datasets are replicated to, and how."""
    parser.add_argument(
        "--replicate", metavar="TARGET", action="append", default=[], help=what
    )
    parser.add_argument(
        "--properties",
        dest="take_properties",
        action="store_true",
        help="with --replicate: as for `zfstune replicate --properties`",
    )
    parser.add_argument(
        "--exclude-property",
        metavar="PROPERTY[=VALUE]",
        action="append",
        default=[],
        help="with --replicate: as for `zfstune replicate --exclude-property`; may be "
        "repeated",
    )


def with_replication(
    args: argparse.Namespace, schedules: list[Scheduled], *, none: bool = False
) -> list[Scheduled]:
    """Give schedules the targets of a command line with their options, or neither.

    Without targets a schedule keeps those that it has, and their options.

    Args:
        args: The command line.
        schedules: The schedules.
        none: Take the targets away.

    Raises:
        InvalidProperty, InvalidValue: A property to leave datasets out by makes no sense.
    """
    if not args.replicate:
        for option in ("take_properties", "exclude_property"):
            if getattr(args, option):
                word = option.removeprefix("take_").replace("_", "-")
                args.refuse(f"--{word} goes with --replicate TARGET")
        if not none:
            return schedules
    if args.replicate and len(schedules) > 1:
        args.refuse("--replicate goes with one DATASET")
    for text in args.exclude_property:
        read_filter(text)
    sending = Sending(args.take_properties, tuple(args.exclude_property))
    return [
        replace(s, replicates_to=tuple(args.replicate), replicates_with=sending.text)
        for s in schedules
    ]
