"""Plans are drawn up by what the pool and the profile say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from made_workload import workload
from mounting_engine import MountingEngine
from zfstune.measurement import draw_up as module
from zfstune.measurement.batches import plan_batches
from zfstune.measurement.candidate import Candidate
from zfstune.measurement.draw_up import Wishes, draw_up_plan
from zfstune.measurement.measure_plan import Fio
from zfstune.values.errors import (
    Busy,
    InvalidProperty,
    InvalidValue,
    NoSpace,
    PlanError,
    ProfileError,
)
from zfstune.values.frozen import replace
from zfstune.values.state import Vdev

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.measurement.batches import Batches
    from zfstune.measurement.measure_plan import MeasurePlan

WISHES = Wishes(
    name="postgres",
    job="",
    pool=None,
    recordsizes=(),
    compressions=(),
    size_bytes=1 << 20,
    runs=3,
    time_limit_s=None,
    sample="",
    only_bytes=False,
    seed=1,
)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MountingEngine:
    """Give an engine with a pool, on a host that has fio."""
    monkeypatch.setattr(module, "check_fio", lambda: "fio-3.33")
    monkeypatch.setattr(module, "module_parameters", dict)
    return MountingEngine(tmp_path)


def sizes(plan: MeasurePlan) -> list[int]:
    """Return the record sizes of a plan, in K."""
    return [candidate.recordsize_bytes >> 10 for candidate in plan.candidates]


def test_the_profiles_choice_and_its_neighbours(engine: MountingEngine) -> None:
    """One page, two, the usual record and the profile's own, with its compression."""
    plan = draw_up_plan(engine.seam, WISHES)
    assert sizes(plan) == [8, 16, 128]
    assert plan.chosen == Candidate(8192, "lz4") == plan.candidates[0]
    assert plan.why.startswith("One page of PostgreSQL a record")
    assert plan.properties["logbias"] == "latency"
    assert plan.properties["atime"] == "off"
    assert "mountpoint" not in plan.properties
    assert plan.fio == Fio(30, 10)
    assert (plan.pool, plan.runs, plan.idle_s) == ("tank", 3, 5)
    assert all(prediction is not None for prediction in plan.predictions)


def test_a_pool_of_another_make(engine: MountingEngine) -> None:
    """On raidz the profile takes another record size, which is measured too."""
    raidz = Vdev("raidz1", 12, "normal", tuple("abc"), None, width=3, parity=1)
    engine.info = replace(engine.info, vdevs=(raidz,))
    plan = draw_up_plan(engine.seam, WISHES)
    assert sizes(plan) == [8, 16, 32, 128]
    assert plan.chosen == Candidate(32 << 10, "lz4")


def test_a_dataset_that_inherits(engine: MountingEngine) -> None:
    """The WAL's dataset has its own record size, and what it inherits."""
    plan = draw_up_plan(engine.seam, replace(WISHES, name="postgres-wal"))
    assert plan.chosen == Candidate(128 << 10, "lz4")
    assert plan.properties["logbias"] == "latency"
    assert 1024 in sizes(plan)


def test_a_variant(engine: MountingEngine) -> None:
    """A variant of the profile is measured as such."""
    plan = draw_up_plan(engine.seam, replace(WISHES, name="postgres:compressed"))
    assert plan.chosen == Candidate(32 << 10, "zstd")
    with pytest.raises(ProfileError, match="no such variant"):
        draw_up_plan(engine.seam, replace(WISHES, name="postgres:none"))


def test_what_the_caller_names(engine: MountingEngine, tmp_path: Path) -> None:
    """Record sizes, compressions, a sample and a seed are taken as they are given."""
    sample = tmp_path / "sample"
    sample.write_bytes(bytes(range(256)) * 100)
    wishes = replace(
        WISHES,
        recordsizes=(131072, 4096),
        compressions=("lz4", "zstd-3", "lz4", "off"),
        sample=str(sample),
        seed=5,
        only_bytes=True,
    )
    plan = draw_up_plan(engine.seam, wishes)
    assert [candidate.label for candidate in plan.candidates] == [
        *("4K lz4", "4K zstd-3", "4K off", "128K lz4", "128K zstd-3", "128K off")
    ]
    assert plan.shape.source.endswith(str(sample))
    assert (plan.seed, plan.fio) == (5, Fio(0, 0))


def test_a_job_of_the_users(engine: MountingEngine, tmp_path: Path) -> None:
    """A job file has no profile, so nothing is chosen and nothing inherited."""
    job = tmp_path / "mine.fio"
    job.write_text(draw_up_plan(engine.seam, WISHES).workload.facts.job)
    plan = draw_up_plan(engine.seam, replace(WISHES, name="", job=str(job)))
    assert (plan.workload.facts.name, plan.chosen, plan.properties) == ("mine", None, {})


def test_a_compression_that_the_model_does_not_know(engine: MountingEngine) -> None:
    """It is measured all the same, without a prediction."""
    plan = draw_up_plan(engine.seam, replace(WISHES, compressions=("zle",)))
    assert set(plan.predictions) == {None}


@pytest.mark.parametrize(
    ("wishes", "kind", "reason"),
    [
        (replace(WISHES, runs=0), InvalidValue, "0 runs"),
        (replace(WISHES, size_bytes=8192), InvalidValue, "131072 bytes are the least"),
        (replace(WISHES, recordsizes=(3000,)), InvalidProperty, "power of two"),
        (replace(WISHES, compressions=("lz5",)), InvalidProperty, "no such value"),
        (replace(WISHES, time_limit_s=60), PlanError, "transaction groups"),
        (replace(WISHES, name="nothing"), ProfileError, "no workload"),
    ],
)
def test_wishes_that_make_no_sense(
    engine: MountingEngine, wishes: Wishes, kind: type[Exception], reason: str
) -> None:
    """They are refused before anything is made."""
    with pytest.raises(kind, match=reason):
        draw_up_plan(engine.seam, wishes)
    assert engine.calls == []


def test_a_pool_that_lacks_a_feature(engine: MountingEngine) -> None:
    """A value that the pool cannot take is refused; the usual ones leave it out."""
    engine.info = replace(engine.info, features=frozenset({"lz4_compress"}))
    with pytest.raises(PlanError, match=r"measure 'compression=zstd': .*zstd_compress"):
        draw_up_plan(engine.seam, replace(WISHES, compressions=("zstd",)))
    assert (
        sizes(
            draw_up_plan(engine.seam, replace(WISHES, name="logs", compressions=("lz4",)))
        )[-1]
        == 128
    )


def test_a_pool_that_is_busy(engine: MountingEngine) -> None:
    """A scrub would be measured too."""
    engine.busy_with = "scrub"
    with pytest.raises(Busy, match="being scrubbed"):
        draw_up_plan(engine.seam, WISHES)


def test_files_that_do_not_fit(engine: MountingEngine) -> None:
    """They are refused at once: no places are chosen in them, which would take hours."""

    def choose(*_: object) -> Batches:
        pytest.fail("it was called")

    with pytest.raises(NoSpace, match="are left until it is 80 % full"):
        draw_up_plan(engine.seam, replace(WISHES, size_bytes=1 << 50), choose_places=choose)


def test_places_of_the_callers(engine: MountingEngine) -> None:
    """A caller may choose other places: the model reckons with these."""
    few = replace(plan_batches(workload(), 1 << 20, 1), settling=())
    plan = draw_up_plan(engine.seam, WISHES, choose_places=lambda *_: few)
    assert plan.batches == few
    assert plan.written_bytes < draw_up_plan(engine.seam, WISHES).written_bytes


def test_an_image_needs_no_fio(
    engine: MountingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a pool that cannot be mounted, the model is all there is."""

    def missing() -> str:
        raise AssertionError("fio was looked for")

    monkeypatch.setattr(module, "check_fio", missing)
    engine.info = replace(engine.info, mountable=False)
    assert draw_up_plan(engine.seam, WISHES).predictions[0] is not None
