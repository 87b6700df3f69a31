"""A measurement in words: what stands in the table, and what is said below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from measured import COUNTS, MEASUREMENT, RUN, TIMES
from zfstune.measurement.candidate import Candidate
from zfstune.measurement.measurement_text import measurement_text
from zfstune.measurement.results import Measured, Prediction
from zfstune.measurement.verdict import verdict_on
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from zfstune.measurement.results import Measurement, Run

SMALL, LARGE = Candidate(8192, "lz4"), Candidate(1 << 20, "zstd-fast-1000")


def runs(leaf: int, p99: float = 0.01) -> tuple[Run, ...]:
    """Return three runs that wrote as much."""
    counts = replace(COUNTS, leaf_written_bytes=leaf)
    times = replace(TIMES, p99_s=p99)
    return tuple(replace(RUN, number=n, counts=counts, times=times) for n in range(3))


def measured(small: tuple[Run, ...], large: tuple[Run, ...]) -> Measurement:
    """Return a measurement of two candidates, of which the small one is chosen."""
    model = Prediction(5000, 0.5, 1.0, 9, 512)
    return replace(
        MEASUREMENT,
        chosen=SMALL,
        measured=(Measured(SMALL, model, small), Measured(LARGE, None, large)),
    )


def text(measurement: Measurement) -> str:
    """Return the text, its paragraphs unwrapped."""
    return " ".join(
        " ".join(measurement_text(measurement, verdict_on(measurement))).split()
    )


def test_lines_fit_the_terminal() -> None:
    """No row of the table is longer than 80 columns, also with long names."""
    found = measured(runs(3000), runs(123_000, 99.9))
    _, table, *_ = "\n".join(measurement_text(found, verdict_on(found))).split("\n\n")
    assert max(map(len, table.splitlines())) <= 80


def test_table() -> None:
    """Each candidate has its row, with a bar as long as what it writes."""
    found = measured(runs(3000), runs(24_000))
    rows = [
        line
        for line in measurement_text(found, verdict_on(found))
        if line.startswith(("8K lz4 ", "1M zstd-fast-1000 ")) and "#" in line
    ]
    small, large = rows
    assert large.count("#") > 4 * small.count("#") > 0
    assert small.split()[2] == "3.00"
    assert large.split()[2] == "24.00"
    assert small.endswith("*")
    assert not large.endswith("*")
    assert "10 ms" in small


def test_winner_and_loser() -> None:
    """The best is named with its figure, the model's part, and the profile's distance."""
    assert (
        "written per byte: best is 8K lz4 (3.00x) (of that 0.50 for data, by the model; "
        "the rest is metadata and log)."
    ) in text(measured(runs(3000), runs(24_000)))
    assert (
        "best is 1M zstd-fast-1000 (3.00x); the profile's choice is at 2.00 times that."
    ) in text(measured(runs(6000), runs(3000)))


def test_no_difference() -> None:
    """Figures that do not differ have no winner."""
    found = text(measured(runs(3000), runs(3000)))
    assert "written per byte: no difference." in found
    assert "latency, p99: no difference." in found
    assert "best is" not in found


def test_few_runs() -> None:
    """Times of fewer than three runs are shown, and not compared."""
    found = text(measured(runs(3000, 0.01)[:1], runs(3000, 9.0)[:1]))
    assert "Times are not compared: it takes 3 runs" in found
    assert "latency" not in found


def test_the_rest() -> None:
    """The profile's reason, beaten candidates, findings and a cut are told."""
    found = measured(runs(3000), runs(24_000))
    procedure = replace(found.procedure, interrupted=True)
    odd = replace(
        found,
        procedure=procedure,
        measured=(
            found.measured[0],
            replace(found.measured[1], runs=(replace(RUN, discarded="the ARC answered"),)),
        ),
    )
    said = text(odd)
    assert "The profile takes 8K lz4: one page a record" in said
    assert "The time limit came before all runs were done." in said
    assert "Finding: 1M zstd-fast-1000, run 1: its times do not count" in said
    assert "1M zstd-fast-1000 is nowhere better than 8K lz4" in text(found)
