"""Drawn charts: sound XML, each figure at its place, nothing told by colour alone."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.charts.chart import Axis, Chart, Mark, Series
from zfstune.charts.picture import draw_chart
from zfstune.charts.plot_area import HEIGHT, WIDTH
from zfstune.charts.scale import BYTES, RATIO, SECONDS

SVG = "{http://www.w3.org/2000/svg}"
FIGURES = st.floats(1e-6, 1e12)
STYLES = ("bars", "lines", "points")


@st.composite
def charts(draw: st.DrawFn) -> Chart:
    """Make up a chart."""
    marks = st.lists(
        st.builds(
            Mark,
            st.sampled_from([2.0**power for power in range(9, 25)]),
            FIGURES,
            st.none() | FIGURES,
            st.none() | FIGURES,
            st.text("ab&<", max_size=12),
        ),
        max_size=60,
        unique_by=lambda mark: mark.x,
    )
    series = draw(
        st.lists(st.builds(Series, st.text(max_size=9), marks.map(tuple)), max_size=8)
    )
    x = Axis("size", BYTES, draw(st.booleans()))
    y = Axis(
        "per byte", draw(st.sampled_from((RATIO, SECONDS, BYTES))), draw(st.booleans())
    )
    return Chart("k", "T<", "D&.", draw(st.sampled_from(STYLES)), x, y, tuple(series))


def places(root: ET.Element) -> list[tuple[float, float]]:
    """Return the corners of all that is drawn where it stands, without the legend."""
    found = []
    for each in root.iter():
        shift = re.fullmatch(
            r"translate\(([-\d.]+) ([-\d.]+)\)", each.get("transform") or ""
        )
        if shift and each.tag == f"{SVG}path":
            found.append((float(shift[1]), float(shift[2])))
        if each.tag == f"{SVG}rect" and "bar" in (each.get("class") or ""):
            x, y, width, height = (
                float(each.get(key) or 0) for key in ("x", "y", "width", "height")
            )
            found += [(x, y), (x + width, y + height)]
        if each.tag == f"{SVG}path" and each.get("class") in ("whisker", "axis", "grid"):
            found += [
                (float(x), float(y))
                for x, y in re.findall(r"M([-\d.]+) ([-\d.]+)", each.get("d") or "")
            ]
    return found


@given(charts())
def test_any_chart_is_sound_and_within_its_picture(chart: Chart) -> None:
    """The XML parses, it is told in words, and no mark is drawn outside."""
    root = ET.fromstring(draw_chart(chart))  # noqa: S314 (our own text)
    assert root.findtext(f"{SVG}title") == chart.title
    assert root.findtext(f"{SVG}desc") == chart.description
    body = ET.Element("body")
    body.extend(each for each in root if not each.get("transform"))
    for pattern in body.findall(f"{SVG}pattern"):
        body.remove(pattern)
    for x, y in places(body):
        assert -0.1 <= x <= WIDTH + 0.1
        assert -0.1 <= y <= HEIGHT + 0.1


def chart_of(style: str, *series: Series) -> Chart:
    """Return a chart of record sizes."""
    axes = Axis("record size", BYTES, style != "bars"), Axis("per byte", RATIO)
    return Chart("wa", "Write amplification", "A bar.", style, *axes, series)


LZ4 = Series("lz4", (Mark(8192, 1.0, 0.5, 2.0, "8K"), Mark(131072, 4.0, name="128K")))
ZSTD = Series("zstd-3", (Mark(8192, 2.0, name="8K"), Mark(131072, 3.0, name="128K")))


@pytest.mark.parametrize("style", STYLES)
def test_each_mark_says_what_it_shows(style: str) -> None:
    """A mark has its figures in words, with the interval where there is one."""
    root = ET.fromstring(draw_chart(chart_of(style, LZ4, ZSTD)))  # noqa: S314
    said = [
        each.text for group in root.iter(f"{SVG}g") for each in group.findall(f"{SVG}title")
    ]
    assert said == [
        "8K, lz4: record size 8K, per byte 1x (0.5x to 2x)",
        "128K, lz4: record size 128K, per byte 4x",
        "8K, zstd-3: record size 8K, per byte 2x",
        "128K, zstd-3: record size 128K, per byte 3x",
    ]


def test_bars_are_as_high_as_their_figures() -> None:
    """Heights are in the ratio of the figures, from zero, and end on the axis."""
    root = ET.fromstring(draw_chart(chart_of("bars", LZ4)))  # noqa: S314
    bars = [each for each in root.iter(f"{SVG}rect") if "bar" in (each.get("class") or "")]
    heights = [float(bar.get("height") or 0) for bar in bars]
    assert heights[1] / heights[0] == pytest.approx(4, abs=0.02)
    feet = {
        round(float(bar.get("y") or 0) + float(bar.get("height") or 0), 1) for bar in bars
    }
    assert len(feet) == 1


@pytest.mark.parametrize("style", STYLES)
def test_no_series_is_told_by_colour_alone(style: str) -> None:
    """Without their colours, the keys in the legend still differ."""
    drawn = draw_chart(chart_of(style, *(Series(name, LZ4.marks) for name in "abcdef")))
    root = ET.fromstring(drawn)  # noqa: S314
    patterns = {
        f"fill:url(#{each.get('id')})": ET.tostring(each)
        for each in root.iter(f"{SVG}pattern")
    }
    keys = set()
    for group in root.findall(f"{SVG}g"):
        if group.get("transform"):
            look = "".join(
                ET.tostring(each, "unicode") + str(patterns.get(each.get("style") or ""))
                for each in group
            )
            look = re.sub(r"wa-hatch-\d", "", look)
            keys.add(re.sub(r'class="s\d[^"]*"', "", look.replace('\\"', '"')))
    assert len(keys) == 6


def test_the_front_is_drawn_full() -> None:
    """What is dominated is hollow: at 8K zstd-3 costs more and gains nothing."""
    root = ET.fromstring(draw_chart(chart_of("points", LZ4, ZSTD)))  # noqa: S314
    hollow = [
        group.findtext(f"{SVG}title")
        for group in root.iter(f"{SVG}g")
        if any("hollow" in (each.get("class") or "") for each in group)
    ]
    assert len(hollow) == 3
    assert not any((said or "").startswith("8K, lz4") for said in hollow)


def test_names_stay_below_the_title_of_the_axis() -> None:
    """A point at the top has its name beside or below it, where no other word stands."""
    marks = (Mark(1, 10, name="a long name"), Mark(100, 10, name="another"))
    text = draw_chart(chart_of("points", Series("lz4", marks)))
    root = ET.fromstring(text)  # noqa: S314
    grid = [each for each in root.iter(f"{SVG}path") if each.get("class") == "grid"]
    top = min(float((each.get("d") or "").split()[1].partition("H")[0]) for each in grid)
    names = {each.text: each for each in root.iter(f"{SVG}text")}
    for name in ("a long name", "another"):
        assert float(names[name].get("y") or 0) > top


def test_a_dense_line_keeps_its_extremes() -> None:
    """A line of many marks is as long as the picture is wide, and loses no peak."""
    marks = tuple(Mark(at, 100.0 if at == 5000 else 1.0) for at in range(10_000))
    text = draw_chart(chart_of("lines", Series("a", marks), Series("b", marks)))
    assert len(text) < 60_000
    [first, _] = re.findall(r'<path class="s\d line" d="(M[^"]{30,})"', text)
    heights = [float(y) for y in re.findall(r" ([\d.]+)", first)]
    assert min(heights) == pytest.approx(
        float(re.findall(r"M[\d.]+ ([\d.]+)H", text)[-2]), abs=250
    )
    assert len(set(heights)) == 2
    assert "stroke-dasharray" not in text
