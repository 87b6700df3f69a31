"""Measuring from Python: what is asked for, what comes back, and the earlier run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import zfstune
from measured import MEASUREMENT
from mounting_engine import MountingEngine
from zfstune.measurement.document import to_json
from zfstune.measurement.measure_workload import read_last
from zfstune.values.errors import InvalidValue, PlanError, ProfileError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from zfstune.measurement.measure_plan import MeasurePlan
    from zfstune.measurement.measure_progress import MeasureProgress


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MountingEngine:
    """Give an engine, on a host whose clock does not wait."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    (tmp_path / "mounts").mkdir()
    return MountingEngine(tmp_path / "mounts")


def measured(
    engine: MountingEngine, size_bytes: int = 1 << 20, **more: Any
) -> zfstune.MeasureResult:
    """Measure a little."""
    wishes = zfstune.Wishes(
        "postgres",
        recordsizes=(8192, 128 << 10),
        size_bytes=size_bytes,
        only_bytes=True,
        runs=1,
    )
    return zfstune.measure(wishes, engine=engine.seam, **more)


def test_a_result(engine: MountingEngine) -> None:
    """It has the plan's candidates; plan and progress are told; nothing is left."""
    plans: list[MeasurePlan] = []
    steps: list[MeasureProgress] = []
    found = measured(engine, on_plan=plans.append, on_progress=steps.append)
    labels = [each.candidate.label for each in found.measurement.measured]
    assert labels == ["8K lz4", "128K lz4"]
    assert [len(plan.candidates) for plan in plans] == [2]
    assert steps[-1].total == 2
    assert found.verdict.ranks
    assert found.changes is None
    assert found.measurement.procedure.command.startswith("zfstune.measure(Wishes(")
    assert set(engine.marks) == {"tank", "tank/db"}


def test_against_an_earlier_one(engine: MountingEngine, tmp_path: Path) -> None:
    """A saved result is compared with; one of another size is refused before anything."""
    file = tmp_path / "last.json"
    file.write_text(json.dumps(measured(engine).to_dict()))
    changes = measured(engine, against=str(file)).changes
    assert changes is not None
    assert [each.label for each in changes.compared] == ["8K lz4", "128K lz4"]
    engine.calls.clear()
    with pytest.raises(PlanError, match="its files have 1M, and these 2M"):
        measured(engine, against=str(file), size_bytes=2 << 20)
    assert engine.calls == []


def test_wrong_wishes(engine: MountingEngine) -> None:
    """No workload, two of them, and one that does not ship are refused."""
    for wishes in ("", zfstune.Wishes("postgres", job="x.fio")):
        with pytest.raises(InvalidValue, match="one of the three"):
            zfstune.measure(wishes, engine=engine.seam)
    with pytest.raises(ProfileError, match="no workload of that name"):
        zfstune.measure("postgers", engine=engine.seam)
    assert engine.calls == []


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """The message names the file and what is wrong with it."""
    file = tmp_path / "last.json"
    with pytest.raises(PlanError, match=r"last.json': No such file"):
        read_last(str(file))
    file.write_text("[]")
    with pytest.raises(
        InvalidValue, match=r"last.json': they are not of format 1"
    ) as caught:
        read_last(str(file))
    assert "--json" in caught.value.hint
    file.write_text(json.dumps(to_json(MEASUREMENT)))
    assert read_last(str(file)) == MEASUREMENT
