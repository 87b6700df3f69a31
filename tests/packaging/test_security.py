"""SECURITY.md: each line about a stranger names tests, and they are there."""

from __future__ import annotations

import re

from source_tree import ROOT

TEXT = (ROOT / "SECURITY.md").read_text("utf-8")


def rows() -> list[list[str]]:
    """Give the cells of each row of the table, but for its head."""
    table = [line for line in TEXT.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1:]]


def test_each_line_is_held_by_tests() -> None:
    """A file that is gone, or that has no test in it, holds nothing."""
    assert len(rows()) > 8
    for who, may, may_not, tests in rows():
        assert may
        assert may_not
        files = re.findall(r"`(tests/[^`]+)`", tests)
        assert files, who
        for name in files:
            assert "def test_" in (ROOT / name).read_text("utf-8"), name
