"""Lines that fit a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.values.fold import folded

NAMES = st.text("ab/@,", min_size=1, max_size=60)
LINES = st.lists(st.tuples(st.integers(0, 9), NAMES), max_size=8).map(
    lambda parts: "".join(
        " " * max(gap, 1) * (at > 0 or gap > 0) + word
        for at, (gap, word) in enumerate(parts)
    )
)


@given(LINES, st.integers(1, 90))
def test_nothing_is_lost_and_nothing_sticks_out(line: str, columns: int) -> None:
    """The parts have all letters of the line in their order, and none is too long."""
    parts = folded(line, columns)
    assert "".join("".join(parts).split()) == "".join(line.split())
    assert all(len(part) <= columns for part in parts)


@given(LINES, st.integers(20, 90))
def test_a_word_that_fits_stays_whole(line: str, columns: int) -> None:
    """Each word that is no longer than half a line is in one of the lines."""
    words = {word for part in folded(line, columns) for word in part.split()}
    assert {word for word in line.split() if len(word) <= columns // 2} <= words


@pytest.mark.parametrize(
    ("line", "columns", "parts"),
    [
        ("a b", 0, ["a b"]),
        ("a b", 3, ["a b"]),
        ("destroy tank/data/a@b", 14, ["destroy", "    tank/data", "    /a@b"]),
        ("would see one,two,three", 15, ["would see", "    one,two,", "    three"]),
        ("  in  the last column", 14, ["  in  the last", "      column"]),
        ("NAME  tank/data/x", 14, ["NAME  tank", "      /data/x"]),
        ("    deep", 6, ["   dee", "   p"]),
        ("seldom https://a.b/cd/ef", 9, ["seldom", "    https://a.b/cd/ef"]),
    ],
)
def test_where_a_line_is_folded(line: str, columns: int, parts: list[str]) -> None:
    """A line goes on below its last column; a long name is folded between its parts."""
    assert folded(line, columns) == parts
