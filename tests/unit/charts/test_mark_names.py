"""Names of points: those of the best are there, and none covers anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from made_measurement import made_measurement
from zfstune.charts.chart import pareto_front
from zfstune.charts.mark_names import NamedPoint, draw_names
from zfstune.charts.picture import draw_chart
from zfstune.charts.plot_area import PlotArea, text_width
from zfstune.charts.scale import RATIO, scale_of
from zfstune.measurement.report_charts import charts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

AREA = PlotArea(40, 460, 80, 280, None, scale_of([1.0], RATIO))
POINTS = st.lists(
    st.builds(
        NamedPoint,
        st.sampled_from(("", "8K lz4", "128K zstd-3")),
        st.integers(48, 452),
        st.integers(80, 280),
        st.booleans(),
    ),
    max_size=30,
)


def boxes(drawn: str) -> Iterator[tuple[float, float, float, float]]:
    """Give the places of the words, as wide as they are reckoned."""
    for x, y, text in re.findall(r'x="([\d.-]+)" y="([\d.-]+)">([^<]+)<', drawn):
        left, base = float(x), float(y)
        yield left, base - 10, left + text_width(text) * 0.9, base + 1


@given(POINTS)
def test_no_name_covers_anything(points: list[NamedPoint]) -> None:
    """A name lies on no point and on no other name, and within the picture."""
    found = list(boxes("".join(draw_names(points, AREA))))
    dots = [(p.x - 5, p.y - 5, p.x + 5, p.y + 5) for p in points]
    for at, one in enumerate(found):
        assert one[0] >= AREA.left
        assert one[3] <= AREA.bottom
        for other in (*found[:at], *dots):
            apart = one[2] <= other[0] or other[2] <= one[0]
            assert apart or one[3] <= other[1] or other[3] <= one[1]


def test_the_best_have_their_names() -> None:
    """Also in a corner that is full: the name stands further off, at the end of a line."""
    sizes = tuple(1 << power for power in range(12, 21))
    kinds = ("lz4", "zstd-3")
    measurement = made_measurement(*((size, kind) for size in sizes for kind in kinds))
    fronts = [chart for chart in charts_of(measurement) if chart.style == "points"]
    assert len(fronts) == 2
    for chart in fronts:
        picture = draw_chart(chart)
        for mark in pareto_front(m for series in chart.series for m in series.marks):
            assert re.search(rf">[^<:]*\b{mark.name}\b[^<:]*</text>", picture), mark.name


def test_points_on_each_other_share_a_name() -> None:
    """Two are both named, of more the first and how many they are."""
    names = ("8K", "16K", "32K")
    points = [NamedPoint(name, 200, 200, needed=True) for name in names]
    assert ">8K, 16K<" in "".join(draw_names(points[:2], AREA))
    assert ">8K and 2 more<" in "".join(draw_names(points, AREA))


def test_a_name_that_nobody_needs_is_left_out() -> None:
    """Where all places beside it are taken; one that is needed gets a line."""
    around = [NamedPoint("", 100 + x, 150 + y, needed=False) for x in range(-90, 91, 9)
              for y in range(-30, 31, 9)]  # fmt: skip
    for needed in (False, True):
        drawn = "".join(draw_names([NamedPoint("8K", 100, 150, needed), *around], AREA))
        assert ("8K" in drawn, "<path" in drawn) == (needed, needed)
