"""The grammar of the command line: the verbs and their options."""

from __future__ import annotations

import argparse
import os
from functools import cache
from importlib import import_module

from zfstune import __version__
from zfstune.cli.output import refuse
from zfstune.cli.which_zfs import IMAGE_VARIABLE, image_name
from zfstune.values.text import did_you_mean, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, NoReturn

__all__ = ["VERBS", "build_parser"]

_PROGRAM = "zfstune"
_NO_TERMINAL = 80
_DIGITS = 10
_HELP = ("-h", "--help")
# Each verb with the line that the help has for it. A module of the same name adds the
# verb's options. A run loads that one module, since a timer would pay for all the others.
VERBS = {
    "apply": "create and tune the datasets of profiles, and mount them",
    "unmanage": "stop managing datasets, and leave them as they are",
    "plan": "show what apply would do, and why",
    "status": "show pools, datasets, snapshots, copies and findings on one screen",
    "verify": "find datasets that are not set, mounted, owned or snapshotted as planned",
    "doctor": "find what this host's OpenZFS is known to suffer from, and the remedies",
    "explain": "say why a profile sets each value, and who disagrees",
    "profiles": "list the profiles",
    "profile": "show profiles; begin one of your own, and check it",
    "roles": "list the roles of machines, and their profiles",
    "list": "list datasets or snapshots",
    "snapshot": "take snapshots of datasets, all at one instant",
    "snapshots": "show snapshots: why each stays, and when it goes",
    "checkpoint": "note the state of datasets to come back to; list and drop such notes",
    "checkpoints": "list checkpoints, and drop the copies that rollbacks kept aside",
    "rollback": "bring datasets back to a checkpoint or a snapshot",
    "restore": "bring a file or a folder back out of a snapshot",
    "diff": "tell what changed between two snapshots or checkpoints",
    "compare": "tell whether two snapshots hold the same, byte for byte",
    "hold": "keep snapshots from being destroyed, by a tag",
    "release": "end such holds",
    "destroy": "destroy datasets and snapshots, once all that goes was named",
    "prune": "destroy the snapshots that no rule keeps",
    "policy": "store on datasets the rules by which prune keeps snapshots",
    "schedule": "take snapshots and prune by the clock",
    "replicate": "send to another dataset or pool all that it lacks",
    "failover": "have a copy take over from its source, or stand by again",
    "replicas": "list the targets that datasets are replicated to; forget dead ones",
    "serve": "answer the calls of a zfstune on another host, over ssh",
    "clone": "make clones of a snapshot, all at once",
    "golden": "make golden images, and stamp clones from them",
    "send": "write snapshots as a stream, or a tree of datasets as a package",
    "receive": "make snapshots of a stream, or of a package",
    "measure": "find the record size for a workload, by trying it on the pool",
    "retune": "bring files to the recordsize of today",
    "check": "check that snapshots are fresh, for Nagios and others",
    "metrics": "print figures for Prometheus",
    "image": "make and look at a pool in a plain file",
    "schema": "print the JSON Schema of what --json prints",
}
# Verbs for programs, which no help lists: the completions of the shells ask for names.
_HIDDEN = ("complete",)


class _Help(argparse.HelpFormatter):
    """Wraps a text of one paragraph, and leaves a text of several lines as it is."""

    def __init__(self, prog: str, **more: Any) -> None:
        # argparse makes a formatter for each argument. To find the width, a formatter
        # would import shutil with all compressors, which takes 3 ms of a start.
        super().__init__(prog, width=_columns() - 2, **more)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)


@cache
def _columns() -> int:
    """Return the width of the terminal, as shutil.get_terminal_size() does."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and 0 < len(columns.lstrip("0")) < _DIGITS:
        return int(columns)
    try:
        return os.get_terminal_size().columns or _NO_TERMINAL
    except OSError:
        return _NO_TERMINAL


class _Parser(argparse.ArgumentParser):
    """A parser whose help ends with examples and exit statuses, and which loads late.

    Attributes:
        verb: The verb whose options are still to be added; empty where there are none.
        words: All words of the command line, for the parser of the program.
    """

    verb = ""
    words: Sequence[str] = ()

    def __init__(self, **options: Any) -> None:
        self._own_ending = ""
        super().__init__(formatter_class=_Help, **options)

    @property
    def epilog(self) -> str:
        """The end of the help: examples, and the exit statuses of the verb."""
        # The table is as large as all other helps together, and a timer prints none.
        from zfstune.cli.help_endings import ending_of  # noqa: PLC0415

        return self._own_ending or ending_of(self.prog.removeprefix(_PROGRAM).strip())

    @epilog.setter
    def epilog(self, text: str | None) -> None:
        self._own_ending = text or ""

    def load(self) -> None:
        """Add the options of the verb, unless they are there."""
        if self.verb:
            verb, self.verb = self.verb, ""
            import_module(f"zfstune.cli.{verb}").add_arguments(self)

    def parse_known_args(self, *given: Any, **named: Any) -> Any:
        """Load the verb, now that it was chosen, and parse."""
        self.load()
        namespace, others = super().parse_known_args(*given, **named)
        if not hasattr(namespace, "words_of_verb"):  # the innermost parser comes first
            namespace.words_of_verb = self.prog.removeprefix(f"{_PROGRAM} ")
        # argparse fills a list once, and leaves over the words behind a later option.
        last = next(reversed(self._get_positional_actions()), None)
        is_list = last is not None and last.nargs in ("*", "+")
        if last is None or not is_list or any(word[:1] == "-" for word in others):
            # The parser above this one would show its own usage, not that of the verb.
            if others and self.prog != _PROGRAM:
                self.error(_not_known(others, self._option_string_actions))
            return namespace, others
        setattr(namespace, last.dest, [*getattr(namespace, last.dest), *others])
        return namespace, []

    def error(self, message: str) -> NoReturn:
        """Print the usage and the error, and note the error for a JSON document."""
        for action in self._get_positional_actions():
            if hasattr(action, "add_parser") and message.endswith(f": {action.metavar}"):
                message = self._unknown_option() or f"{message}, {self._way_to(action)}"
        refuse("UsageError", message)
        super().error(message)

    def _unknown_option(self) -> str:
        """Word the error for an option where no verb is; empty where there is none."""
        options = self._option_string_actions
        names = (word.partition("=")[0] for word in self.words if word.startswith("-"))
        unknown = [n for n in names if not any(o.startswith(n) for o in options)]
        return _not_known(unknown[:1], options) if unknown else ""

    def _way_to(self, action: Any) -> str:
        """Name the verbs below this one; those of the program are too many for a line."""
        if self.prog == _PROGRAM:
            return f"see `{_PROGRAM} --help`"
        return f"one of {', '.join(action.choices)}"

    def _check_value(self, action: Any, value: Any) -> None:
        """Refuse a verb that there is none of by naming the one that was meant."""
        if hasattr(action, "add_parser") and value not in action.choices:
            hint = did_you_mean(value, action.choices, f"see `{self.prog} --help`")
            self.error(f"there is no '{shown(value)}': {hint}")
        super()._check_value(action, value)

    def add_argument(self, *names: Any, **options: Any) -> Any:
        """Add an argument; a list that may be empty is never said to be required."""
        if options.get("nargs") == "*":
            options.setdefault("default", [])
        return super().add_argument(*names, **options)


def _not_known(words: Sequence[str], options: Iterable[str]) -> str:
    """Word the error for words that the verb does not take."""
    error = f"unrecognized arguments: {' '.join(words)}"
    meant = did_you_mean(words[0].partition("=")[0], options)
    return f"{error}; {meant}" if meant else error


def build_parser(argv: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """Build the parser.

    Args:
        argv: The words that it is going to parse. It knows the verbs that are among
            them, or all verbs where none is, and loads the options of the verb that is
            chosen. Default: it has every verb with all of its options, as the makers
            of man pages and completions need it.
    """
    _columns.cache_clear()  # the width is read once a parser
    parser = _Parser(
        prog=_PROGRAM,
        description="Tuned ZFS storage for applications: datasets, snapshots, retention. "
        "`zfstune help VERB` explains a verb. The options below may stand before a verb or "
        "behind it.",
    )
    parser.words = argv or ()
    parser.add_argument("--version", action="version", version=f"zfstune {__version__}")
    parser.add_argument(
        "--image",
        metavar="FILE",
        type=image_name,
        help=f"work on the pool in a plain file (default: ${IMAGE_VARIABLE})",
    )
    parser.add_argument(
        "--take-over-from",
        metavar="HOST",
        help="open an image that HOST had open when it stopped; if it has it open still, "
        "the two hosts destroy the pool",
    )
    _add_manner(parser)
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    words = [] if not argv or argv[0] in _HELP else argv
    for verb in [verb for verb in (*VERBS, *_HIDDEN) if verb in words] or VERBS:
        listed: dict[str, Any] = {"help": VERBS[verb]} if verb in VERBS else {}
        below = verbs.add_parser(verb, **listed)
        below.verb = verb
        below.set_defaults(verb=verb)
        if argv is None:
            below.load()
    return parser


def _add_manner(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how much is printed."""
    parser.add_argument(
        "-q",
        "--quiet",
        dest="say_less",
        action="store_true",
        help="print nothing of what was changed, and no progress; errors and notes stay",
    )
    parser.add_argument(
        "-v",
        "--verbose",
        dest="say_more",
        action="store_true",
        help="also say which ZFS it was, and how long it took",
    )
    parser.add_argument(
        "--debug", action="store_true", help="print the traceback of an error"
    )
