"""The table of what record sizes cost by layout, gathered over several runs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from zfstune.measurement.candidate import Candidate
from zfstune.measurement.figures import figures_of
from zfstune.values.size import format_size

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Any

    from zfstune.measurement.results import Measured, Measurement
    from zfstune.measurement.verdict import Judgement

__all__ = [
    "Figures",
    "Row",
    "changes",
    "figures_in",
    "known_rows",
    "merged",
    "names_size",
    "row_of",
    "text_of",
]

Figures = dict[tuple[str, str, str], float]
"""Figures in bytes, by workload, candidate and name of the figure."""

_SAME = 0.01

_COLUMNS = (
    *("layout", "ashift", "workload", "choice", "written/B", "model", "read/B", "model"),
    *("space", "model", "pinned/B", "others (written/B, space)", "verdict"),
)


class Row(NamedTuple):
    """One workload on one layout.

    Attributes:
        layout: The pool's layout.
        ashift: Its ashift.
        workload: The workload.
        cells: The other columns, as text.
    """

    layout: str
    ashift: int
    workload: str
    cells: tuple[str, ...]


def row_of(layout: str, ashift: int, found: Measurement, verdict: Judgement) -> Row:
    """Make a row of a measurement of one run."""
    chosen = next(each for each in found.measured if each.candidate == found.chosen)
    others = "; ".join(
        f"{each.candidate.label} {_figure(each, 'write_amplification')}, "
        f"{_figure(each, 'space')}"
        for each in found.measured
        if each is not chosen
    )
    model = chosen.predicted
    counts = chosen.runs[0].counts
    beaten = [each.winner for each in verdict.dominated if each.loser == found.chosen]
    faults = (
        *verdict.findings,
        *(
            f"{winner.label} is never worse"
            f"{', as the profile says' if names_size(found.why, winner) else ''}"
            for winner in beaten
        ),
    )
    return Row(
        layout,
        ashift,
        found.workload.name,
        (
            chosen.candidate.label,
            _figure(chosen, "write_amplification"),
            "-" if model is None else f"{model.write_amplification:.2f}",
            _figure(chosen, "cold_read_amplification"),
            "-" if model is None else f"{model.cold_read_amplification:.2f}",
            _figure(chosen, "space"),
            "-" if model is None else f"{model.allocated_bytes / counts.file_bytes:.2f}",
            _figure(chosen, "pinned"),
            others,
            "; ".join(faults) or "holds",
        ),
    )


def names_size(why: str, candidate: Candidate) -> bool:
    """Tell whether a reason speaks of the record size of a candidate."""
    return format_size(candidate.recordsize_bytes) in re.findall(r"\w+", why)


def figures_in(saved: dict[str, Any]) -> Figures:
    """Return the figures in what pytest-benchmark saved, or in a part of that form."""
    found: Figures = {}
    for benchmark in saved["benchmarks"]:
        document = benchmark["extra_info"].get("measurement")
        if document is None:  # a benchmark of something else
            continue
        measurement = document["measurement"]
        for each, runs in zip(measurement["measured"], document["figures"], strict=True):
            candidate = each["candidate"]
            label = Candidate(candidate["recordsize_bytes"], candidate["compression"]).label
            for name, value in runs[0].items():
                if value is not None:
                    found[measurement["workload"]["name"], label, name] = value
    return found


def changes(last: Figures, now: Figures) -> list[str]:
    """Return a line for each figure that differs from that of the last run."""
    lines = [
        f"{workload}, {label}: {name} {last[key]:.3f} -> {value:.3f}"
        for key, value in now.items()
        if key in last and abs(value - last[key]) > _SAME * max(abs(last[key]), _SAME)
        for workload, label, name in [key]
    ]
    return lines or ["no figure in bytes differs by more than a percent"]


def known_rows(path: Path) -> dict[tuple[str, int, str], Row]:
    """Return the rows of a file of earlier runs, by layout, ashift and workload."""
    if not path.exists():
        return {}
    return {
        (layout, ashift, workload): Row(layout, ashift, workload, tuple(cells))
        for layout, ashift, workload, cells in json.loads(path.read_text("utf-8"))
    }


def merged(path: Path, rows: Iterable[Row]) -> list[Row]:
    """Add rows to those that a file of earlier runs has, write it, and return all."""
    known = known_rows(path) | {row[:3]: row for row in rows}
    ordered = sorted(known.values(), key=lambda row: (row.ashift, row.layout, row.workload))
    path.write_text(json.dumps(ordered, indent=1) + "\n", "utf-8")
    return ordered


def text_of(rows: Iterable[Row]) -> str:
    """Write the rows as a table of Markdown."""
    lines = [[row.layout, str(row.ashift), row.workload, *row.cells] for row in rows]
    rule = ["-" * len(title) for title in _COLUMNS]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (_COLUMNS, rule, *lines))


def _figure(measured: Measured, name: str) -> str:
    value = figures_of(measured.runs[0])[name]
    return "-" if value is None else f"{value:.2f}"
