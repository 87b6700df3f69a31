"""A measurement as text of 80 columns: table, verdict, findings."""

from __future__ import annotations

from zfstune.measurement.figures import FIGURES, figures_of
from zfstune.measurement.statistics import FEWEST_RUNS, estimate
from zfstune.values.size import format_size
from zfstune.values.text import and_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.measurement.candidate import Candidate
    from zfstune.measurement.figures import Figure
    from zfstune.measurement.results import Measured, Measurement
    from zfstune.measurement.statistics import Estimate
    from zfstune.measurement.verdict import Judgement, Rank

__all__ = ["measurement_text", "verdict_sentences"]

_COLUMNS = 80
_WRITTEN = 7
_LONGEST_BAR = 16
_CHOSEN = " *"
_BY_NAME = {figure.name: figure for figure in FIGURES}
# The columns of the table beside the bar: figure, heading, width.
_TABLE = (
    ("rewrite_reads", "read/B", 7),
    ("cold_read_amplification", "cold/B", 7),
    ("space", "space", 6),
    ("pinned", "pinned", 7),
    ("p99", "p99", 8),
    ("iops", "iops", 6),
)


def measurement_text(
    measurement: Measurement, verdict: Judgement, more: Iterable[str] = ()
) -> Iterator[str]:
    """Return the lines of a measurement: the table, the verdict, the findings.

    Args:
        measurement: What was found.
        verdict: What that says.
        more: Paragraphs that come at the end.
    """
    workload, pool = measurement.workload, measurement.pool
    sector = format_size(1 << int(pool.get("ashift", "0")))
    runs = _runs(measurement)
    yield (
        f"{workload.name} on {pool.get('name', '')}: {pool.get('layout', '')}, sectors of "
        f"{sector}, {runs} {'run' if runs == 1 else 'runs'} of each"
    )
    yield ""
    yield from _table(measurement)
    yield ""
    yield from verdict_sentences(measurement, verdict)
    yield from more


def verdict_sentences(measurement: Measurement, verdict: Judgement) -> Iterator[str]:
    """Return the verdict, and what is to be known of it, one paragraph each."""
    for rank in verdict.ranks:
        yield from _rank_text(rank, measurement)
    yield from _beaten_text(verdict)
    if measurement.why and measurement.chosen is not None:
        yield f"The profile takes {measurement.chosen.label}: {measurement.why}"
    if _runs(measurement) < FEWEST_RUNS and measurement.procedure.run_s:
        yield f"Times are not compared: it takes {FEWEST_RUNS} runs to see how they vary."
    if measurement.procedure.interrupted:
        yield "The time limit came before all runs were done."
    for remark in measurement.pool.get("remarks", "").splitlines():
        yield f"Note: {remark}"
    for finding in verdict.findings:
        yield f"Finding: {finding}."


def _beaten_text(verdict: Judgement) -> Iterator[str]:
    """Name the candidates that nobody needs, by the one that beats them."""
    by_winner: dict[Candidate, list[str]] = {}
    for beaten in verdict.dominated:
        by_winner.setdefault(beaten.winner, []).append(beaten.loser.label)
    for winner, losers in by_winner.items():
        verb = "is" if len(losers) == 1 else "are"
        yield (
            f"{and_list(losers)} {verb} nowhere better than {winner.label}, and somewhere "
            "worse."
        )


def _runs(measurement: Measurement) -> int:
    return len(measurement.measured[0].runs) if measurement.measured else 0


def _table(measurement: Measurement) -> Iterator[str]:
    """Return a row for each candidate, with a bar as long as what it writes."""
    shown = [
        (name, heading, width)
        for name, heading, width in _TABLE
        if any(_mean(measured, _BY_NAME[name]) for measured in measurement.measured)
    ]
    label = max(len(measured.candidate.label) for measured in measurement.measured)
    taken = label + 1 + _WRITTEN + 1 + sum(width + 1 for *_, width in shown) + len(_CHOSEN)
    room = min(_COLUMNS - taken, _LONGEST_BAR)
    headings = "".join(f" {heading:>{width}}" for _, heading, width in shown)
    yield f"{'':{label}} {'wrote/B':>{_WRITTEN}} {'':{room}}{headings}".rstrip()
    written = [_mean(m, _BY_NAME["write_amplification"]) for m in measurement.measured]
    most = max((known.mean for known in written if known is not None), default=0.0)
    for measured, ratio in zip(measurement.measured, written, strict=True):
        bar = (
            "#" * max(round(room * ratio.mean / most), 1)
            if ratio is not None and most
            else ""
        )
        cells = "".join(
            f" {_short(_mean(measured, _BY_NAME[name]), _BY_NAME[name].unit):>{width}}"
            for name, _, width in shown
        )
        chosen = _CHOSEN if measured.candidate == measurement.chosen else ""
        yield (
            f"{measured.candidate.label:{label}} {_short(ratio, 'x'):>{_WRITTEN}} "
            f"{bar:{room}}{cells}{chosen}"
        ).rstrip()
    if any(m.candidate == measurement.chosen for m in measurement.measured):
        yield f"{_CHOSEN.strip()} the profile's choice"


def _rank_text(rank: Rank, measurement: Measurement) -> Iterator[str]:
    """Say who wins on a figure, and what the profile's choice costs there."""
    figure = rank.figure
    if not rank.winners or not any(
        _mean(measured, figure) for measured in measurement.measured
    ):
        return
    by_candidate = {m.candidate: m for m in measurement.measured}
    if len(rank.winners) == len(measurement.measured) and len(rank.winners) > 1:
        yield f"{figure.title}: no difference."
        return
    names = and_list(
        f"{winner.label} ({_range(_mean(by_candidate[winner], figure), figure.unit)})"
        for winner in rank.winners
    )
    same = ", which do not differ" if rank.no_difference else ""
    text = f"{figure.title}: best is {names}{same}"
    if rank.chosen is not None:
        text += (
            f"; the profile's choice is at {rank.chosen.mean:.2f} times that"
            f"{_interval(rank.chosen)}"
        )
    yield f"{text}{_model(figure, rank.winners[0], by_candidate)}."


def _model(
    figure: Figure, winner: Candidate, by_candidate: dict[Candidate, Measured]
) -> str:
    """Return what the model says about a figure that it knows."""
    predicted = by_candidate[winner].predicted
    if predicted is None or figure.name != "write_amplification":
        return ""
    value = predicted.write_amplification
    logged = any(run.counts.zil is not None for run in by_candidate[winner].runs)
    rest = "metadata and log" if logged else "metadata"
    return f" (of that {value:.2f} for data, by the model; the rest is {rest})"


def _mean(measured: Measured, figure: Figure) -> Estimate | None:
    values = [figures_of(run)[figure.name] for run in measured.runs]
    return estimate([value for value in values if value is not None])


def _range(estimate: Estimate | None, unit: str) -> str:
    """Write a mean with its interval, where that is seen."""
    if estimate is None:
        return "-"
    low, high = _value(estimate.low, unit), _value(estimate.high, unit)
    mean = _value(estimate.mean, unit)
    return mean if low == high else f"{mean}, {low} to {high}"


def _interval(estimate: Estimate) -> str:
    low, high = f"{estimate.low:.2f}", f"{estimate.high:.2f}"
    return "" if low == high else f" ({low} to {high})"


def _short(estimate: Estimate | None, unit: str) -> str:
    return "-" if estimate is None else _value(estimate.mean, unit).removesuffix("x")


def _value(value: float, unit: str) -> str:
    if unit == "s":
        return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.3g} ms"
    if unit == "B/s":
        return f"{format_size(round(value), exact=False)}/s"
    if unit == "x":
        return f"{value:.2f}x"
    return f"{value:.4g}" if unit == "1/s" else f"{value:.4g} {unit}"
