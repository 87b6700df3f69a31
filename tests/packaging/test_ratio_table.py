"""The table of the benchmarks: gathered in turns, read again, and drawn for the README."""

from __future__ import annotations

import pytest
from own_speed import bars_of, picture, place_of, table_of
from ratio_table import merged, read_rows, rows_of, text_of

PIPE = "zfs list | grep x | xargs -n1 zfs destroy"
TIMES = {
    ("prune", "library"): {0: 1.0, 1: 2.0, 2: 2.0},
    ("prune", PIPE): {0: 4.0, 1: 6.0, 2: 10.0},
    ("list", "library"): {0: 1.0},
}
JUDGED = {
    "prune": ("library", [("library", PIPE, 1.0), ("library", PIPE, 0.5)]),
    "list": ("library", []),
}
ROWS = rows_of(TIMES, JUDGED, on="2026-01-02")


def test_ratios_with_their_spread() -> None:
    """A ratio is the median of those of the laps; one lap has no spread."""
    table = {(row.scenario, row.peer): row.cells for row in reversed(ROWS)}
    assert table["prune", PIPE][:7] == (
        *("prune", PIPE, "3", "6.00 s", "4.00", "3.00 to 5.00", "library"),
    )
    assert table["list", "library"][4:7] == ("1.00", "", "library")


def test_targets_have_lines_of_their_own() -> None:
    """The first stands in the row of its peer, each further one below."""
    assert [row.cells[7:] for row in ROWS if row.peer == "library"][:2] == [
        (f"at most 1 x {PIPE}: 0.25", "met", "2026-01-02"),
        (f"2 times as fast as {PIPE}: 4.0", "met", ""),
    ]


def test_a_target_beside_somebody_without_a_figure() -> None:
    """Whom its time limit has ended is no target that was missed."""
    judged = {"copy": ("library", [("library", "slow", 1.0)])}
    [row] = rows_of({("copy", "library"): {0: 1.0}}, judged, on="2026-01-02")
    assert row.cells[7:9] == ("at most 1 x slow: no figure", "")


def test_a_table_is_read_as_it_was_written() -> None:
    """Pipes of a shell's in a cell are no ends of cells."""
    assert read_rows(f"# Head\n\n{text_of(ROWS)}\n") == ROWS


def test_a_later_run_replaces_its_scenarios() -> None:
    """And no others; it does not if it had fewer peers, or was smaller."""
    later = rows_of({("list", "library"): {0: 9.0}}, JUDGED, on="2026-02-02")
    assert merged(ROWS, later) == [*ROWS[:-1], *later]
    fewer = {("prune", "library"): TIMES["prune", "library"]}
    assert merged(ROWS, rows_of(fewer, JUDGED, on="2026-02-02")) == ROWS
    smaller = rows_of(TIMES, JUDGED, on="2026-02-02, scale 0.1")
    assert merged(ROWS, smaller) == ROWS
    assert merged(smaller, ROWS) == ROWS


def test_bars() -> None:
    """Each peer has one, whatever its targets; others alone make a scenario worth it."""
    table = text_of(ROWS)
    assert [(bar.peer, bar.ratio, bar.spread) for bar in bars_of(table)] == [
        ("library", 1.0, None),
        (PIPE, 4.0, (3.0, 5.0)),
        ("library", 1.0, None),
    ]
    drawn = picture(f"# Benchmarks on bookworm\n\n2026-01-02, OpenZFS 2.1.11,\n\n{table}\n")
    assert "prune (1x: library)" in drawn
    assert "list (1x" not in drawn
    assert "OpenZFS 2.1.11, 2026-01-02" in drawn


@pytest.mark.parametrize("release", ["bookworm"])
def test_the_picture_is_that_of_the_table(release: str) -> None:
    """benchmarks/ratios/own_speed.py draws what the README shows from the results."""
    assert place_of(release).read_text("utf-8") == picture(table_of(release))
