"""Where a chart has its marks, and what stands around them: axes, titles, the legend.

A chart is drawn about as wide as a phone, so that its words can be read there; a page
sets several beside each other where it is wider.
"""

from __future__ import annotations

from math import ceil

from zfstune.charts.scale import tick_text
from zfstune.charts.svg import element, pixels, words
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.charts.chart import Chart
    from zfstune.charts.scale import Scale

__all__ = ["HEIGHT", "WIDTH", "PlotArea", "draw_axes", "plot_area_of", "text_width"]

WIDTH, HEIGHT = 480, 330
_MARGIN = 12
_HEAD = 22  # pixels for the title
_ROW = 20  # pixels for a row of the legend
_SIDE_TITLE = 27  # pixels for the title of the axis upwards, above the area
_BELOW = 48  # pixels for the ticks and the title of the axis to the right
_LETTER = 7.2  # pixels that a letter of 13 pixels takes at most, on average
_LABEL = 14  # pixels for the words above a bar that is as tall as the area
_TICK_ROOM = 28  # pixels between two ticks upwards
_INSET = 8  # pixels from a side to the outermost mark, so that its shape is whole


def text_width(text: str) -> float:
    """Return the room that a text takes, in pixels, estimated on the safe side."""
    return len(text) * _LETTER


@frozen
class PlotArea:
    """The area of the marks, and the scales that lie along its sides.

    Attributes:
        left: Its sides, in pixels.
        right: Its sides, in pixels.
        top: Its sides, in pixels.
        bottom: Its sides, in pixels.
        x: The scale to the right; None: there are places for `categories` in its stead.
        y: The scale upwards.
        categories: The values of `x` that have a place each, from left to right.
        label_room: Pixels above it for the words of its tallest bar.
    """

    left: float
    right: float
    top: float
    bottom: float
    x: Scale | None
    y: Scale
    categories: tuple[float, ...] = ()
    label_room: float = 0

    @property
    def band(self) -> float:
        """The width of the place of a category."""
        return (self.right - self.left) / max(len(self.categories), 1)

    def across(self, value: float) -> float:
        """Return the x coordinate of a value, for a category the middle of its place."""
        if self.x is None:
            return self.left + (self.categories.index(value) + 0.5) * self.band
        width = self.right - self.left - 2 * _INSET
        return self.left + _INSET + self.x.place(value) * width

    def up(self, value: float) -> float:
        """Return the y coordinate of a value."""
        return self.bottom - self.y.place(value) * (self.bottom - self.top)


def plot_area_of(chart: Chart, x: Scale | None, y: Scale) -> PlotArea:
    """Return the area of a chart that leaves room for the words around it."""
    marks = [mark for series in chart.series for mark in series.marks]
    rows = len(_legend_rows(chart))
    label_room = _LABEL if x is None else 0
    top = _MARGIN + _HEAD + rows * _ROW + _SIDE_TITLE + label_room
    bottom = HEIGHT - _BELOW
    labels = [tick_text(tick, y.unit) for tick in y.ticks(_most_upwards(top, bottom))]
    left = _MARGIN + max(map(text_width, labels), default=0) + 6
    categories = tuple(sorted({mark.x for mark in marks})) if x is None else ()
    right = WIDTH - _MARGIN - 6
    return PlotArea(left, right, top, bottom, x, y, categories, label_room)


def draw_axes(chart: Chart, area: PlotArea, keys: Iterable[str]) -> Iterator[str]:
    """Draw the titles, the legend and the axes.

    Args:
        chart: The chart.
        area: The area of its marks.
        keys: For each series a drawing of its kind around the origin, for the legend.
    """
    yield words(_MARGIN, _MARGIN + 10, chart.title, "head")
    yield from _legend(chart, list(keys))
    yield words(_MARGIN, area.top - area.label_room - 14, chart.y.title, "small")
    middle = (area.left + area.right) / 2
    yield words(middle, HEIGHT - 10, chart.x.title, "small middle")
    for tick in area.y.ticks(_most_upwards(area.top, area.bottom)):
        y = area.up(tick)
        across = f"M{pixels(area.left)} {pixels(y)}H{pixels(area.right)}"
        yield element("path", class_="grid", d=across)
        yield words(area.left - 6, y + 4, tick_text(tick, area.y.unit), "small end")
    yield from _ticks_below(chart, area)
    yield element(
        "path",
        class_="axis",
        d=f"M{pixels(area.left)} {pixels(area.bottom)}H{pixels(area.right)}",
    )


def _most_upwards(top: float, bottom: float) -> int:
    return int((bottom - top) / _TICK_ROOM) + 1


def _ticks_below(chart: Chart, area: PlotArea) -> Iterator[str]:
    """Draw the ticks of the axis to the right, as many as have room."""
    unit = chart.x.unit
    if area.x is None:
        ticks = list(area.categories)
        room = max((text_width(tick_text(tick, unit)) for tick in ticks), default=0) + 4
        ticks = ticks[:: max(ceil(room / area.band), 1)]
    else:
        ticks = area.x.ticks(int((area.right - area.left) / 48))
    for tick in ticks:
        x = area.across(tick)
        if area.x is not None:
            mark = f"M{pixels(x)} {pixels(area.bottom)}v4"
            yield element("path", class_="axis", d=mark)
        # The last words end where the picture does.
        text = tick_text(tick, unit)
        x = min(x, WIDTH - 2 - text_width(text) / 2)
        yield words(x, area.bottom + 18, text, "small middle")


def _legend_rows(chart: Chart) -> list[list[int]]:
    """Return the series by rows of the legend; a single series needs none."""
    if len(chart.series) < 2:  # noqa: PLR2004
        return []
    rows: list[list[int]] = [[]]
    used = 0.0
    for index, series in enumerate(chart.series):
        width = text_width(series.name) + 34
        if rows[-1] and used + width > WIDTH - 2 * _MARGIN:
            rows.append([])
            used = 0.0
        rows[-1].append(index)
        used += width
    return rows


def _legend(chart: Chart, keys: list[str]) -> Iterator[str]:
    for number, row in enumerate(_legend_rows(chart)):
        x, y = float(_MARGIN), _MARGIN + _HEAD + number * _ROW + 8.0
        for index in row:
            place = f"translate({pixels(x + 9)} {pixels(y)})"
            yield element("g", keys[index], transform=place)
            yield words(x + 24, y + 4, chart.series[index].name, "small")
            x += text_width(chart.series[index].name) + 34
