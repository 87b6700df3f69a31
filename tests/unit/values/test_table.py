"""Rows of text in columns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zfstune.values.table import table_lines

HEADER = ("ACTION", "NAME", "USED", "WHY")
CELLS = st.text("ab /@", max_size=70).map(lambda text: " ".join(text.split()))
ROWS = st.lists(st.tuples(CELLS, CELLS, st.just("12.5K"), CELLS), max_size=5)
LONG = "tank/a-name-of-some-length@and-a-snapshot"


def test_columns() -> None:
    """A column is as wide as its widest cell, the header included; nothing trails."""
    assert table_lines(
        ("NAME", "USED"), [("a", "12K"), ("tank/\x1bb", "")], right="lr"
    ) == [
        "NAME        USED",
        "a            12K",
        "tank/\\x1bb",
    ]


def test_no_rows() -> None:
    """The header stands alone."""
    assert table_lines(("A", "B"), []) == ["A  B"]


@given(ROWS, st.integers(20, 140))
def test_a_table_fits_and_has_all_of_it(
    rows: list[tuple[str, str, str, str]], columns: int
) -> None:
    """No line is wider; a name that fits is whole, and so is each letter of the others."""
    lines = table_lines(HEADER, rows, right="llrl", columns=columns, name=1)
    assert all(len(line) <= columns for line in lines)
    assert {n for _, n, _, _ in rows if len(n) <= columns - 1 and " " not in n} <= {
        word for line in lines for word in ("", *line.split())
    }
    printed, cells = "".join(lines), "".join(cell for row in rows for cell in row)
    assert all(printed.count(letter) == cells.count(letter) for letter in "ab/@125K.")


def test_a_name_has_a_line_of_its_own() -> None:
    """Where it leaves no room for the other cells, these stand below it."""
    rows = [("keep", LONG, "12K", "the first of its hour"), ("destroy", "a@b", "1G", "old")]
    assert table_lines(HEADER, rows, right="llrl", columns=48, name=1) == [
        "NAME",
        "    ACTION   USED  WHY",
        LONG,
        "    keep      12K  the first of its hour",
        "a@b",
        "    destroy    1G  old",
    ]
    assert table_lines(HEADER, rows, right="llrl", columns=30, name=1) == [
        "NAME",
        "tank/a-name-of-some-length",
        "    @and-a-snapshot",
        "    ACTION  keep",
        "    USED    12K",
        "    WHY     the first of its",
        "            hour",
        "a@b",
        "    ACTION  destroy",
        "    USED    1G",
        "    WHY     old",
    ]


def test_words_are_folded_in_their_column() -> None:
    """A long reason takes lines of its own, and the row beside it stays a row."""
    row = ("keep", "a@b", "12K", "the first of its hour, and of its day as well")
    assert table_lines(HEADER, [row], right="llrl", columns=50, name=1) == [
        "ACTION  NAME  USED  WHY",
        "keep    a@b    12K  the first of its hour, and of",
        "                    its day as well",
    ]
