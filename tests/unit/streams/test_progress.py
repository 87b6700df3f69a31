"""How far a run has come, in words and in JSON's types."""

from __future__ import annotations

import pytest

from zfstune.streams.progress import SendProgress

HALF = SendProgress(512 << 20, 1 << 30, 64 << 20, 3, 10)


def test_a_line() -> None:
    """Bytes of the estimate, rate, time left, and datasets where there are several."""
    assert HALF.line() == "512M of about 1G (50 %), 64M/s, 0:00:08 left, 3 of 10 datasets"
    alone = SendProgress(0, 1 << 40, 1 << 20, 0, 1)
    assert alone.line() == "0 of about 1T (0 %), 1M/s, 291:16:16 left"


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (SendProgress(0, 0, 0, 0, 1), "0 of about 0 (0 %), 0/s"),
        (SendProgress(20, 10, 10, 0, 1), "20 of about 10 (100 %), 10/s, 0:00:00 left"),
        (SendProgress(20 << 20, None, 10, 0, 1), "20M, 10/s"),
    ],
)
def test_estimates_that_are_wrong(progress: SendProgress, line: str) -> None:
    """More than all is all; without a rate or a length nobody knows how long it takes."""
    assert progress.line() == line


def test_a_comparison() -> None:
    """Its bytes are told like others, and the step has a word."""
    comparing = SendProgress(512 << 20, 1 << 30, 64 << 20, 0, 1, comparing=True)
    assert comparing.line().endswith("(50 %), 64M/s, 0:00:08 left, comparing")
    assert comparing.to_dict()["step"] == "compare"


def test_for_programs() -> None:
    """Exact bytes and whole seconds."""
    assert HALF.to_dict() == {
        "done_bytes": 512 << 20,
        "total_bytes": 1 << 30,
        "rate_bytes_s": 64 << 20,
        "left_s": 8,
        "done": 3,
        "total": 10,
        "unit": "dataset",
        "step": None,
    }
    assert SendProgress(0, 9, 0, 0, 1).to_dict()["left_s"] is None
    unknown = SendProgress(5, None, 9, 0, 1).to_dict()
    assert (unknown["total_bytes"], unknown["left_s"]) == (None, None)
