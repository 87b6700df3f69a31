"""Rows of text in columns."""

from __future__ import annotations

from zfstune.values.table import table_lines


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
