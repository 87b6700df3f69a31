"""What has changed from one measurement of a workload to a later one.

Figures of one candidate are compared as those of two candidates of one measurement are:
run by run, and a difference that the interval does not show is none. Figures that do not
repeat to a percent must differ by more than they do between two measurements of one pool.
"""

from __future__ import annotations

from zfstune.measurement.figures import FIGURES, figures_of
from zfstune.measurement.plain import to_plain
from zfstune.measurement.statistics import FEWEST_RUNS, paired_ratio
from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.size import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zfstune.measurement.candidate import Candidate
    from zfstune.measurement.figures import Figure
    from zfstune.measurement.results import Measured, Measurement
    from zfstune.measurement.statistics import Estimate

__all__ = ["Changes", "FigureChange", "changes_since", "check_comparable"]

# What is written, and times, differ from one measurement to the next though nothing was
# changed: a pool's space maps grow with its history. 6 % were seen with files of 16M.
_DRIFT = 0.1
# A fact that moves by itself from one day to the next.
_MOVING = frozenset({"alike", "free_bytes", "remarks"})


@frozen
class FigureChange:
    """A figure of a candidate that is not what it was.

    Attributes:
        candidate: The record size and compression.
        figure: The figure.
        ratio: What it is now over what it was.
    """

    candidate: Candidate
    figure: Figure
    ratio: Estimate

    @property
    def worse(self) -> bool:
        """Whether it was better before."""
        return (self.ratio.mean > 1) == (self.figure.better == "lower")


@frozen
class Changes:
    """What has changed since a measurement.

    Attributes:
        since: When that one was started.
        changes: The figures that differ.
        compared: The candidates that both have.
        circumstances: What else differs: a name, what it was, what it is.
    """

    since: str
    changes: tuple[FigureChange, ...]
    compared: tuple[Candidate, ...]
    circumstances: tuple[tuple[str, str, str], ...]

    def sentences(self) -> list[str]:
        """Return the changes in words, a paragraph each."""
        return list(self._sentences())

    def to_dict(self) -> dict[str, object]:
        """Return the changes in JSON's types."""
        return {
            "since": self.since,
            "changes": [
                {
                    "candidate": to_plain(change.candidate),
                    "figure": change.figure.name,
                    "ratio": to_plain(change.ratio),
                    "worse": change.worse,
                }
                for change in self.changes
            ],
            "compared": to_plain(self.compared),
            "circumstances": {
                name: {"then": then, "now": now} for name, then, now in self.circumstances
            },
        }

    def _sentences(self) -> Iterator[str]:
        if not self.compared:
            yield f"Since {self.since}: no candidate of that measurement is in this one."
            return
        if not self.changes:
            yield f"Since {self.since}: no figure differs."
        for change in self.changes:
            ratio = change.ratio
            interval = f"{ratio.low:.2f} to {ratio.high:.2f}"
            shown = "" if ratio.low == ratio.high else f" ({interval})"
            kind = "worse" if change.worse else "better"
            yield (
                f"Since {self.since}: {change.candidate.label}, {change.figure.title}: "
                f"{ratio.mean:.2f} times what it was{shown}, {kind}."
            )
        for name, *values in self.circumstances:
            then, now = (value or "unknown" for value in values)
            yield f"Since {self.since}: {name} was {then}, is {now}."


def check_comparable(last: Measurement, name: str, size_bytes: int, path: str) -> None:
    """Refuse a measurement that says nothing about this one.

    Args:
        last: The other measurement.
        name: The workload of this one.
        size_bytes: The length of its files: bytes of metadata depend on it.
        path: The file of the other one, as messages call it.

    Raises:
        PlanError: They are of different workloads, or sizes.
    """
    if last.workload.name != name:
        raise PlanError(
            f"cannot compare with '{path}': it is about {last.workload.name}, "
            f"and this about {name}",
            hint="name a measurement of the same workload, which --json wrote",
        )
    if last.procedure.size_bytes != size_bytes:
        then = format_size(last.procedure.size_bytes)
        raise PlanError(
            f"cannot compare with '{path}': its files have {then}, "
            f"and these {format_size(size_bytes)}",
            hint=f"measure with --size {then}",
        )


def changes_since(last: Measurement, now: Measurement) -> Changes:
    """Compare two measurements of one workload, by the candidates that both have."""
    before = {each.candidate: each for each in last.measured}
    both = [each for each in now.measured if each.candidate in before]
    return Changes(
        since=last.procedure.started,
        changes=tuple(
            change
            for each in both
            for figure in FIGURES
            if figure.better
            and (change := _change(before[each.candidate], each, figure)) is not None
        ),
        compared=tuple(each.candidate for each in both),
        circumstances=tuple(_circumstances(last, now)),
    )


def _change(then: Measured, now: Measured, figure: Figure) -> FigureChange | None:
    these, those = (
        [figures_of(run)[figure.name] for run in each.runs] for each in (now, then)
    )
    pairs = [pair for pair in zip(these, those, strict=False) if None not in pair]
    if not figure.exact and len(pairs) < FEWEST_RUNS:
        return None
    ratio = paired_ratio(these, those)
    if ratio is None or not ratio.differs():
        return None
    if not figure.exact and abs(ratio.mean - 1) < _DRIFT:
        return None
    return FigureChange(now.candidate, figure, ratio)


def _circumstances(last: Measurement, now: Measurement) -> Iterator[tuple[str, str, str]]:
    """Give the facts that differ: of the procedure, pool, machine and module."""
    for name in ("data", "seed"):
        then, is_now = (str(getattr(each.procedure, name)) for each in (last, now))
        if then != is_now:
            yield name, then, is_now
    for then_facts, now_facts, prefix in (
        (last.pool, now.pool, "pool "),
        (last.machine, now.machine, ""),
        (last.parameters, now.parameters, ""),
    ):
        yield from _differing(then_facts, now_facts, prefix)


def _differing(
    then: Mapping[str, str], now: Mapping[str, str], prefix: str
) -> Iterator[tuple[str, str, str]]:
    for name in sorted({*then, *now} - _MOVING):
        was, is_now = then.get(name, ""), now.get(name, "")
        if was != is_now:
            yield f"{prefix}{name}", was, is_now
