"""Draw charts as SVG: bars, lines and points, with intervals.

No figure hangs on a colour alone: each series has a hatching, or a shape and a stroke of
its own. Each mark has a title, which browsers show on hovering.
"""

from __future__ import annotations

from itertools import groupby

from zfstune.charts.chart import pareto_front
from zfstune.charts.mark_names import NamedPoint, draw_names
from zfstune.charts.plot_area import HEIGHT, WIDTH, draw_axes, plot_area_of, text_width
from zfstune.charts.scale import scale_of, tick_text
from zfstune.charts.svg import (
    KINDS_OF_SERIES,
    STYLE,
    document,
    element,
    pixels,
    titled,
    words,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.charts.chart import Axis, Chart, Mark, Series
    from zfstune.charts.plot_area import PlotArea
    from zfstune.charts.scale import Scale

__all__ = ["draw_chart"]

_MOST_DOTS = 40  # marks of a line; more of them have no dots of their own
_CAP = 3  # half the width of the end of an interval
_WIDEST_BAR = 34
# Each shape is drawn around the origin, about as large as the others look.
_SHAPES = (
    "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z",
    "M-4-4h8v8h-8z",
    "M0-5.2L4.8 3.6H-4.8z",
    "M0-5.6L5.6 0 0 5.6-5.6 0z",
    "M0 5.2L4.8-3.6H-4.8z",
    "M-1.5-5h3v3.5H5v3H1.5V5h-3V1.5H-5v-3h3.5z",
)
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 2", "1 2")
_WIDTHS = ("3", "1.2", "2", "0.8")
_HATCHES = ("", "M0 6L6 0", "M0 0L6 6", "M0 3H6", "M3 0V6", "M0 3H6M3 0V6")


def draw_chart(chart: Chart, *, style: str = STYLE) -> str:
    """Draw a chart.

    Args:
        chart: The chart.
        style: Rules of CSS; empty: those of the page around the picture.

    Returns:
        An SVG document, ending in a newline.
    """
    bars = chart.style == "bars"
    area = plot_area_of(
        chart, None if bars else _scale_across(chart), _scale_upwards(chart)
    )
    if bars:
        # Without the element around them, some programs draw patterns themselves.
        hatches = "".join(_hatches(chart))
        body = [*([element("defs", hatches)] if hatches else []), *_bars(chart, area)]
        keys = [_bar_key(chart, index) for index in range(len(chart.series))]
    elif chart.style == "lines":
        body = list(_lines(chart, area))
        keys = [_line_key(chart, index) for index in range(len(chart.series))]
    else:
        body = list(_points(chart, area))
        keys = [_dot(0, 0, index) for index in range(len(chart.series))]
    drawn = [*draw_axes(chart, area, keys), *body]
    return document(WIDTH, HEIGHT, chart.title, chart.description, *drawn, style=style)


def _scale_across(chart: Chart) -> Scale:
    values = (mark.x for series in chart.series for mark in series.marks)
    axis = chart.x
    tight = chart.style == "lines"
    return scale_of(values, axis.unit, by_logarithm=axis.by_logarithm, tight=tight)


def _scale_upwards(chart: Chart) -> Scale:
    values = (
        end for series in chart.series for mark in series.marks for end in mark.extent
    )
    return scale_of(values, chart.y.unit, by_logarithm=chart.y.by_logarithm)


def _said(chart: Chart, series: Series, mark: Mark) -> str:
    """Say in words what a mark shows."""

    def figure(value: float, axis: Axis) -> str:
        return tick_text(value, axis.unit)

    name = ", ".join(filter(None, (mark.name, series.name)))
    across = f"{chart.x.title} {figure(mark.x, chart.x)}"
    text = f"{name}: {across}, {chart.y.title} {figure(mark.y, chart.y)}"
    if mark.low is not None and mark.high is not None:
        text += f" ({figure(mark.low, chart.y)} to {figure(mark.high, chart.y)})"
    return text


def _class(index: int, *others: str) -> str:
    return " ".join([f"s{index % KINDS_OF_SERIES}", *others])


def _whisker(area: PlotArea, mark: Mark, x: float) -> str:
    if mark.low is None or mark.high is None or mark.low == mark.high:
        return ""
    low, high = pixels(area.up(mark.low)), pixels(area.up(mark.high))
    left, right = pixels(x - _CAP), f"h{2 * _CAP}"
    return element(
        "path",
        class_="whisker",
        d=f"M{left} {low}{right}M{pixels(x)} {low}V{high}M{left} {high}{right}",
    )


def _hatch_id(chart: Chart, index: int) -> str:
    return f"{chart.key}-hatch-{index % KINDS_OF_SERIES}"


def _hatches(chart: Chart) -> Iterator[str]:
    """Define the filling of the bars of each series but the first."""
    for index in range(1, min(len(chart.series), KINDS_OF_SERIES)):
        ground = element(
            "rect",
            class_=_class(index),
            width=6,
            height=6,
            fill_opacity="0.3",
            stroke="none",
        )
        lines = element("path", class_=_class(index), d=_HATCHES[index], stroke_width="1.6")
        yield element(
            "pattern",
            ground,
            lines,
            id=_hatch_id(chart, index),
            width=6,
            height=6,
            patternUnits="userSpaceOnUse",
        )


def _bar(chart: Chart, index: int, **size: float) -> str:
    fill = f"fill:url(#{_hatch_id(chart, index)})" if index % KINDS_OF_SERIES else ""
    return element("rect", class_=_class(index, "bar"), style=fill, **size)


def _bar_key(chart: Chart, index: int) -> str:
    return _bar(chart, index, x=-8, y=-7, width=16, height=12)


def _bars(chart: Chart, area: PlotArea) -> Iterator[str]:
    count = len(chart.series)
    room = area.band * 0.84 / max(count, 1)
    width = min(room, _WIDEST_BAR)
    labels = [tick_text(mark.y, chart.y.unit) for s in chart.series for mark in s.marks]
    # One series has the gaps between its bars for words, too.
    for_words = room if count == 1 else width
    has_room = max(map(text_width, labels), default=0) * 0.9 <= for_words
    for index, series in enumerate(chart.series):
        for mark in series.marks:
            left = area.across(mark.x) + (index - count / 2) * width
            y, base = area.up(mark.y), area.up(0)
            size = {
                "x": left,
                "y": min(y, base),
                "width": width - 1,
                "height": abs(base - y),
            }
            parts = [
                titled(_said(chart, series, mark)),
                _bar(chart, index, **size),
                _whisker(area, mark, left + (width - 1) / 2),
            ]
            if has_room:
                label = tick_text(mark.y, chart.y.unit)
                above = area.up(mark.extent[1]) - 4
                parts.append(words(left + width / 2, above, label, "small middle"))
            yield element("g", *parts)


def _dot(x: float, y: float, index: int, *, hollow: bool = False) -> str:
    return element(
        "path",
        class_=_class(index, "dot", *(["hollow"] if hollow else [])),
        d=_SHAPES[index % len(_SHAPES)],
        transform=f"translate({pixels(x)} {pixels(y)})" if x or y else "",
    )


def _is_dense(chart: Chart) -> bool:
    """Tell whether there are too many marks for dots and dashes to be told apart."""
    return max((len(series.marks) for series in chart.series), default=0) > _MOST_DOTS


def _line(chart: Chart, index: int, path: str) -> str:
    """Draw the line of a series: dashed in its own way or, in a dense chart, thin."""
    if _is_dense(chart):
        stroke = {"stroke_width": _WIDTHS[index % len(_WIDTHS)]}
    else:
        stroke = {"stroke_width": "1.6", "stroke_dasharray": _DASHES[index % len(_DASHES)]}
    return element("path", class_=_class(index, "line"), d=path, **stroke)


def _line_key(chart: Chart, index: int) -> str:
    line = _line(chart, index, "M-11 0H11")
    return line if _is_dense(chart) else line + _dot(0, 0, index)


def _lines(chart: Chart, area: PlotArea) -> Iterator[str]:
    for index, series in enumerate(chart.series):
        places = [(area.across(mark.x), area.up(mark.y)) for mark in series.marks]
        path = "L".join(f"{pixels(x)} {pixels(y)}" for x, y in _thinned(places))
        if path:
            yield _line(chart, index, f"M{path}")
        if _is_dense(chart):
            continue
        for mark, (x, y) in zip(series.marks, places, strict=True):
            said = titled(_said(chart, series, mark))
            yield element("g", said, _whisker(area, mark, x), _dot(x, y, index))


def _thinned(places: list[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Give, of the places in each column of pixels, the first, outermost and last."""
    for _, group in groupby(places, key=lambda place: int(place[0])):
        column = list(group)
        ends = (
            min(column, key=lambda place: place[1]),
            max(column, key=lambda place: place[1]),
        )
        yield from dict.fromkeys((column[0], *ends, column[-1]))


def _points(chart: Chart, area: PlotArea) -> Iterator[str]:
    """Draw the front as steps, its marks full and named, and the others hollow."""
    marks = [mark for series in chart.series for mark in series.marks]
    front = pareto_front(marks)
    places = [(area.across(mark.x), area.up(mark.y)) for mark in front]
    if places:
        steps = "".join(f"H{pixels(x)}V{pixels(y)}" for x, y in places[1:])
        start = f"M{pixels(places[0][0])} {pixels(places[0][1])}"
        yield element("path", class_="axis", d=f"{start}{steps}", stroke_dasharray="3 3")
    for index, series in enumerate(chart.series):
        for mark in series.marks:
            x, y = area.across(mark.x), area.up(mark.y)
            said = titled(_said(chart, series, mark))
            dot = _dot(x, y, index, hollow=mark not in front)
            yield element("g", said, _whisker(area, mark, x), dot)
    yield from draw_names(
        (
            NamedPoint(mark.name, area.across(mark.x), area.up(mark.y), mark in front)
            for mark in marks
        ),
        area,
    )
