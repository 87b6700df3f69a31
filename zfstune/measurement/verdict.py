"""The verdict: which candidate wins on which figure, which are beaten, and what is odd."""

from __future__ import annotations

from zfstune.measurement.figures import FIGURES, figures_of
from zfstune.measurement.plain import to_plain
from zfstune.measurement.statistics import FEWEST_RUNS, SAME, paired_ratio
from zfstune.values.frozen import frozen
from zfstune.values.size import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.measurement.candidate import Candidate
    from zfstune.measurement.figures import Figure
    from zfstune.measurement.results import Measured, Measurement, Prediction, Run
    from zfstune.measurement.statistics import Estimate

__all__ = ["Dominated", "Judgement", "Rank", "verdict_on"]

# A background of this share of the counted bytes makes figures doubtful.
_LOUD = 0.05
# Where less than this share of the expected bytes was read, a cache answered.
_COLD = 0.9
# OpenZFS has a lz4 and a zstd of its own (module/zfs/lz4_zfs.c, module/zstd), and the model
# packs with those of this host. Beyond a sector, 2.7 % of a packed record were seen: made
# data of Kafka, lz4, records of 1M on sectors of 512 bytes, in a kernel and in an image.
_PACKED_SHARE = 1 / 32
# Fewer records than this are all touched by each batch, and one of them may be cut short.
_FEWEST_RECORDS = 4


@frozen
class Rank:
    """How the candidates stand on one figure.

    Attributes:
        figure: The figure.
        winners: Those that nobody beats: one, or several that do not differ. Empty: too
            few runs, or all are zero.
        chosen: The ratio of the profile's choice to the best; None: there is no choice, it
            is the best itself, or the figure is zero.
    """

    figure: Figure
    winners: tuple[Candidate, ...]
    chosen: Estimate | None

    @property
    def no_difference(self) -> bool:
        """Whether the figure does not tell the winners apart."""
        return len(self.winners) > 1


@frozen
class Dominated:
    """A candidate that another one beats somewhere, and nowhere is beaten by."""

    loser: Candidate
    winner: Candidate


@frozen
class Judgement:
    """What a measurement says.

    Attributes:
        ranks: By figure.
        dominated: The candidates that nobody needs.
        findings: Sentences about what was not as expected.
    """

    ranks: tuple[Rank, ...]
    dominated: tuple[Dominated, ...]
    findings: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the verdict in JSON's types."""
        return {
            "figures": {
                rank.figure.name: {
                    "winners": to_plain(rank.winners),
                    "chosen_ratio": to_plain(rank.chosen),
                }
                for rank in self.ranks
            },
            "dominated": to_plain(self.dominated),
            "findings": list(self.findings),
        }


def verdict_on(measurement: Measurement) -> Judgement:
    """Give the verdict."""
    measured = measurement.measured
    compared = [figure for figure in FIGURES if figure.better]
    ranks = tuple(_rank(figure, measurement) for figure in compared)
    dominated = tuple(
        Dominated(loser.candidate, winner.candidate)
        for loser in measured
        if (winner := _dominator(loser, measurement, compared)) is not None
    )
    short = (
        text for each in measured for text in _too_short(each, measurement.procedure.files)
    )
    alike = measurement.pool.get("alike", "yes") == "yes"
    return Judgement(ranks, dominated, (*short, *_findings(measured, alike=alike)))


def _series(measured: Measured, figure: Figure) -> list[float | None]:
    """Return a figure by the number of the run."""
    return [figures_of(run)[figure.name] for run in measured.runs]


def _compare(measured: Measured, other: Measured, figure: Figure) -> int:
    """Return 1 if `measured` is surely better on a figure, -1 if worse, else 0."""
    these, others = _series(measured, figure), _series(other, figure)
    known = [v for v in zip(these, others, strict=False) if None not in v]
    if not known or (not figure.exact and len(known) < FEWEST_RUNS):
        return 0
    ratio = paired_ratio(these, others)
    if ratio is None:  # a count is zero: nothing was read, nothing was logged
        sum_of_these = sum(filter(None, these))
        sum_of_others = sum(filter(None, others))
        return (
            _sign(sum_of_others - sum_of_these)
            if abs(sum_of_these - sum_of_others) > SAME * len(known)
            else 0
        )
    if not ratio.differs():
        return 0
    return _sign(1 - ratio.mean if figure.better == "lower" else ratio.mean - 1)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _rank(figure: Figure, measurement: Measurement) -> Rank:
    measured, files = measurement.measured, measurement.procedure.files
    winners = tuple(
        each
        for each in measured
        if any(value is not None for value in _series(each, figure))
        and all(
            _are_the_same(other, each, files) or _compare(other, each, figure) <= 0
            for other in measured
        )
    )
    enough = figure.exact or all(len(each.runs) >= FEWEST_RUNS for each in measured)
    chosen = next((each for each in measured if each.candidate == measurement.chosen), None)
    ratio = None
    if winners and chosen is not None and chosen not in winners:
        ratio = paired_ratio(_series(chosen, figure), _series(winners[0], figure))
    return Rank(
        figure=figure,
        winners=tuple(each.candidate for each in winners) if enough else (),
        chosen=ratio if enough else None,
    )


def _are_the_same(measured: Measured, other: Measured, files: int) -> bool:
    """Tell whether two candidates store the same: each file is one record in both.

    Their figures differ by chance alone.
    """
    return measured.candidate.compression == other.candidate.compression and all(
        each.predicted is not None and each.predicted.records == files
        for each in (measured, other)
    )


def _dominator(
    loser: Measured, measurement: Measurement, figures: list[Figure]
) -> Measured | None:
    files = measurement.procedure.files
    for other in measurement.measured:
        if other is loser or _are_the_same(other, loser, files):
            continue
        signs = [_compare(other, loser, figure) for figure in figures]
        if 1 in signs and -1 not in signs:
            return other
    return None


def _too_short(measured: Measured, files: int) -> list[str]:
    """Return a sentence where a file has so few records that they are not as usual."""
    model = measured.predicted
    if model is None or files > 1 or model.records >= _FEWEST_RECORDS:
        return []
    least = format_size(_FEWEST_RECORDS * measured.candidate.recordsize_bytes)
    label = measured.candidate.label
    advice = f"measure with --size {least} or more"
    return [f"{label}: so short a file has {model.records} records; {advice}"]


def _findings(measured: tuple[Measured, ...], *, alike: bool) -> Iterator[str]:
    """Give sentences about what is odd, each of them once, with where it was seen.

    Args:
        measured: The candidates.
        alike: A record takes the same space wherever it lies, so that the model holds.
    """
    where: dict[str, list[str]] = {}
    for each in measured:
        odd: dict[str, list[tuple[Run, float]]] = {}
        for run in each.runs:
            for kind, amount in _odd(each, run, alike=alike):
                odd.setdefault(kind, []).append((run, amount))
        for kind, found in odd.items():
            amounts = [amount for _, amount in found]
            most = "up to " if max(amounts) > min(amounts) else ""
            text = _ODD.get(kind, kind).format(size=_amount(kind, max(amounts)), most=most)
            where.setdefault(text, []).append(
                f"{each.candidate.label}{_which(each, found)}"
            )
    for text, places in where.items():
        yield f"{'; '.join(places)}: {text}"


def _which(measured: Measured, found: list[tuple[Run, float]]) -> str:
    """Name the run that a finding is about, or say how many they are."""
    if len(found) == 1:
        return f", run {found[0][0].number + 1}"
    if len(found) == len(measured.runs):
        return f", all {len(found)} runs"
    return f", {len(found)} of {len(measured.runs)} runs"


_LOUDLY, _LARGER, _SMALLER, _CACHED = "loud", "larger", "smaller", "cached"
_ODD = {
    _LOUDLY: "others wrote to the pool as well, {most}about {size} meanwhile; the figures "
    "are less sure",
    _LARGER: "a record takes {most}{size} bytes more than OpenZFS's rules say",
    _SMALLER: "a record takes {most}{size} bytes less than OpenZFS's rules say",
    _CACHED: "a cache answered reads that were meant to be cold",
}


def _amount(kind: str, amount: float) -> str:
    if kind == _LOUDLY:
        return format_size(round(amount), exact=False)
    return f"{amount:.0f}"


def _tolerance_bytes(candidate: Candidate, model: Prediction) -> float:
    """Return what a record may take more or less than the model says."""
    if candidate.compression == "off":
        return model.sector_bytes
    taken = model.allocated_bytes / model.records
    return model.sector_bytes + _PACKED_SHARE * taken


def _odd(measured: Measured, run: Run, *, alike: bool) -> Iterator[tuple[str, float]]:
    """Give what the model did not expect of a run, and what spoils its figures."""
    counts, model = run.counts, measured.predicted
    if counts.idle_bytes > _LOUD * max(counts.leaf_written_bytes, 1):
        yield _LOUDLY, counts.idle_bytes
    if run.discarded:
        reason = run.discarded.replace("{", "{{").replace("}", "}}")
        yield f"its times do not count: {reason}", 0
    if model is None:
        return
    off = (counts.allocated_bytes - model.allocated_bytes) / model.records
    if alike and abs(off) > _tolerance_bytes(measured.candidate, model):
        yield (_LARGER if off > 0 else _SMALLER), abs(off)
    expected = model.cold_read_amplification * counts.asked_bytes
    if counts.leaf_asked_bytes < _COLD * expected:
        yield _CACHED, 0
