"""The figures that are reported for each run, with units, made of its counts.

Figures in bytes are counts over counts, and repeat to a percent. The exception is what
the leaves write: blocks of space maps are part of it, one or two more or fewer in each
transaction group, which is some percent where the files are small.
"""

from __future__ import annotations

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.measurement.results import Run

__all__ = ["FIGURES", "Figure", "figures_of"]

_GIB = 1 << 30


@frozen
class Figure:
    """One figure that is reported for each run.

    Attributes:
        name: As JSON has it.
        title: As people read it.
        unit: ``x`` (bytes over bytes), ``B/s``, ``1/s``, ``s``, ``s/GiB``, ``%``.
        better: ``lower``, ``higher``, or empty where neither is.
        exact: Whether it repeats to a percent, so that a single run tells.
    """

    name: str
    title: str
    unit: str
    better: str
    exact: bool


FIGURES = (
    Figure("write_amplification", "written per byte", "x", "lower", exact=False),
    Figure("rewrite_reads", "read to write a byte", "x", "lower", exact=True),
    Figure("cold_read_amplification", "read per byte, cold", "x", "lower", exact=True),
    Figure("space", "space per byte", "x", "lower", exact=True),
    Figure("pinned", "pinned by a snapshot", "x", "lower", exact=True),
    Figure("log_bytes", "intent log per byte", "x", "lower", exact=True),
    Figure("throughput", "throughput", "B/s", "higher", exact=False),
    Figure("iops", "operations", "1/s", "higher", exact=False),
    Figure("p50", "latency, median", "s", "lower", exact=False),
    Figure("p99", "latency, p99", "s", "lower", exact=False),
    Figure("p999", "latency, p99.9", "s", "lower", exact=False),
    Figure("cpu", "processor", "s/GiB", "lower", exact=False),
    Figure("arc_hit_rate", "ARC hits", "%", "", exact=False),
)


def figures_of(run: Run) -> dict[str, float | None]:
    """Return each figure of :data:`FIGURES`; None where the run does not have it."""
    counts = run.counts
    written = counts.written_bytes
    found: dict[str, float | None] = {figure.name: None for figure in FIGURES}
    found |= {
        "write_amplification": _over(counts.leaf_written_bytes, written),
        "rewrite_reads": _over(counts.leaf_read_bytes, written),
        "cold_read_amplification": _over(counts.leaf_asked_bytes, counts.asked_bytes),
        "space": _over(counts.allocated_bytes, counts.file_bytes),
        "pinned": _over(counts.pinned_bytes, written),
    }
    if counts.zil is not None:
        log_bytes = counts.zil.main_bytes + counts.zil.slog_bytes
        found["log_bytes"] = _over(log_bytes, written)
    times = run.times
    if times is not None and not run.discarded:
        found |= {
            "throughput": _over(times.done_bytes, times.seconds),
            "iops": _over(times.operations, times.seconds),
            "p50": times.p50_s,
            "p99": times.p99_s,
            "p999": times.p999_s,
            "cpu": _over(times.cpu_s * _GIB, times.done_bytes),
            "arc_hit_rate": _over(100 * times.arc_hits, times.arc_hits + times.arc_misses),
        }
    return found


def _over(part: float, whole: float) -> float | None:
    return part / whole if whole else None
