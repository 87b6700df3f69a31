"""tests/lab/rsend.md: each scenario of OpenZFS' tests names ours, and they are there."""

from __future__ import annotations

import re

from source_tree import ROOT

ROWS = [
    line.split(" | ")
    for line in (ROOT / "tests/lab/rsend.md").read_text("utf-8").splitlines()
    if line.startswith("| `")
]
# Tests of tools, or of the kernel alone.
NOT_OURS = {"zstream's own", "the kernel's own"}


def test_each_scenario_has_its_tests() -> None:
    """A test that was renamed shows nothing; a script stands in one row."""
    scripts = [name for row in ROWS for name in re.findall("`([^`]+)`", row[0])]
    assert len(scripts) == len(set(scripts)) == 74
    for scripted, about, tests in ROWS:
        named = re.findall(r"`(tests/[^`:]+)::(test_\w+)`", tests)
        assert bool(named) != (about in NOT_OURS), scripted
        for file, test in named:
            assert f"def {test}(" in (ROOT / file).read_text("utf-8"), f"{file}::{test}"
