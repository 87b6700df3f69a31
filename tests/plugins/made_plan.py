"""A plan of a measurement that is made up, for tests."""

from __future__ import annotations

from made_workload import HALF, workload
from zfstune.measurement.batches import plan_batches
from zfstune.measurement.candidate import Candidate
from zfstune.measurement.measure_plan import Fio, MeasurePlan, scratch_bytes
from zfstune.measurement.results import Prediction
from zfstune.values.pool_activity import PoolActivity
from zfstune.values.state import PoolInfo, Vdev

MIB = 1 << 20
POOL = PoolInfo(
    name="tank",
    guid=1,
    vdevs=(Vdev("mirror", 12, "normal", ("/a", "/b"), None),),
    features=frozenset(),
    free_bytes=900 * MIB,
    size_bytes=1000 * MIB,
    readonly=False,
    suspended=False,
)
QUIET = PoolActivity((), "", 0)
BATCHES = plan_batches(workload(), 16 * MIB, seed=1)
CANDIDATES = (Candidate(8192, "lz4"), Candidate(128 << 10, "off"))
PLAN = MeasurePlan(
    pool="tank",
    workload=workload(),
    shape=HALF,
    candidates=CANDIDATES,
    chosen=CANDIDATES[0],
    why="",
    properties={},
    batches=BATCHES,
    predictions=(Prediction(8 << 20, 1.0, 0.5, 2048, 4096), None),
    runs=5,
    seed=1,
    fio=Fio(30, 10),
    idle_s=10,
    scratch_bytes=scratch_bytes(BATCHES, CANDIDATES),
    info=POOL,
)
