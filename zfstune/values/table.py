"""Rows of text, aligned in columns."""

from __future__ import annotations

from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["table_lines"]

_GAP = "  "
_LEAST = 12  # a column is not cut to less
_WORDS = 30  # nor is one of words at the end of a row, before others are


def table_lines(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: str = "",
    columns: int = 0,
) -> list[str]:
    """Return rows below a header, aligned; what cannot be printed is escaped.

    Args:
        header: Names of the columns.
        rows: Cells, in the order of `header`.
        right: One letter a column: ``r`` aligns it to the right, any other to the left.
        columns: The width that they have to fit; 0: any. A last column on the left is
            words, and its cells are cut at their ends first. Other cells on the left are
            names, whose ends tell more, and are cut in front, the widest first. Those
            on the right are numbers, and are not cut.
    """
    table = [header, *([shown(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    sides = right.ljust(len(header), "l")
    _fit(widths, sides, columns)
    lines = []
    for row in table:
        cells = [
            cell.rjust(width) if side == "r" else _cut_front(cell, width).ljust(width)
            for cell, width, side in zip(row[:-1], widths, sides, strict=False)
        ]
        last, width = row[-1], widths[-1]
        cells.append(last.rjust(width) if sides[-1] == "r" else _cut_end(last, width))
        lines.append(_GAP.join(cells).rstrip())
    return lines


def _fit(widths: list[int], sides: str, columns: int) -> None:
    """Take from left columns what is too wide: from the last, then from the widest."""
    left = [number for number, side in enumerate(sides) if side != "r"]
    if columns and sides[-1] != "r":
        surplus = sum(widths) + len(_GAP) * (len(widths) - 1) - columns
        widths[-1] -= max(min(surplus, widths[-1] - _WORDS), 0)
    while columns and left:
        surplus = sum(widths) + len(_GAP) * (len(widths) - 1) - columns
        widest = max(left, key=lambda number: widths[number])
        room = widths[widest] - _LEAST
        if surplus <= 0 or room <= 0:
            return
        # Down to the next narrower column, and then both give way in turn.
        narrower = [widths[n] for n in left if widths[n] < widths[widest]]
        step = widths[widest] - max(narrower, default=_LEAST)
        widths[widest] -= min(surplus, room, step)


def _cut_end(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


def _cut_front(text: str, width: int) -> str:
    return text if len(text) <= width else f"...{text[len(text) - width + 3 :]}"
