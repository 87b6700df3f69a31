"""Charts as values: series of marks on two axes, their Pareto front, and their CSV."""

from __future__ import annotations

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Axis", "Chart", "Mark", "Series", "chart_csv", "csv_line", "pareto_front"]


@frozen
class Axis:
    """What one direction of a chart means.

    Attributes:
        title: What is counted, as in ``record size``.
        unit: A unit of :mod:`zfstune.charts.scale`.
        by_logarithm: Equal ratios lie equally far apart.
    """

    title: str
    unit: str
    by_logarithm: bool = False


@frozen
class Mark:
    """A measured value.

    Attributes:
        x: A finite number.
        y: A finite number.
        low: The lower end of the interval of `y`; None: there is no interval.
        high: Its upper end.
        name: The mark's own name; empty: that of its series will do.
    """

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    name: str = ""

    @property
    def extent(self) -> tuple[float, float]:
        """The least and the greatest value that the mark shows."""
        ends = [self.y, *(end for end in (self.low, self.high) if end is not None)]
        return min(ends), max(ends)


@frozen
class Series:
    """Marks that belong together, such as those of one compression.

    Attributes:
        name: What they have in common.
        marks: The marks, by `x`.
    """

    name: str
    marks: tuple[Mark, ...]


@frozen
class Chart:
    """Figures to be drawn.

    Attributes:
        key: The chart's name in a file's name, of small letters and hyphens.
        title: What it shows.
        description: What a reader sees there, for those who hear it; a sentence.
        style: ``bars``, one for each `x` and series; ``lines``; or ``points``, where
            less is better on both axes and the front is drawn.
        x: The axis to the right.
        y: The axis upwards.
        series: What is drawn.
    """

    key: str
    title: str
    description: str
    style: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]


def pareto_front(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Return the marks that no other is better than in one way and as good in the other.

    Less is better in both. Marks at one place are all returned or none.
    """
    front: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: (mark.x, mark.y)):
        if (
            not front
            or mark.y < front[-1].y
            or (mark.x, mark.y) == (front[-1].x, front[-1].y)
        ):
            front.append(mark)
    return tuple(front)


def chart_csv(chart: Chart) -> str:
    """Return the figures of a chart as CSV (RFC 4180): bytes, seconds, plain numbers."""
    rows = [["series", "name", chart.x.title, chart.y.title, "low", "high"]]
    for series in chart.series:
        for mark in series.marks:
            figures = (mark.x, mark.y, mark.low, mark.high)
            cells = ("" if value is None else f"{value:.12g}" for value in figures)
            rows.append([series.name, mark.name, *cells])
    return "".join(map(csv_line, rows))


def csv_line(cells: Iterable[str]) -> str:
    """Return a line of CSV, with its end."""
    return ",".join(map(_cell, cells)) + "\r\n"


def _cell(text: str) -> str:
    if any(character in text for character in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
