"""The drawing of a simulation: sound XML, with every stroke in its place."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.cli.main import main
from zfstune.retention.policy import Group
from zfstune.retention.rule_kinds import Every, Last, Within
from zfstune.retention.simulation import Simulation, simulate
from zfstune.retention.timeline_svg import draw

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.retention.rule_kinds import Rule

START = datetime(2026, 1, 1, tzinfo=UTC)
YEAR = 365 * 86400
SVG = "{http://www.w3.org/2000/svg}"
LEFT, RIGHT = 24.0, 936.0


def simulated(*rules: Rule, until: int = YEAR) -> Simulation:
    """Simulate a policy with hourly snapshots."""
    return simulate(Group(rules), 3600, START, until, UTC)


def parts(text: str, kind: str, of_class: str) -> list[ET.Element]:
    """Return the elements of a kind and class."""
    found = ET.fromstring(text).iter(f"{SVG}{kind}")  # noqa: S314 (our own text)
    return [each for each in found if of_class in (each.get("class") or "").split()]


def strokes(path: ET.Element) -> list[float]:
    """Return the places of a path's strokes."""
    return [float(x) for x in re.findall(r"M([\d.]+) ", path.get("d") or "")]


def test_every_snapshot_has_its_stroke() -> None:
    """To scale, a stroke stands at its age, and the worst gap between two."""
    one = simulated(Every("monthly", 12))
    true, near = parts(draw([("monthly=12", one)]), "path", "snap")
    at = [RIGHT - (one.end - time) / YEAR * (RIGHT - LEFT) for time in one.times]
    assert sorted(strokes(true)) == pytest.approx(at, abs=0.06)
    assert len(strokes(near)) == len(one.times)
    gaps = parts(draw([("monthly=12", one)]), "rect", "gap")
    assert len(gaps) == 2
    width = one.worst_gap_seconds / YEAR * (RIGHT - LEFT)
    assert float(gaps[0].get("width") or 0) == pytest.approx(width, abs=0.11)
    assert float(gaps[0].get("x") or 0) in strokes(true)


def test_what_cannot_be_told_apart_is_one_stroke() -> None:
    """A strip has no more strokes than tenths of a pixel."""
    one = simulated(Within(YEAR))
    text = draw([("within=365d", one)])
    assert len(text) < 200_000
    assert len(strokes(parts(text, "path", "snap")[0])) <= (RIGHT - LEFT) * 10 + 1


def test_what_the_reader_is_told() -> None:
    """Policies are text, not markup, and the figures are those of the command."""
    text = draw(
        [("match='<b>&x' keep=2", simulated(Last(2))), ("keep=1", simulated(Last(1)))]
    )
    heads = [each.text for each in parts(text, "text", "head")]
    assert heads == ["match='<b>&x' keep=2", "keep=1"]
    small = [each.text or "" for each in parts(text, "text", "small")]
    assert (
        "2 of 8761 snapshots, one every 1h for 365d; the oldest is 1h old; worst gap 1h"
        in small
    )
    assert "1 of 8761 snapshots, one every 1h for 365d; the oldest is 0s old" in small
    assert small.count("now") == 4


@given(
    st.sets(st.integers(0, 400), min_size=0, max_size=30),
    st.integers(1, 400),
    st.integers(1, 10**6),
)
def test_nothing_is_drawn_outside(numbers: set[int], taken: int, every: int) -> None:
    """All strokes stand between the margins, and the XML is sound."""
    end = 10**10
    ages = sorted(number * every for number in numbers if number <= taken)
    one = Simulation(every, end, taken + 1, tuple(end - age for age in reversed(ages)))
    text = draw([("keep=1", one)])
    for path in parts(text, "path", "snap") + parts(text, "path", "axis"):
        assert all(LEFT <= x <= RIGHT for x in strokes(path))
    for rect in parts(text, "rect", "gap"):
        x, width = (float(rect.get(key) or -1) for key in ("x", "width"))
        assert x >= LEFT
        assert width > 0
        assert x + width <= RIGHT + 0.1


def test_the_command_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is written beside the output, and an error if it cannot be."""
    target = tmp_path / "x.svg"
    words = ["policy", "simulate", "--keep-daily", "7", "--until", "30d", "--svg"]
    assert main([*words, str(target)]) == 0
    assert "worst gap" in capsys.readouterr().out
    assert len(parts(target.read_text(), "path", "snap")) == 2
    assert main([*words, str(tmp_path / "no" / "x.svg")]) == 1
