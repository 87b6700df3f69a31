"""The campaigns of `make endurance`: their time, their figures, and a loss."""

from __future__ import annotations

import runpy
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from campaigns import CAMPAIGNS, Campaign, shares
from lots import tally
from source_tree import ROOT
from table import Row, counts_of, table

if TYPE_CHECKING:
    from pathlib import Path

RUN = ROOT / "tests" / "endurance" / "__main__.py"


def test_all_that_is_named_is_there() -> None:
    """A file that was moved would leave its campaign without tests."""
    for campaign in CAMPAIGNS:
        paths = [ROOT / word for word in campaign.tests if word.startswith("tests/")]
        assert paths
        assert all(path.exists() for path in paths), campaign


def test_the_time_is_split_by_weight() -> None:
    """All of it, and to each its part."""
    one, two = Campaign("one", ()), Campaign("two", (), weight=3)
    assert [share.seconds for share in shares([one, two], 100)] == [25, 75]
    assert sum(s.seconds for s in shares(CAMPAIGNS, 3600)) == pytest.approx(3600)


def test_counts_add_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test writes a line of its own, and says nothing where nobody asks."""
    monkeypatch.delenv("ZFSTUNE_TALLY", raising=False)
    tally(kills=1)
    file = tmp_path / "tally"
    monkeypatch.setenv("ZFSTUNE_TALLY", str(file))
    tally(kills=20, before_the_end=11)
    tally(kills=5)
    counts = counts_of(file.read_text("utf-8").splitlines())
    assert counts == {"kills": 25, "before_the_end": 11}
    row = Row("commands killed", "host", lots=2, seconds=90, seeds=(7, 8), counts=counts)
    assert table([row]).splitlines()[2] == (
        "| commands killed | host | 2 | 25 kills, 11 before the end | 1.5 | 7 to 8 |"
    )


@pytest.mark.parametrize("fails", [False, True])
def test_it_stops_at_the_first_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    """The figures are written either way, and a loss with the command that repeats it."""
    test = tmp_path / "test_it.py"
    test.write_text(
        f"from lots import seed, tally\ndef test_it():\n    tally(kills=3)\n"
        f"    assert seed(0) == 7 and not {fails}\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests" / "plugins"))
    script = runpy.run_path(str(RUN))
    campaigns = [Campaign("one", (str(test),)), Campaign("two", (str(test),))]
    monkeypatch.setitem(script["main"].__globals__, "CAMPAIGNS", campaigns)
    results = tmp_path / "results"
    words = ["endurance", "--minutes", "0", "--seed", "7", "--results", str(results)]
    monkeypatch.setattr(sys, "argv", words)
    assert script["main"]() == fails
    [file] = results.iterdir()
    rows = [line for line in file.read_text("utf-8").splitlines() if "host" in line]
    if not fails:
        assert [row.split(" | ")[2:4] for row in rows] == [["1", "3 kills"]] * 2
        return
    assert [row.split(" | ")[2:4] for row in rows[:1]] == [["0", "3 kills"]]
    assert "two" not in file.read_text("utf-8")
    [line] = [each for each in file.read_text("utf-8").splitlines() if "    env" in each]
    again = subprocess.run(shlex.split(line), cwd=ROOT, capture_output=True, check=False)
    assert again.returncode == 1
