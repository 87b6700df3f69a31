"""Times and counters of a run of fio, and runs that do not count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from made_plan import PLAN
from made_workload import workload
from mounting_engine import MountingEngine
from zfstune.measurement import time_run as module
from zfstune.measurement.fio_output import FioFigures
from zfstune.measurement.measure_plan import Fio
from zfstune.measurement.time_run import time_run
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FIGURES = FioFigures(20.0, 1 << 30, 500, (0.001, 0.01, 0.1))


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, Mapping[str, str]]:
    """Let fio look four times, while each counter grows by 10 a look."""
    seen: dict[str, Mapping[str, str]] = {}
    looks = {"count": 0}

    def run_fio(
        _: str, variables: Mapping[str, str], *, look: Callable[[float], object]
    ) -> FioFigures:
        seen["variables"] = variables
        for at_s in (5.0, 10.0, 15.0, 30.0):
            look(at_s)
        return FIGURES

    def arc() -> dict[str, int]:
        looks["count"] += 1
        return {
            "demand_data_hits": 6 * looks["count"],
            "demand_data_misses": looks["count"],
        }

    monkeypatch.setattr(module, "run_fio", run_fio)
    monkeypatch.setattr(module, "arc_counters", arc)
    monkeypatch.setattr(module, "processor_ticks", lambda: 100 * looks["count"])
    monkeypatch.setattr(
        module,
        "dataset_counters",
        lambda *_: {"nread": 5, "nwritten": 1000 * looks["count"]},
    )
    return seen


def test_times(tmp_path: Path, given: dict[str, Mapping[str, str]]) -> None:
    """What came before the end of the warm-up does not count, and is in the time line."""
    plan = replace(PLAN, fio=Fio(20, 10), seed=7)
    times, discarded = time_run(MountingEngine(tmp_path).seam, plan, 54, "/x")
    assert discarded == ""
    assert (times.done_bytes, times.operations, times.p99_s) == (1 << 30, 500, 0.01)
    assert (times.arc_hits, times.arc_misses) == (18, 3)  # from the look at 10 s on
    assert [moment.at_s for moment in times.moments] == [5.0, 10.0, 15.0, 30.0]
    assert times.moments[0].bytes_s == 200.0
    assert given["variables"] == {
        "DIRECTORY": "/x",
        "FILES": "1",
        "FILE_SIZE": str(16 << 20),
        "SIZE": str(16 << 20),
        "RUNTIME": "20",
        "RAMP": "10",
        "SEED": "7",
        "COMPRESS": "50",
    }


def test_a_run_that_the_cache_answered(
    tmp_path: Path, given: dict[str, Mapping[str, str]]
) -> None:
    """Where the workload reads, and most reads hit the ARC, times are of memory."""
    plan = replace(PLAN, fio=Fio(20, 10), workload=workload(read_share=0.5))
    _, discarded = time_run(MountingEngine(tmp_path).seam, plan, 54, "/x")
    assert "the ARC answered 85 % of its reads" in discarded
