"""The table of ratios that the benchmarks end with, gathered over several runs.

A run adds the scenarios that it had to the table of earlier ones, so that a release can be
measured in turns. Each row says when it was made, and at which scale if that is not 1.
"""

from __future__ import annotations

import math
import re
import statistics
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["COLUMNS", "Judged", "Row", "Times", "merged", "read_rows", "rows_of", "text_of"]

Times = dict[tuple[str, str], dict[int, float]]
"""Seconds by scenario and peer, one a lap."""
Judged = dict[str, tuple[str, list[tuple[str, str, float]]]]
"""By scenario the peer that ratios refer to, and the targets: peer, other, at most."""

COLUMNS = (
    *("scenario", "peer", "laps", "median", "ratio", "spread", "to", "target", "", "on"),
)
_LAPS_TO_PAIR = 3
# A pipe of a shell's within a cell is written so, and ends none.
_PIPE, _WRITTEN_PIPE = "|", r"\|"
_BETWEEN_CELLS = re.compile(r"(?<!\\)\|")


class Row(NamedTuple):
    """One peer in one scenario, or one more target of it.

    Attributes:
        scenario: What was done.
        peer: Who did it.
        cells: All columns; those of a further target leave the first ones empty.
    """

    scenario: str
    peer: str
    cells: tuple[str, ...]


def rows_of(times: Times, judged: Judged, *, on: str) -> list[Row]:
    """Return the rows of a run.

    Args:
        times: What was measured.
        judged: What it refers to.
        on: The date, with the scale where that is not 1.
    """
    found = []
    for (scenario, peer), laps in times.items():
        to, targets = judged[scenario]
        ratios = _ratios(times, scenario, peer, to)
        start = (
            *(scenario, peer, str(len(laps)), _duration(statistics.median(laps.values()))),
            *(f"{_middle(times, scenario, peer, to):.2f}", _spread(ratios), to),
        )
        mine = [target for target in targets if target[0] == peer]
        for number, target in enumerate(mine or [None]):
            first = start if number == 0 else ("",) * len(start)
            end = (*_verdict(times, scenario, target), on if number == 0 else "")
            found.append(Row(scenario, peer, (*first, *end)))
    return found


def merged(earlier: Iterable[Row], now: Iterable[Row]) -> list[Row]:
    """Put scenarios of a run in the place of those of earlier ones, and the rest behind.

    A scenario stays where this run had fewer of its peers, or ran it at a smaller scale.
    """
    old, new = _by_scenario(earlier), _by_scenario(now)
    for scenario, rows in new.items():
        if scenario not in old or _is_better(rows, old[scenario]):
            old[scenario] = rows
    return [row for rows in old.values() for row in rows]


def text_of(rows: Iterable[Row]) -> str:
    """Write rows as a table of Markdown, its columns in line."""
    lines: list[tuple[str, ...]] = [COLUMNS]
    lines += [tuple(c.replace(_PIPE, _WRITTEN_PIPE) for c in row.cells) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]
    table.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(table)


def read_rows(text: str) -> list[Row]:
    """Read the rows of a table that :func:`text_of` wrote."""
    found: list[Row] = []
    for line in [line for line in text.splitlines() if line.startswith("|")][2:]:
        parts = _BETWEEN_CELLS.split(line)[1:-1]
        cells = tuple(part.strip().replace(_WRITTEN_PIPE, _PIPE) for part in parts)
        scenario, peer = cells[:2] if cells[0] else found[-1][:2]
        found.append(Row(scenario, peer, cells))
    return found


def _by_scenario(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.scenario, []).append(row)
    return found


def _is_better(rows: list[Row], old: list[Row]) -> bool:
    peers, others = ({row.peer for row in each} for each in (rows, old))
    return peers >= others and _scale(rows) >= _scale(old)


def _scale(rows: list[Row]) -> float:
    """Return the scale of the rows of a scenario, from its date."""
    _, _, scale = rows[0].cells[-1].partition(", scale ")
    return float(scale or 1)


def _ratios(times: Times, scenario: str, peer: str, to: str) -> list[float]:
    """Return the ratios of the laps that two peers share."""
    mine, other = times[scenario, peer], times.get((scenario, to), {})
    return [mine[lap] / other[lap] for lap in sorted(mine.keys() & other.keys())]


def _middle(times: Times, scenario: str, peer: str, to: str) -> float:
    """Compare two peers lap by lap; where they share few laps, their medians."""
    mine, other = times[scenario, peer], times.get((scenario, to), {})
    if not other:
        return float("nan")
    ratios = _ratios(times, scenario, peer, to)
    if len(ratios) >= _LAPS_TO_PAIR:
        return statistics.median(ratios)
    return statistics.median(mine.values()) / statistics.median(other.values())


def _spread(ratios: list[float]) -> str:
    """Write the least and the greatest ratio of a lap, where they differ."""
    if not ratios:
        return ""
    low, high = f"{min(ratios):.2f}", f"{max(ratios):.2f}"
    return "" if low == high else f"{low} to {high}"


def _verdict(
    times: Times, scenario: str, target: tuple[str, str, float] | None
) -> Iterator[str]:
    """Give what was asked for, and whether it is so."""
    if target is None:
        yield from ("", "")
        return
    peer, to, most = target
    ratio = _middle(times, scenario, peer, to)
    if math.isnan(ratio):  # its time limit ended the other one, or it was left out
        yield from (f"at most {most:g} x {to}: no figure", "")
        return
    if most < 1:
        yield f"{1 / most:g} times as fast as {to}: {1 / ratio:.1f}"
    else:
        yield f"at most {most:g} x {to}: {ratio:.2f}"
    yield "met" if ratio <= most else "NOT MET"


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
