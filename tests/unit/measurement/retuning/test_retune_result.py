"""What is said of a run, while it goes on and at its end."""

from __future__ import annotations

from zfstune.measurement.retuning.retune_plan import History, Left, RetunePlan
from zfstune.measurement.retuning.retune_result import RetuneProgress, RetuneResult
from zfstune.streams.progress import SendProgress

PLAN = RetunePlan("tank/a", "/tank/a", 8192, "off", 9, (), (), (), History(), 0, 0)


def test_progress() -> None:
    """Bytes, rate and time left, and the number of files."""
    progress = RetuneProgress(SendProgress(1 << 20, 4 << 20, 1 << 20, 3, 12))
    assert progress.line() == ("1M of about 4M (25 %), 1M/s, 0:00:03 left, 3 of 12 files")
    told = progress.to_dict()
    assert (told["done"], told["total"], told["left_s"]) == (3, 12, 3)
    assert told["unit"] == "file"


def test_result() -> None:
    """What was done, what is left, and why it stopped."""
    result = RetuneResult(PLAN, 2, 3 << 20, (Left("x", "it is gone"),), "no room", 4, 1)
    assert result.lines() == [
        "tank/a: 2 files written anew, 3M",
        "  left: x: it is gone",
        "  stopped: no room; still to do: 4 files",
    ]
    told = result.to_dict()
    assert (told["done"], told["pending"], told["settled"]) == (2, 4, 1)
