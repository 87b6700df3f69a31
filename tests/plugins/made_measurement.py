"""A measurement of many candidates, made up by simple rules, for the tests of reports."""

from __future__ import annotations

from measured import COUNTS, MEASUREMENT, RUN, TIMES
from zfstune.measurement.candidate import Candidate
from zfstune.measurement.results import Measured, Moment, Prediction
from zfstune.values.frozen import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.measurement.results import Measurement, Run

PAGE = 8192
WRITTEN = 1 << 20


def made_run(candidate: Candidate, number: int, *, timed: bool = True) -> Run:
    """Return a run whose figures follow from the candidate and the number of the run.

    A record costs as many writes as it has pages, half of that with zstd; times differ
    by a tenth from run to run.
    """
    ratio = max(candidate.recordsize_bytes / PAGE, 1)
    share = 0.5 if candidate.compression.startswith("zstd") else 1.0
    counts = replace(
        COUNTS,
        written_bytes=WRITTEN,
        leaf_written_bytes=int(WRITTEN * ratio * share),
        leaf_read_bytes=int(WRITTEN * (ratio - 1)),
        asked_bytes=WRITTEN,
        leaf_asked_bytes=int(WRITTEN * ratio),
        file_bytes=WRITTEN,
        allocated_bytes=int(WRITTEN * share / ratio**0.1),
        pinned_bytes=WRITTEN,
    )
    slower = 1 + number / 10
    moments = tuple(Moment(at / 2, 1e6 + at, 2e6 * (at % 3)) for at in range(20))
    times = replace(
        TIMES,
        p50_s=0.001 * ratio * slower,
        p99_s=0.01 * ratio * slower,
        p999_s=0.1 * ratio * slower,
        moments=moments,
    )
    return replace(
        RUN, number=number, place=number, counts=counts, times=times if timed else None
    )


def made_measurement(
    *labels: tuple[int, str], runs: int = 3, timed: bool = True
) -> Measurement:
    """Return a measurement of candidates, given by record size and compression."""
    measured = tuple(
        Measured(
            candidate,
            Prediction(WRITTEN, 1.0, 1.0, 8, 512),
            tuple(made_run(candidate, number, timed=timed) for number in range(runs)),
        )
        for candidate in (Candidate(size, compression) for size, compression in labels)
    )
    chosen = measured[0].candidate if measured else None
    return replace(MEASUREMENT, measured=measured, chosen=chosen)


EACH = tuple((1 << power, text) for power in range(13, 18) for text in ("lz4", "zstd-3"))
