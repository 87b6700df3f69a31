"""A small measurement, made up, for the tests of what is made of one."""

from __future__ import annotations

from zfstune.measurement.candidate import Candidate
from zfstune.measurement.results import (
    ByteCounts,
    Measured,
    Measurement,
    Moment,
    Prediction,
    Procedure,
    Run,
    Times,
    WorkloadFacts,
    ZilCounts,
)

COUNTS = ByteCounts(
    written_bytes=1000,
    leaf_written_bytes=3000,
    leaf_read_bytes=500,
    idle_bytes=40,
    asked_bytes=200,
    leaf_asked_bytes=3200,
    file_bytes=10_000,
    allocated_bytes=5000,
    pinned_bytes=1500,
    zil=ZilCounts(False, 7, 100, 200, 300, 400, 600),
)
TIMES = Times(10.0, 1 << 30, 2000, 0.001, 0.01, 0.1, 4.0, 30, 70, (Moment(1, 2.0, 3.0),))
RUN = Run(0, 1, COUNTS, TIMES, fragmentation_percent=3, fill_percent=20)
MEASUREMENT = Measurement(
    workload=WorkloadFacts(
        "db", "a database", 8192, 8192, "random", 0.0, 1, 1, "somebody", "[job]\n"
    ),
    procedure=Procedure(
        1 << 20,
        1,
        1,
        1,
        "made",
        {"8192": 0.5},
        2,
        128,
        "export",
        10,
        2,
        "zfstune",
        "now",
        3.5,
    ),
    profile="db",
    dataset="db/data",
    chosen=Candidate(8192, "lz4"),
    why="one page a record",
    measured=(
        Measured(Candidate(8192, "lz4"), Prediction(5000, 0.5, 1.0, 9, 512), (RUN,)),
    ),
    pool={"name": "tank"},
    machine={},
    parameters={"zfs_txg_timeout": "5"},
)
