"""docs/explanation/replication-losses.md: each loss names the tests of its remedy."""

from __future__ import annotations

import re

from source_tree import ROOT

PAGE = ROOT / "docs/explanation/replication-losses.md"


def test_each_loss_is_held_by_tests() -> None:
    """A test that has another name by now shows nothing."""
    rows = [
        line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| **")
    ]
    assert len(rows) == 15
    for row in rows:
        named = re.findall(r"`(tests/[^`:]+)::(test_\w+)`", row)
        assert named, row
        for file, test in named:
            assert f"def {test}(" in (ROOT / file).read_text("utf-8"), f"{file}::{test}"
