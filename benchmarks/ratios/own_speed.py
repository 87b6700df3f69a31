"""Draw a table of the benchmarks as bars: how many times as long as zfstune a peer takes.

    python benchmarks/ratios/own_speed.py bookworm

reads benchmarks/results/bookworm.md and writes docs/pictures/own-speed-bookworm.svg.
"""

from __future__ import annotations

import re
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ratio_table import COLUMNS, read_rows

from zfstune.charts.scale import RATIO, scale_of, tick_text
from zfstune.charts.svg import document, element, pixels, titled, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zfstune.charts.scale import Scale

ROOT = Path(__file__).parents[2]
# Peers that are zfstune itself, in one of its forms.
_OWN = ("library", "command", "zfstune", "image")
# Peers that nobody would take in place of zfstune: scenarios with these alone are left out.
_YARDSTICKS = ("kernel", "python -c", "sort by date", "keep=", "count, ")
_WIDTH, _LEFT, _RIGHT = 720, 280, 64
_HEAD, _ROW, _GAP, _BAR, _BELOW = 62, 20, 30, 13, 40
_LONGEST_LABEL = 36
_RELEASE = re.compile(r"^# .* on (\S+)$", re.MULTILINE)
_FACTS = re.compile(r"(\d{4}-\d{2}-\d{2}),.*?OpenZFS ([\w.]+)", re.DOTALL)


class Bar(NamedTuple):
    """One peer in one scenario.

    Attributes:
        scenario: What was done.
        peer: Who did it.
        ratio: How many times as long as `to` it took.
        spread: The least and the greatest ratio of a lap; None: unknown.
        to: The peer that the ratios refer to.
    """

    scenario: str
    peer: str
    ratio: float
    spread: tuple[float, float] | None
    to: str


def bars_of(table: str) -> list[Bar]:
    """Read the bars out of a table of ratios."""
    found = []
    for row in read_rows(table):
        cells = dict(zip(COLUMNS, row.cells, strict=True))
        if not cells["peer"]:  # another target of the peer above
            continue
        low, dash, high = cells["spread"].partition(" to ")
        spread = (float(low), float(high)) if dash else None
        ratio = float(cells["ratio"])
        found.append(Bar(row.scenario, row.peer, ratio, spread, cells["to"]))
    return found


def draw(bars: Sequence[Bar], *, release: str, facts: str) -> str:
    """Draw the bars, scenario by scenario, on one scale of ratios.

    Args:
        bars: The bars, those of a scenario side by side.
        release: Name of the release.
        facts: The version and the date, as text.
    """
    scale = scale_of((bar.ratio for bar in bars), RATIO, by_logarithm=True)
    groups = [(name, list(rows)) for name, rows in groupby(bars, key=lambda b: b.scenario)]
    height = _HEAD + sum(_GAP + _ROW * len(rows) for _, rows in groups) + _BELOW
    title = f"zfstune beside others, {release}"
    drawn = [words(12, 24, title, "head"), words(12, 44, facts, "small")]
    drawn += _grid(scale, height)
    top = float(_HEAD)
    for name, rows in groups:
        drawn.append(words(12, top + _GAP - 8, f"{name} (1x: {rows[0].to})"))
        top += _GAP
        for bar in rows:
            drawn += _bar(bar, scale, top)
            top += _ROW
    said = "How many times as long as zfstune each peer takes, by what was done."
    return document(_WIDTH, height, title, said, *drawn)


def _across(scale: Scale, value: float) -> float:
    return _LEFT + scale.place(value) * (_WIDTH - _LEFT - _RIGHT)


def _grid(scale: Scale, height: int) -> Iterator[str]:
    bottom = height - _BELOW + 6
    for tick in scale.ticks(8):
        x = pixels(_across(scale, tick))
        kind = "axis" if tick == 1 else "grid"
        yield element("path", class_=kind, d=f"M{x} {_HEAD}V{bottom}")
        yield words(float(x), bottom + 16, tick_text(tick, RATIO), "small middle")
    text = "times as long; a bar to the left is faster"
    yield words((_LEFT + _WIDTH - _RIGHT) / 2, bottom + 32, text, "small middle")


def _bar(bar: Bar, scale: Scale, top: float) -> Iterator[str]:
    one, end = _across(scale, 1), _across(scale, bar.ratio)
    middle = top + _BAR / 2
    label = bar.peer if len(bar.peer) <= _LONGEST_LABEL else f"{bar.peer[:35]}…"
    yield words(_LEFT - 8, middle + 4, label, "small end")
    left, width = min(one, end), max(abs(end - one), 1.5)
    text = f"{bar.scenario}, {bar.peer}: {tick_text(bar.ratio, RATIO)} of {bar.to}"
    yield element(
        "rect",
        titled(text),
        class_="s0" if _is_own(bar) else "s1",
        x=pixels(left),
        y=pixels(top),
        width=pixels(width),
        height=_BAR,
    )
    right = max(one, end)
    if bar.spread is not None and bar.spread[0] < bar.spread[1]:
        low, high = (_across(scale, ratio) for ratio in bar.spread)
        yield element(
            "path", class_="whisker", d=f"M{pixels(low)} {pixels(middle)}H{pixels(high)}"
        )
        right = max(right, high)
    yield words(right + 6, middle + 4, tick_text(bar.ratio, RATIO), "small")


def _is_own(bar: Bar) -> bool:
    return bar.peer.startswith(_OWN)


def _has_others(bars: Sequence[Bar]) -> bool:
    """Tell whether a scenario has a peer that is neither zfstune nor a yardstick."""
    return any(not bar.peer.startswith((*_OWN, *_YARDSTICKS)) for bar in bars)


def picture(table: str) -> str:
    """Draw a table of ratios: the scenarios that others take part in."""
    facts, named = _FACTS.search(table), _RELEASE.search(table)
    said = f"OpenZFS {facts[2]}, {facts[1]}; " if facts else ""
    groups = (list(rows) for _, rows in groupby(bars_of(table), key=lambda b: b.scenario))
    return draw(
        [bar for rows in groups if _has_others(rows) for bar in rows],
        release=named[1] if named else "",
        facts=f"{said}in an emulated guest, where ratios count and seconds do not",
    )


def table_of(release: str) -> str:
    """Return the table of a release."""
    return (ROOT / "benchmarks" / "results" / f"{release}.md").read_text("utf-8")


def place_of(release: str) -> Path:
    """Return where the picture of a release lies."""
    return ROOT / "docs" / "pictures" / f"own-speed-{release}.svg"


if __name__ == "__main__":
    for given in sys.argv[1:]:
        place_of(given).parent.mkdir(exist_ok=True)
        place_of(given).write_text(picture(table_of(given)), "utf-8")
