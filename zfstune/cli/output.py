"""What the command prints: data on stdout, talk on stderr."""

from __future__ import annotations

import json
import sys

from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zfstune.values.errors import ZfstuneError

__all__ = ["print_json", "print_table", "report", "warn"]


def print_json(value: object) -> None:
    """Print a JSON document; what is not UTF-8 becomes a lone surrogate's escape."""
    print(json.dumps(value, indent=2))


def print_table(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, scripted: bool, right: str = ""
) -> None:
    """Print rows below a header, aligned; `scripted`: tabs, no header, nothing escaped.

    Args:
        header: Names of the columns.
        rows: Cells, in the order of `header`.
        scripted: As ``zfs list -H``: for programs to read.
        right: One letter a column, ``r`` where it is aligned to the right.
    """
    if scripted:
        for row in rows:
            print("\t".join(row))
        return
    table = [header, *([shown(cell) for cell in row] for row in rows)]
    widths = [max(len(row[at]) for row in table) for at in range(len(header))]
    sides = right.ljust(len(header), "l")
    for row in table:
        cells = (
            cell.rjust(width) if side == "r" else cell.ljust(width)
            for cell, width, side in zip(row, widths, sides, strict=True)
        )
        print("  ".join(cells).rstrip())


def warn(message: str, hint: str = "") -> None:
    """Say something on stderr, with a hint on a line of its own."""
    print(f"zfstune: {message}", file=sys.stderr)
    if hint:
        print(f"hint: {hint}", file=sys.stderr)


def report(error: ZfstuneError) -> None:
    """Say on stderr what went wrong."""
    warn(error.message, error.hint)
