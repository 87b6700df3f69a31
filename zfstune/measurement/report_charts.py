"""The charts of a measurement: each figure by record size, the front, a run over time."""

from __future__ import annotations

from zfstune.charts.chart import Axis, Chart, Mark, Series
from zfstune.charts.scale import BYTES, COUNT, RATIO, SECONDS, SHARE, tick_text
from zfstune.measurement.figures import FIGURES, figures_of
from zfstune.measurement.statistics import estimate
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.measurement.figures import Figure
    from zfstune.measurement.results import Measured, Measurement
    from zfstune.measurement.statistics import Estimate

__all__ = ["charts_of", "estimate_text", "estimates_of", "figure_text"]


@frozen
class _View:
    """What is drawn by record size.

    Attributes:
        key: The name of the chart in a file's name.
        title: What it shows.
        axis: What the axis upwards counts.
        names: The figures: one, or several that a chart for each compression holds.
    """

    key: str
    title: str
    axis: str
    names: tuple[str, ...]


# The fronts come behind the first three.
_VIEWS = (
    _View(
        "write-amplification",
        "Write amplification",
        "bytes that the disks wrote for each byte written",
        ("write_amplification",),
    ),
    _View("space", "Space", "bytes on disk for each byte of the files", ("space",)),
    _View("latency", "Latency", "time of an operation", ("p50", "p99", "p999")),
    _View(
        "cold-reads",
        "Cold reads",
        "bytes that the disks read for each byte read",
        ("cold_read_amplification",),
    ),
    _View(
        "rewrite-reads",
        "Records read in order to change them",
        "bytes that the disks read for each byte written",
        ("rewrite_reads",),
    ),
    _View("pinned", "Pinned by a snapshot", "bytes for each byte written", ("pinned",)),
    _View("log", "Intent log", "bytes of the log for each byte written", ("log_bytes",)),
    _View("throughput", "Throughput", "bytes a second", ("throughput",)),
    _View("operations", "Operations", "operations a second", ("iops",)),
    _View("processor", "Processor", "seconds of a processor for each GiB", ("cpu",)),
)
# What has a front: less of one is more of the other.
_FRONTS = (
    ("front-space", "Writes against space", "write_amplification", "space"),
    (
        *("front-reads", "Writes against cold reads"),
        *("write_amplification", "cold_read_amplification"),
    ),
)
_FIGURES = {figure.name: figure for figure in FIGURES}
_UNITS = {
    "x": RATIO,
    "s": SECONDS,
    "s/GiB": SECONDS,
    "B/s": BYTES,
    "1/s": COUNT,
    "%": SHARE,
}
_RECORD = "record size"
# Bars begin at zero: where the tallest is this much taller, the shortest is not seen.
_MOST_SPREAD = 12


def estimates_of(measured: Measured) -> dict[str, Estimate]:
    """Return the figures of a candidate over its runs, without those that no run has."""
    runs = [figures_of(run) for run in measured.runs]
    found = {}
    for name in _FIGURES:
        over_runs = estimate([value for run in runs if (value := run[name]) is not None])
        if over_runs is not None:
            found[name] = over_runs
    return found


def figure_text(value: float, figure: Figure) -> str:
    """Write a figure with its unit, in few letters."""
    unit = _UNITS[figure.unit]
    text = tick_text(value / 100 if unit == SHARE else value, unit)
    return f"{text}/s" if figure.unit in ("B/s", "1/s") else text


def estimate_text(over_runs: Estimate, figure: Figure) -> str:
    """Write a figure with its interval, where that is seen."""
    mean, low, high = (
        figure_text(value, figure)
        for value in (over_runs.mean, over_runs.low, over_runs.high)
    )
    return mean if low == high else f"{mean} ({low} to {high})"


def charts_of(measurement: Measurement) -> tuple[Chart, ...]:
    """Return the charts that there is something to be seen in."""
    found = [(each, estimates_of(each)) for each in measurement.measured]
    first, others = (
        [chart for view in views for chart in _by_size(view, found)]
        for views in (_VIEWS[:3], _VIEWS[3:])
    )
    return (*first, *_fronts(found), *others, *_time_line(measurement))


_Found = list[tuple["Measured", dict[str, "Estimate"]]]


def _by_size(view: _View, found: _Found) -> Iterator[Chart]:
    """Give the charts of a view: one, or one for each compression."""
    compressions = list(dict.fromkeys(each.candidate.compression for each, _ in found))
    if len(view.names) == 1:
        [name] = view.names
        series = [_series(text, name, found, text) for text in compressions]
        yield from _chart(view, series, _FIGURES[name], "")
        return
    for text in compressions:
        series = [
            _series(_FIGURES[name].title.rpartition(", ")[2], name, found, text)
            for name in view.names
        ]
        only = f", {text}" if len(compressions) > 1 else ""
        yield from _chart(view, series, _FIGURES[view.names[0]], only)


def _series(title: str, name: str, found: _Found, compression: str) -> Series:
    """Return the marks of a figure, for the candidates of a compression."""
    marks = [
        _mark(each.candidate.recordsize_bytes, estimates[name])
        for each, estimates in found
        if each.candidate.compression == compression and name in estimates
    ]
    return Series(title, tuple(sorted(marks, key=lambda mark: mark.x)))


def _mark(x: float, over_runs: Estimate, name: str = "") -> Mark:
    if over_runs.low == over_runs.high:
        return Mark(x, over_runs.mean, name=name)
    return Mark(x, over_runs.mean, over_runs.low, over_runs.high, name)


def _chart(view: _View, series: list[Series], figure: Figure, only: str) -> Iterator[Chart]:
    drawn = tuple(each for each in series if each.marks)
    marks = [mark for each in drawn for mark in each.marks]
    if not any(mark.y for mark in marks):
        return  # all zero, or nothing: a table says that better
    unit = _UNITS[figure.unit]
    wide = _spread(mark.y for mark in marks) > _MOST_SPREAD
    bars = unit == RATIO and not wide
    words = [f"{each.name}: {_from_to(each, unit)}" for each in drawn]
    yield Chart(
        view.key + only.replace(", ", "-"),
        view.title + only,
        f"{view.axis[0].upper()}{view.axis[1:]}, by record size. {'; '.join(words)}.",
        "bars" if bars else "lines",
        Axis(_RECORD, BYTES, by_logarithm=not bars),
        Axis(view.axis, unit, by_logarithm=wide),
        drawn,
    )


def _spread(values: Iterable[float]) -> float:
    """Return how many times the least the greatest is; 1 where one of them is zero."""
    known = list(values)
    return max(known) / min(known) if min(known) > 0 else 1.0


def _from_to(series: Series, unit: str) -> str:
    first, last = series.marks[0], series.marks[-1]
    return (
        f"{tick_text(first.y, unit)} at {tick_text(first.x, BYTES)} to "
        f"{tick_text(last.y, unit)} at {tick_text(last.x, BYTES)}"
    )


def _fronts(found: _Found) -> Iterator[Chart]:
    for key, title, across, up in _FRONTS:
        marks: dict[str, list[Mark]] = {}
        for each, estimates in found:
            if across in estimates and up in estimates:
                mark = _mark(estimates[across].mean, estimates[up], each.candidate.label)
                marks.setdefault(each.candidate.compression, []).append(mark)
        placed = [mark for of_compression in marks.values() for mark in of_compression]
        if len(placed) > 1 and any(mark.y for mark in placed):
            yield Chart(
                key,
                title,
                "Less is better on both axes. The candidates on the dashed line are not "
                "beaten by any other on both; the hollow ones are.",
                "points",
                _front_axis(across, [mark.x for mark in placed]),
                _front_axis(up, [mark.y for mark in placed]),
                tuple(Series(name, tuple(each)) for name, each in marks.items()),
            )


def _front_axis(name: str, values: list[float]) -> Axis:
    [title] = [view.axis for view in _VIEWS if view.names == (name,)]
    return Axis(title, _UNITS[_FIGURES[name].unit], _spread(values) > _MOST_SPREAD)


def _time_line(measurement: Measurement) -> Iterator[Chart]:
    """Give the course of one run, of what the profile chooses where that was timed."""
    runs = [
        (each.candidate != measurement.chosen, bool(run.discarded), each.candidate, run)
        for each in measurement.measured
        for run in each.runs
        if run.times is not None and run.times.moments
    ]
    if not runs:
        return
    _, _, candidate, run = min(runs, key=lambda row: row[:2])
    moments = run.times.moments if run.times is not None else ()
    series = (
        Series("application", tuple(Mark(each.at_s, each.bytes_s) for each in moments)),
        Series(
            "disks, writing",
            tuple(Mark(each.at_s, each.leaf_written_bytes_s) for each in moments),
        ),
    )
    warmup = measurement.procedure.warmup_s
    yield Chart(
        "time-line",
        f"Run {run.number + 1} of {candidate.label} over time",
        "What the application moved and what the disks wrote; "
        f"the first {tick_text(warmup, SECONDS)} are the warm-up.",
        "lines",
        Axis("time since its start", SECONDS),
        Axis("bytes a second", BYTES),
        series,
    )
