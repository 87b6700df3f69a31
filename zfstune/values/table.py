"""Rows of text, aligned in columns."""

from __future__ import annotations

from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["table_lines"]


def table_lines(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, right: str = ""
) -> list[str]:
    """Return rows below a header, aligned; what cannot be printed is escaped.

    Args:
        header: Names of the columns.
        rows: Cells, in the order of `header`.
        right: One letter a column: ``r`` aligns it to the right, any other to the left.
    """
    table = [header, *([shown(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    sides = right.ljust(len(header), "l")
    lines = []
    for row in table:
        cells = (
            cell.rjust(width) if side == "r" else cell.ljust(width)
            for cell, width, side in zip(row, widths, sides, strict=True)
        )
        lines.append("  ".join(cells).rstrip())
    return lines
