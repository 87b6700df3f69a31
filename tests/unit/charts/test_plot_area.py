"""Frames: room for the words, and no value outside of the area."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from zfstune.charts.chart import Axis, Chart, Mark, Series
from zfstune.charts.plot_area import HEIGHT, WIDTH, draw_axes, plot_area_of, text_width
from zfstune.charts.scale import BYTES, RATIO, scale_of

VALUES = st.floats(0, 1e15)


def chart_of(values: list[float], names: list[str]) -> Chart:
    """Return a chart of marks at these values, under each name."""
    marks = tuple(Mark(value, value) for value in sorted(set(values)))
    series = tuple(Series(name, marks) for name in names)
    return Chart("k", "T", "D.", "lines", Axis("x", BYTES), Axis("y", RATIO), series)


@given(
    values=st.lists(VALUES),
    names=st.lists(st.text("abc ", max_size=30), max_size=12),
    by_categories=st.booleans(),
)
def test_all_stands_within_the_picture(
    values: list[float], names: list[str], *, by_categories: bool
) -> None:
    """Marks lie in the area, and each word of ticks and legend ends within the picture."""
    chart = chart_of(values, names)
    scale = scale_of(values, BYTES)
    area = plot_area_of(chart, None if by_categories else scale, scale_of(values, RATIO))
    assert 0 < area.left < area.right < WIDTH
    assert 0 < area.top < area.bottom < HEIGHT
    for series in chart.series:
        for mark in series.marks:
            assert area.left <= area.across(mark.x) <= area.right
            assert area.top <= area.up(mark.y) <= area.bottom
    drawn = list(draw_axes(chart, area, ["<g/>"] * len(names)))
    for part in drawn:
        for kind, x, text in re.findall(
            r'<text class="([\w ]*)" x="([-\d.]+)"[^>]*>([^<]*)', part
        ):
            left = {"end": 1.0, "middle": 0.5}.get(kind.split()[-1], 0.0)
            assert float(x) - left * text_width(text) >= 0
            if len(text) < 30:
                assert float(x) + (1 - left) * text_width(text) <= WIDTH


def test_categories_have_places_of_one_width() -> None:
    """Bars stand side by side in the order of their values, whatever those are."""
    chart = chart_of([4096, 1 << 20, 8192], ["a"])
    area = plot_area_of(chart, None, scale_of([1], RATIO))
    assert list(area.categories) == [4096, 8192, 1 << 20]
    places = [area.across(value) for value in area.categories]
    steps = [round(right - left, 6) for left, right in pairwise(places)]
    assert steps == [round(area.band, 6)] * 2


def test_a_single_series_needs_no_legend() -> None:
    """The title says what it is; several are told apart by their keys."""
    for names, keys in ((["a"], 0), (["a", "b"], 2)):
        chart = chart_of([1, 2], names)
        area = plot_area_of(chart, scale_of([1, 2], BYTES), scale_of([1, 2], RATIO))
        drawn = "".join(draw_axes(chart, area, ["<key/>"] * len(names)))
        assert drawn.count("<key/>") == keys
