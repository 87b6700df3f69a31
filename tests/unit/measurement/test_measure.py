"""A whole measurement, on a made-up engine: order, counters, and what is left."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from made_plan import PLAN
from mounting_engine import MountingEngine
from zfstune.measurement import measure as module
from zfstune.measurement.batches import plan_batches
from zfstune.measurement.measure import measure
from zfstune.measurement.measure_plan import Fio
from zfstune.values.errors import Busy
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zfstune.measurement.measure_plan import MeasurePlan
    from zfstune.measurement.measure_progress import MeasureProgress

OWN = {"tank", "tank/db"}


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MountingEngine:
    """Give an engine, on a host whose clock does not wait."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    return MountingEngine(tmp_path)


@pytest.fixture
def plan(engine: MountingEngine) -> MeasurePlan:
    """Give a small plan of two runs of two candidates, without fio."""
    return replace(
        PLAN,
        info=engine.info,
        batches=plan_batches(PLAN.workload, 1 << 20, seed=1),
        runs=2,
        fio=Fio(0, 0),
        properties={"logbias": "latency", "primarycache": "all"},
    )


def test_a_whole_measurement(engine: MountingEngine, plan: MeasurePlan) -> None:
    """Each candidate is run as often as planned, in the planned order, on scratch alone."""
    steps: list[MeasureProgress] = []
    shown: list[MeasurePlan] = []
    found = measure(
        engine.seam, plan, command="zfstune x", show=shown.append, on_progress=steps.append
    )
    assert shown == [plan]
    assert set(engine.marks) == OWN
    made = [engine.was[name] for name in engine.was if name.count("/") == 2]
    sizes = [plan.candidates[index].recordsize_bytes for _, index in plan.order]
    assert [int(properties["recordsize"]) for properties in made] == sizes
    assert {properties["logbias"] for properties in made} == {"latency"}
    assert [len(each.runs) for each in found.measured] == [2, 2]
    assert [each.candidate for each in found.measured] == list(plan.candidates)
    assert {step.step for step in steps} == {"fill", "settle", "write", "read"}
    assert (found.procedure.command, found.procedure.interrupted) == ("zfstune x", False)
    assert found.pool["ashift"] == "12"


def test_what_is_counted(
    engine: MountingEngine, plan: MeasurePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counted batches alone count, less as many groups in which a byte changed."""
    engine.count_pages(monkeypatch)
    found = measure(engine.seam, plan, command="")
    counts = found.measured[0].runs[0].counts
    batches = plan.batches.counted
    assert counts.written_bytes == 8192 * sum(map(len, batches))
    assert counts.leaf_written_bytes == counts.written_bytes
    assert counts.empty_bytes == 1000 * len(batches)
    assert counts.asked_bytes == 8192 * len(plan.batches.asked)
    assert counts.file_bytes == 1 << 20
    assert counts.pinned_bytes == 4096
    assert counts.zil is not None
    assert found.measured[0].runs[0].fragmentation_percent == 7
    assert found.measured[0].runs[0].fill_percent == 10


def test_data_is_not_cached_until_it_is_read(
    engine: MountingEngine, plan: MeasurePlan
) -> None:
    """Primarycache is metadata while data is written, and all for the cold reads."""
    caches: list[str] = []

    def look(call: str) -> None:
        if call == "sync":
            below = [name for name in engine.marks if name.count("/") == 2]
            caches.extend(engine.marks[name]["primarycache"] for name in below)

    engine.before = look
    one = replace(
        plan, runs=1, candidates=plan.candidates[:1], predictions=plan.predictions[:1]
    )
    measure(engine.seam, one, command="")
    assert caches[-1] == "all"
    assert set(caches[:-1]) == {"metadata"}


@pytest.mark.parametrize("call", ["create", "mount", "set", "take_snapshots", "sync"])
def test_ctrl_c_leaves_nothing(
    engine: MountingEngine, plan: MeasurePlan, call: str
) -> None:
    """Wherever it comes, the scratch datasets go."""
    seen: list[str] = []

    def stop(name: str) -> None:
        seen.append(name)
        if seen.count(call) == 2:
            engine.before = lambda _: None
            raise KeyboardInterrupt

    engine.before = stop
    with pytest.raises(KeyboardInterrupt):
        measure(engine.seam, plan, command="")
    assert set(engine.marks) == OWN
    assert engine.mounted == {}


def test_the_time_limit(
    engine: MountingEngine, plan: MeasurePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past the limit no run is begun, and a round that was not finished does not count."""
    clock = iter(range(0, 10_000_000, 10))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    found = measure(engine.seam, replace(plan, runs=9), command="", time_limit_s=200)
    assert found.procedure.interrupted
    counts = [len(each.runs) for each in found.measured]
    assert counts[0] == counts[1] > 0
    assert counts[0] < 9


def test_refusals(engine: MountingEngine, plan: MeasurePlan) -> None:
    """A pool on which another measurement runs is refused untouched."""

    def again(_: object) -> None:
        with pytest.raises(Busy, match="another measurement"):
            measure(engine.seam, plan, command="")

    measure(engine.seam, plan, command="", on_progress=once(again))
    assert set(engine.marks) == OWN


def once(call: Callable[[object], None]) -> Callable[[object], None]:
    """Return a function that makes a call the first time."""
    calls = [call]

    def first(value: object) -> None:
        if calls:
            calls.pop()(value)

    return first


def test_fio_runs_last(
    engine: MountingEngine, plan: MeasurePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the profile's own cache; the reason why its times do not count is kept."""
    caches: list[str] = []

    def time_run(_: object, __: object, objset: int, path: str) -> tuple[None, str]:
        assert objset == 54
        (mounted,) = engine.mounted.values()
        assert mounted.path == path
        caches.append(engine.marks[mounted.dataset]["primarycache"])
        return None, "a reason"

    monkeypatch.setattr(module, "time_run", time_run)
    found = measure(engine.seam, replace(plan, fio=Fio(30, 10)), command="")
    assert caches == ["all"] * 4
    assert found.measured[1].runs[1].discarded == "a reason"
    assert found.procedure.run_s == 30
