"""A plan in words."""

from __future__ import annotations

from made_plan import PLAN
from zfstune.measurement.measure_plan import Fio
from zfstune.measurement.measure_plan_text import plan_text
from zfstune.values.frozen import replace


def test_text() -> None:
    """The text says what is done, what it writes and how long it takes."""
    lines = list(plan_text(PLAN))
    text = " ".join(" ".join(lines).split())
    for words in (
        "8K lz4 1.00 0.50 0.50 (the profile's choice) 128K off 5 runs of each",
        "write 256 pages of 8K and count",
        "30 s of fio after 10 s of warm-up",
        "Data: like a test.",
        "what fio writes besides",
    ):
        assert words in text


def test_without_fio() -> None:
    """Where fio does not run, it is not spoken of."""
    assert "fio" not in " ".join(plan_text(replace(PLAN, fio=Fio(0, 0))))
