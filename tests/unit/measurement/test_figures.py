"""The figures of a run."""

from __future__ import annotations

from measured import COUNTS, RUN
from zfstune.measurement.figures import FIGURES, figures_of
from zfstune.values.frozen import replace

# Figures that a run has without its times.
COUNTED = {f.name for f in FIGURES if f.unit == "x"}


def test_figures() -> None:
    """Each figure is what its words say."""
    assert figures_of(RUN) == {
        "write_amplification": 3.0,
        "rewrite_reads": 0.5,
        "cold_read_amplification": 16.0,
        "space": 0.5,
        "pinned": 1.5,
        "log_bytes": 1.0,
        "throughput": (1 << 30) / 10,
        "iops": 200.0,
        "p50": 0.001,
        "p99": 0.01,
        "p999": 0.1,
        "cpu": 4.0,
        "arc_hit_rate": 30.0,
    }
    assert list(figures_of(RUN)) == [figure.name for figure in FIGURES]


def test_figures_that_are_not_there() -> None:
    """A run without fio has no times, and neither has one that is discarded."""
    for run in (replace(RUN, times=None), replace(RUN, discarded="the ARC answered")):
        found = figures_of(run)
        assert [f.name for f in FIGURES if f.name not in COUNTED] == [
            name for name, value in found.items() if value is None
        ]
    bare = replace(RUN, counts=replace(COUNTS, written_bytes=0, zil=None))
    assert figures_of(bare)["write_amplification"] is None
    assert figures_of(bare)["log_bytes"] is None
