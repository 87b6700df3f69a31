"""The command line, as a pure function: tests and man pages read it too."""

from __future__ import annotations

import argparse
import os
from functools import cache

from zfstune import __version__
from zfstune.cli import exit_status
from zfstune.cli.which_zfs import IMAGE_VARIABLE, file_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ["build_parser"]

_PROGRAM = "zfstune"
_NO_TERMINAL = 80
_DIGITS = 10
_HELP = ("-h", "--help")
# What the help says of each verb. A verb's module has its name, and is loaded once it
# was chosen: each run of a timer would pay for the others.
_VERBS = {
    "apply": "create and tune the datasets of profiles, and mount them",
    "plan": "show what apply would do, and why",
    "verify": "find what is not as it was set, mounted, owned or snapshotted",
    "explain": "say why a profile sets what it sets, and who disagrees",
    "profiles": "list the profiles",
    "profile": "check profiles of your own",
    "roles": "list the roles of machines, and their profiles",
    "list": "list datasets or snapshots",
    "snapshot": "take snapshots of datasets, all at one instant",
    "snapshots": "show snapshots: why each stays, and when it goes",
    "checkpoint": "note the state of datasets to come back to; list and drop such notes",
    "rollback": "bring datasets back to a checkpoint",
    "prune": "destroy the snapshots that no rule keeps",
    "policy": "store on datasets what prune is to keep",
    "schedule": "take snapshots and prune by the clock",
    "check": "check that snapshots are fresh, for Nagios and others",
    "metrics": "print figures for Prometheus",
    "image": "make and look at a pool in a plain file",
}
_MODULES: dict[str, str] = {}


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
    if columns.isascii() and columns.isdigit() and 0 < len(columns.lstrip("0")) < _DIGITS:
        return int(columns)
    try:
        return os.get_terminal_size().columns or _NO_TERMINAL
    except OSError:
        return _NO_TERMINAL


class _Parser(argparse.ArgumentParser):
    """Every verb's parser ends its help alike."""

    verb = ""

    def __init__(self, **options: Any) -> None:
        super().__init__(epilog=exit_status.HELP, formatter_class=_Help, **options)

    def parse_known_args(self, *given: Any, **named: Any) -> Any:
        """Load what the verb adds, now that it was chosen; then parse."""
        if self.verb:
            from importlib import import_module  # noqa: PLC0415 (where a verb needs it)

            verb, self.verb = self.verb, ""
            import_module(f"zfstune.cli.{_MODULES.get(verb, verb)}").add_arguments(self)
        found, others = super().parse_known_args(*given, **named)
        # argparse fills a list once: what comes behind a later option is left over
        last = next(reversed(self._get_positional_actions()), None)
        if (
            last is None
            or last.nargs not in ("*", "+")
            or any(o[:1] == "-" for o in others)
        ):
            if others and self.prog != _PROGRAM:  # else the usage of no verb is shown
                self.error(_not_known(others))
            return found, others
        setattr(found, last.dest, [*getattr(found, last.dest), *others])
        return found, []

    def add_argument(self, *names: Any, **options: Any) -> Any:
        """Add an argument; a list that may be empty is never said to be required."""
        if options.get("nargs") == "*":
            options.setdefault("default", [])
        return super().add_argument(*names, **options)


def _not_known(words: Sequence[str]) -> str:
    """Say which words nothing takes, and where the one goes that all verbs share."""
    message = f"unrecognized arguments: {' '.join(words)}"
    if any(word.partition("=")[0] == "--image" for word in words):
        return f"{message} (--image FILE stands before the verb)"
    return message


def build_parser(argv: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """Build the parser.

    Args:
        argv: What it is to parse: it need not know the verbs that are no word of this.
            Without, or where the first word asks for help, it knows all.
    """
    _columns.cache_clear()  # once a parser, not once an argument
    parser = _Parser(
        prog=_PROGRAM,
        description="Tuned ZFS storage for applications: datasets, snapshots, retention.",
    )
    parser.add_argument("--version", action="version", version=f"zfstune {__version__}")
    parser.add_argument(
        "--image",
        metavar="FILE",
        type=file_name,
        help=f"work on the pool in a plain file (default: ${IMAGE_VARIABLE})",
    )
    parser.add_argument(
        "--take-over-from",
        metavar="HOST",
        help="open an image that HOST had open when it stopped; if it has it open still, "
        "the two hosts destroy the pool",
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    words = [] if not argv or argv[0] in _HELP else argv
    for verb in [verb for verb in _VERBS if verb in words] or _VERBS:
        verbs.add_parser(verb, help=_VERBS[verb]).verb = verb
    return parser
