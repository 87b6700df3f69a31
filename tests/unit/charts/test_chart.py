"""Charts as values: the front of marks, and what CSV makes of a chart."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from zfstune.charts.chart import Axis, Chart, Mark, Series, chart_csv, pareto_front
from zfstune.charts.scale import BYTES, RATIO

POINTS = st.lists(st.builds(Mark, st.integers(0, 9), st.integers(0, 9)))


@given(POINTS)
def test_the_front_is_what_nothing_beats(marks: list[Mark]) -> None:
    """A mark is on the front exactly if no other is at least as good and once better."""
    front = pareto_front(marks)
    for mark in marks:
        beaten = any(
            other.x <= mark.x
            and other.y <= mark.y
            and (other.x, other.y) != (mark.x, mark.y)
            for other in marks
        )
        assert (mark in front) == (not beaten)
    assert len(front) == sum(mark in front for mark in marks)


def test_an_extent_holds_value_and_interval() -> None:
    """An interval that does not hold its value, as a bootstrap may give, widens it."""
    assert Mark(1, 5).extent == (5, 5)
    assert Mark(1, 5, 4, 6).extent == (4, 6)
    assert Mark(1, 5, 6, 7).extent == (5, 7)


@given(st.text(), st.text(), st.floats(allow_nan=False, allow_infinity=False))
def test_csv_gives_the_figures_back(name: str, series: str, value: float) -> None:
    """Any reader of CSV finds each mark, to twelve digits, and nothing where none is."""
    mark = Mark(8192, value, name=name)
    axes = Axis("record size", BYTES), Axis("written, per byte", RATIO)
    text = chart_csv(Chart("a", "A", "A.", "bars", *axes, (Series(series, (mark,)),)))
    header, row = csv.reader(io.StringIO(text, newline=""))
    assert header == ["series", "name", "record size", "written, per byte", "low", "high"]
    assert row == [series, name, "8192", f"{value:.12g}", "", ""]
    assert text.endswith("\r\n")
