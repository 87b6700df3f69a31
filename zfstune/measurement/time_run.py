"""Run a workload's fio job on scratch files, and take the times and counters of it."""

from __future__ import annotations

import os
from itertools import pairwise

from zfstune.measurement.read_counters import (
    arc_counters,
    dataset_counters,
    processor_ticks,
)
from zfstune.measurement.results import Moment, Times
from zfstune.measurement.run_fio import run_fio
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.measurement.measure_plan import MeasurePlan

__all__ = ["time_run"]

_WHOLE = 100
# Beyond this share of hits, a run with reads says how fast memory is.
_MOST_HITS_PERCENT = 50


@frozen
class _Reading:
    """All counters at one instant."""

    at_s: float
    done_bytes: int
    leaf_written_bytes: int
    ticks: int
    arc: Mapping[str, int]


def time_run(
    engine: Engine, plan: MeasurePlan, objset: int, path: str
) -> tuple[Times, str]:
    """Run fio, and return its times, with the reason why they do not count, or nothing.

    Args:
        engine: Where the pool is.
        plan: The plan.
        objset: Number of the scratch dataset's object set, for its counters.
        path: Where it is mounted.
    """
    readings: list[_Reading] = []

    def look(at_s: float) -> None:
        readings.append(_read(engine, plan.pool, objset, at_s))

    look(0.0)
    figures = run_fio(plan.workload.facts.job, _variables(plan, path), look=look)
    look(float(plan.fio.run_s + plan.fio.warmup_s))
    warm = next((r for r in readings if r.at_s >= plan.fio.warmup_s), readings[0])
    last = readings[-1]
    hits = _grown(warm, last, "demand_data_hits")
    misses = _grown(warm, last, "demand_data_misses")
    p50, p99, p999 = figures.percentiles_s
    times = Times(
        seconds=figures.seconds,
        done_bytes=figures.done_bytes,
        operations=figures.operations,
        p50_s=p50,
        p99_s=p99,
        p999_s=p999,
        cpu_s=(last.ticks - warm.ticks) / os.sysconf("SC_CLK_TCK"),
        arc_hits=hits,
        arc_misses=misses,
        moments=_moments(readings),
    )
    percent = _WHOLE * hits // max(hits + misses, 1)
    if plan.workload.facts.read_share and percent > _MOST_HITS_PERCENT:
        return times, (
            f"the ARC answered {percent} % of its reads; files of twice the ARC's size "
            "(--size) would not fit"
        )
    return times, ""


def _variables(plan: MeasurePlan, path: str) -> dict[str, str]:
    page = plan.workload.facts.page_bytes
    percent = round(_WHOLE * (1 - plan.shape.fraction(page)))
    return {
        "DIRECTORY": path,
        "FILES": str(plan.batches.files),
        "FILE_SIZE": str(plan.batches.file_bytes),
        "SIZE": str(plan.batches.size_bytes),
        "RUNTIME": str(plan.fio.run_s),
        "RAMP": str(plan.fio.warmup_s),
        "SEED": str(plan.seed),
        "COMPRESS": str(percent),
    }


def _read(engine: Engine, pool: str, objset: int, at_s: float) -> _Reading:
    own = dataset_counters(pool, objset)
    return _Reading(
        at_s=at_s,
        done_bytes=own.get("nread", 0) + own.get("nwritten", 0),
        leaf_written_bytes=engine.activity(pool).written_bytes,
        ticks=processor_ticks(),
        arc=arc_counters(),
    )


def _grown(first: _Reading, last: _Reading, name: str) -> int:
    return last.arc.get(name, 0) - first.arc.get(name, 0)


def _moments(readings: list[_Reading]) -> tuple[Moment, ...]:
    """Return the rates between each reading and the one before."""
    found = []
    for before, after in pairwise(readings):
        seconds = after.at_s - before.at_s
        if seconds > 0:
            found.append(
                Moment(
                    at_s=round(after.at_s, 2),
                    bytes_s=(after.done_bytes - before.done_bytes) / seconds,
                    leaf_written_bytes_s=(
                        after.leaf_written_bytes - before.leaf_written_bytes
                    )
                    / seconds,
                )
            )
    return tuple(found)
