"""``zfstune doctor``: what this host's OpenZFS suffers from, and what is missing."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.colours import coloured
from zfstune.cli.output import add_json, print_json, print_lines
from zfstune.cli.which_zfs import open_zfs
from zfstune.health.doctor import doctor
from zfstune.values.errors import ZfsUnavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from zfstune.health.diagnosis import Diagnosis

__all__ = ["add_arguments"]


def add_arguments(parser: Any) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Compare this host with the faults that releases of OpenZFS are known for, and "
        "name only what concerns its pools and datasets. Also look at the parameters of "
        "the module, the library beside it, permissions, programs, time zones and the "
        "clock. Each finding has a severity, a remedy and its source. Nothing is changed. "
        "The exit status is 4 where a danger or a fault was found."
    )
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    diagnosis, is_there = _diagnosis(args)
    if args.json:
        print_json(diagnosis.to_dict())
    else:
        print_lines(coloured(diagnosis.lines()))
    if diagnosis.pending:
        return exit_status.PENDING
    return exit_status.DONE if is_there else exit_status.NO_ZFS


def _diagnosis(args: argparse.Namespace) -> tuple[Diagnosis, bool]:
    """Return what was found, and whether there is a ZFS."""
    try:
        engine = open_zfs(args)
    except ZfsUnavailable as error:
        return doctor(no_zfs=error.message), False
    with engine:
        return doctor(engine), True
