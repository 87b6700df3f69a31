"""The command line, as a pure function: tests and man pages read it too."""

from __future__ import annotations

import argparse
import os
from functools import cache

from zfstune import __version__
from zfstune.cli import (
    apply,
    explain,
    image,
    listing,
    policy,
    profiles,
    prune,
    snapshot,
    status,
)
from zfstune.cli.opening import IMAGE_VARIABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["build_parser"]

_NO_TERMINAL = 80
# Verbs whose modules are loaded when they are chosen: each timer pays for the others.
_LATE = {
    "check": "check that snapshots are fresh, for Nagios and others",
    "metrics": "print figures for Prometheus",
    "schedule": "take snapshots and prune by the clock",
    "snapshots": "show snapshots: why each stays, and when it goes",
}


class _Help(argparse.HelpFormatter):
    """Wraps what is one paragraph, leaves alone what has lines of its own."""

    def __init__(self, prog: str, **more: Any) -> None:
        # argparse makes one for each argument added; left to find the width, it
        # imports shutil with all compressors, more than building all the parsers
        super().__init__(prog, width=_columns() - 2, **more)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)


@cache
def _columns() -> int:
    """Give the width of the terminal, as shutil.get_terminal_size() does."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size().columns or _NO_TERMINAL
    except OSError:
        return _NO_TERMINAL


class _Parser(argparse.ArgumentParser):
    """Every verb's parser ends its help alike."""

    late = ""

    def __init__(self, **options: Any) -> None:
        super().__init__(epilog=status.HELP, formatter_class=_Help, **options)

    def parse_known_args(self, *given: Any, **named: Any) -> Any:
        """Load what the verb adds, now that it was chosen; then parse."""
        if self.late:
            from importlib import import_module  # noqa: PLC0415 (where a verb needs it)

            verb, self.late = self.late, ""
            import_module(f"zfstune.cli.{verb}").add_arguments(self)
        return super().parse_known_args(*given, **named)


def build_parser() -> argparse.ArgumentParser:
    """Build the parser; each verb adds its own part."""
    _columns.cache_clear()  # once a parser, not once an argument
    parser = _Parser(
        prog="zfstune",
        description="Tuned ZFS storage for applications: datasets, snapshots, retention.",
    )
    parser.add_argument("--version", action="version", version=f"zfstune {__version__}")
    parser.add_argument(
        "--image",
        metavar="FILE",
        help=f"work on the pool in a plain file (default: ${IMAGE_VARIABLE})",
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for verb in (apply, explain, profiles, snapshot, prune, policy, listing, image):
        verb.add_parser(verbs)
    for name, line in _LATE.items():
        verbs.add_parser(name, help=line).late = name
    return parser
