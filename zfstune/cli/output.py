"""Print data on stdout and talk on stderr, in the forms that all verbs share."""

from __future__ import annotations

import json
import sys

from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from zfstune.values.errors import ZfstuneError

__all__ = [
    "add_examples",
    "add_json",
    "add_scripted",
    "be_quiet",
    "on_terminal",
    "print_json",
    "print_table",
    "remember_terminal",
    "report",
    "warn",
]

# Whether stderr led to a terminal when it was last there: a watched command has a pipe.
_terminal: bool | None = None
_quiet = False


def be_quiet(*, quiet: bool) -> None:
    """Show no progress from now on, or show it again."""
    global _quiet  # noqa: PLW0603 (it is a fact about this process)
    _quiet = quiet


def remember_terminal() -> None:
    """Note whether stderr is a terminal, before a pipe that leads to it takes its place."""
    global _terminal  # noqa: PLW0603 (it is a fact about this process)
    _terminal = sys.stderr.isatty()


def on_terminal() -> bool:
    """Tell whether a line on stderr can be written over."""
    if _quiet:
        return False
    return sys.stderr.isatty() if _terminal is None else _terminal


def add_examples(parser: Any, *lines: str) -> None:
    """Put command lines before the exit statuses at the end of a help."""
    shown_lines = "".join(f"  {line}\n" for line in lines)
    parser.epilog = f"examples:\n{shown_lines}\n{parser.epilog or ''}"


def add_json(parser: Any) -> None:
    """Add the option that asks for :func:`print_json`."""
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def add_scripted(parser: Any) -> None:
    """Add the option that asks for a table that a script can read."""
    parser.add_argument(
        "-H", dest="scripted", action="store_true", help="no header, tabs between columns"
    )


def print_json(value: object) -> None:
    """Print a JSON document; a byte that is not UTF-8 becomes an escaped surrogate."""
    print(json.dumps(value, indent=2))


def print_table(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, scripted: bool, right: str = ""
) -> None:
    """Print rows below a header, aligned.

    Args:
        header: Names of the columns.
        rows: Cells, in the order of `header`.
        scripted: As ``zfs list -H``: tabs, no header, and nothing is escaped.
        right: One letter a column: ``r`` aligns it to the right, any other to the left.
    """
    if scripted:
        for row in rows:
            print("\t".join(row))
        return
    table = [header, *([shown(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    sides = right.ljust(len(header), "l")
    for row in table:
        cells = (
            cell.rjust(width) if side == "r" else cell.ljust(width)
            for cell, width, side in zip(row, widths, sides, strict=True)
        )
        print("  ".join(cells).rstrip())


def warn(message: str, hint: str = "") -> None:
    """Print a message on stderr, and its hint on a line of its own."""
    print(f"zfstune: {message}", file=sys.stderr)
    if hint:
        print(f"hint: {hint}", file=sys.stderr)


def report(error: ZfstuneError) -> None:
    """Print an error on stderr."""
    warn(error.message, error.hint)
