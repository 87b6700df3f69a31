"""The charts of a measurement: which there are, and that they show its figures."""

from __future__ import annotations

import pytest

from made_measurement import EACH, made_measurement
from zfstune.charts.picture import draw_chart
from zfstune.measurement.figures import FIGURES
from zfstune.measurement.report_charts import (
    charts_of,
    estimate_text,
    estimates_of,
    figure_text,
)
from zfstune.measurement.statistics import Estimate
from zfstune.values.frozen import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.charts.chart import Chart
    from zfstune.measurement.results import Measurement

FIGURE = {figure.name: figure for figure in FIGURES}


def charts(measurement: Measurement) -> dict[str, Chart]:
    """Return the charts of a measurement by their keys, in order."""
    return {chart.key: chart for chart in charts_of(measurement)}


def test_what_is_asked_first_comes_first() -> None:
    """Amplification, space and latency, then the fronts; one run over time is the last."""
    keys = list(charts(made_measurement(*EACH)))
    assert keys[:6] == [
        *("write-amplification", "space", "latency-lz4", "latency-zstd-3"),
        *("front-space", "front-reads"),
    ]
    assert keys[-1] == "time-line"
    assert len(set(keys)) == len(keys)


def test_charts_show_the_means_with_their_intervals() -> None:
    """Each mark is the mean over the runs of its candidate, and each candidate has one."""
    measurement = made_measurement(*EACH)
    found = charts(measurement)
    wanted = {
        (each.candidate.recordsize_bytes, each.candidate.compression): estimates_of(each)
        for each in measurement.measured
    }
    for key, name in (("write-amplification", "write_amplification"), ("space", "space")):
        drawn = {
            (mark.x, series.name): mark.y
            for series in found[key].series
            for mark in series.marks
        }
        assert drawn == {label: each[name].mean for label, each in wanted.items()}
    median = found["latency-lz4"].series[0]
    assert [series.name for series in found["latency-lz4"].series] == [
        "median",
        "p99",
        "p99.9",
    ]
    for mark in median.marks:
        over_runs = wanted[int(mark.x), "lz4"]["p50"]
        assert (mark.y, mark.low, mark.high) == (
            over_runs.mean,
            over_runs.low,
            over_runs.high,
        )
        assert over_runs.low < over_runs.mean < over_runs.high


def test_bars_where_all_of_them_can_be_seen() -> None:
    """Bars begin at zero; figures that lie far apart are dots on a logarithmic axis."""
    found = charts(made_measurement(*EACH))
    assert found["space"].style == "bars"
    assert not found["space"].y.by_logarithm
    assert found["write-amplification"].style == "lines"  # from 0.5x to 16x
    assert found["write-amplification"].y.by_logarithm
    near = charts(made_measurement(*EACH[:4]))
    assert near["write-amplification"].style == "bars"
    # Zero has no logarithm.
    assert not found["rewrite-reads"].y.by_logarithm


def test_no_chart_of_nothing() -> None:
    """Where fio did not run there are no times, and one candidate has no front."""
    untimed = charts(made_measurement(*EACH, timed=False))
    assert not {"latency-lz4", "throughput", "time-line"} & set(untimed)
    alone = charts(made_measurement((8192, "lz4")))
    assert not {"front-space", "front-reads", "rewrite-reads"} & set(alone)
    assert "latency" in alone
    assert charts(made_measurement()) == {}


def test_the_front_names_each_candidate() -> None:
    """A point is a candidate: its writes, its space, its label."""
    measurement = made_measurement(*EACH)
    front = charts(measurement)["front-space"]
    names = {mark.name for series in front.series for mark in series.marks}
    assert names == {each.candidate.label for each in measurement.measured}
    drawn = draw_chart(front)
    assert drawn.count("hollow") > 1


def test_the_time_line_is_of_a_run_that_counts() -> None:
    """It is one of the profile's choice, and not a discarded one."""
    measurement = made_measurement(*EACH)
    first, second, *others = measurement.measured
    runs = second.runs
    spoilt = replace(second, runs=(replace(runs[0], discarded="cached"), *runs[1:]))
    measurement = replace(
        measurement, measured=(first, spoilt, *others), chosen=second.candidate
    )
    line = charts(measurement)["time-line"]
    assert line.title == f"Run 2 of {second.candidate.label} over time"
    assert [series.name for series in line.series] == ["application", "disks, writing"]
    assert line.series[0].marks[3].x == 1.5


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("write_amplification", 16.04, "16x"),
        ("throughput", 3 * 2**20, "3M/s"),
        ("iops", 12_345, "12.3k/s"),
        ("p99", 0.00123, "1.23ms"),
        ("cpu", 2.5, "2.5s"),
        ("arc_hit_rate", 42.0, "42%"),
    ],
)
def test_figures_have_their_units(name: str, value: float, text: str) -> None:
    """A figure is written as people write it."""
    assert figure_text(value, FIGURE[name]) == text


def test_an_interval_that_is_not_seen_is_not_written() -> None:
    """What repeats exactly has no interval."""
    figure = FIGURE["space"]
    assert estimate_text(Estimate(1.5, 1.5, 1.5), figure) == "1.5x"
    assert estimate_text(Estimate(1.5, 1.25, 2), figure) == "1.5x (1.25x to 2x)"
