"""Progress of a measurement."""

from __future__ import annotations

from zfstune.measurement.measure_progress import MeasureProgress


def test_progress() -> None:
    """The line counts from one; time left is told once a run has shown it."""
    first = MeasureProgress(0, 12, "8K lz4", "fill", None)
    assert first.line() == "run 1 of 12: 8K lz4, fill"
    assert first.to_dict()["left_s"] is None
    later = MeasureProgress(3, 12, "8K lz4", "fio", 540.2)
    assert later.line() == "run 4 of 12: 8K lz4, fio, about 9m left"
    assert later.to_dict() == {
        "done_bytes": None,
        "total_bytes": None,
        "rate_bytes_s": None,
        "left_s": 540,
        "done": 3,
        "total": 12,
        "unit": "run",
        "step": "8K lz4, fio",
    }
