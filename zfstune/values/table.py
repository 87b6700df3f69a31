"""Rows of text, aligned in columns."""

from __future__ import annotations

from zfstune.values.fold import folded
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["table_lines"]

_GAP = "  "
_LEAST = 12  # characters: no column gets narrower
_WORDS = 30  # nor does one of words at the end of a row, before others do
_INSIDE = "    "


def table_lines(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: str = "",
    columns: int = 0,
    name: int = 0,
) -> list[str]:
    """Return rows below a header, aligned; what cannot be printed is escaped.

    Nothing of any cell is ever left out. Where a table is too wide, cells of the left
    columns are folded, words in the last of them first, but not the name of a row. Where
    that is not enough, the name has a line of its own; and where the other cells do not
    fit below it side by side, each of them has a line, too.

    Args:
        header: Names of the columns.
        rows: Cells, in the order of `header`.
        right: One letter a column: ``r`` aligns it to the right, any other to the left.
            Those on the right are numbers, and are not folded.
        columns: The width that they have to fit; 0: any.
        name: The number of the column that names a row.
    """
    head = list(header)
    cells = [[shown(cell) for cell in row] for row in rows]
    sides = right.ljust(len(head), "l")
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    fitting = _fitting(widths, sides, columns, whole=name)
    if fitting:
        return [line for row in (head, *cells) for line in _row(row, fitting, sides)]
    del widths[name]
    sides = sides[:name] + sides[name + 1 :]
    fitting = _fitting(widths, sides, max(columns - len(_INSIDE), 1))
    lines = []
    for row in (head, *cells):
        others = [*row[:name], *row[name + 1 :]]
        lines += folded(row[name], columns)
        if fitting:
            beside = _row(others, fitting, sides)
            lines += [f"{_INSIDE}{line}".rstrip() for line in beside]
        elif row is not head:
            titles = [*head[:name], *head[name + 1 :]]
            lines += _one_below_another(titles, others, columns)
    return lines


def _fitting(
    natural: Sequence[int], sides: str, columns: int, *, whole: int = -1
) -> list[int]:
    """Return widths of columns that fit side by side; none where there are none.

    Args:
        natural: The widths that they would have.
        sides: As ``right`` of :func:`table_lines`.
        columns: The width that they have to fit; 0: any.
        whole: The number of a column that may not be narrower than it would be.
    """
    widths = list(natural)
    left = [at for at, side in enumerate(sides) if side != "r" and at != whole]
    surplus = sum(widths) + len(_GAP) * (len(widths) - 1) - columns
    if not columns or surplus <= 0:
        return widths
    if left and left[-1] == len(widths) - 1:
        given = max(min(surplus, widths[-1] - _WORDS), 0)
        widths[-1] -= given
        surplus -= given
    while surplus > 0 and left:
        widest = max(left, key=lambda at: widths[at])
        room = widths[widest] - _LEAST
        if room <= 0:
            return []
        # Down to the next narrower column, and then both give way in turn.
        narrower = [widths[at] for at in left if widths[at] < widths[widest]]
        given = min(surplus, room, widths[widest] - max(narrower, default=_LEAST))
        widths[widest] -= given
        surplus -= given
    return widths if surplus <= 0 else []


def _row(cells: Sequence[str], widths: Sequence[int], sides: str) -> list[str]:
    """Return the lines of a row: more than one where a cell is folded."""
    columns = [
        folded(cell, width, hang=0) for cell, width in zip(cells, widths, strict=True)
    ]
    lines = []
    for at in range(max(map(len, columns), default=0)):
        parts = [column[at] if at < len(column) else "" for column in columns]
        placed = [
            part.rjust(width) if side == "r" else part.ljust(width)
            for part, width, side in zip(parts, widths, sides, strict=True)
        ]
        lines.append(_GAP.join(placed).rstrip())
    return lines


def _one_below_another(
    header: Sequence[str], cells: Sequence[str], columns: int
) -> list[str]:
    """Return a line for each cell, behind the name of its column."""
    width = max(map(len, header))
    return [
        line.rstrip()
        for name, cell in zip(header, cells, strict=True)
        for line in folded(f"{_INSIDE}{name.ljust(width)}{_GAP}{cell}", columns)
    ]
