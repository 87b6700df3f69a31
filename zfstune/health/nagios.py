"""Whether snapshots are as fresh as they should be: facts in, a verdict out.

A dataset is late when its newest snapshot is older than one and a half periods of
its schedule, and long overdue after three; or as told. One that was made since has
not had its first yet, and is not late.
"""

from __future__ import annotations

from zfstune.health.freshness import late_after
from zfstune.values.duration import about, format_duration
from zfstune.values.errors import InvalidValue
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.health.observation import Observed, ObservedPool
    from zfstune.schedules.last_run import LastRun

__all__ = [
    "CRITICAL",
    "OK",
    "UNKNOWN",
    "WARNING",
    "Check",
    "Problem",
    "check_ages",
    "judge",
]

# The statuses of the monitoring plugins that Nagios started, by number.
OK, WARNING, CRITICAL, UNKNOWN = range(4)
_WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
_WORST = (CRITICAL, WARNING, UNKNOWN)


@frozen
class Problem:
    """Something that is not as it should be.

    Attributes:
        status: How bad: one of the numbers above.
        target: The dataset or pool.
        message: What is wrong with it.
    """

    status: int
    target: str
    message: str


@frozen
class Check:
    """The result of a check.

    Attributes:
        problems: The worst first.
        datasets: What was looked at.
        limits: Of each dataset, at which ages in seconds it is late and long overdue.
        now: Seconds since 1970.
    """

    problems: tuple[Problem, ...]
    datasets: tuple[Observed, ...]
    limits: tuple[tuple[int, int], ...]
    now: int

    @property
    def status(self) -> int:
        """The worst of the problems; of none, OK where something was looked at."""
        if self.problems:
            return self.problems[0].status
        return OK if self.datasets else UNKNOWN

    @property
    def word(self) -> str:
        """The status as a word."""
        return _WORDS[self.status]

    def line(self) -> str:
        """Give the one line that a monitoring plugin prints, figures included."""
        if self.problems:
            text = "; ".join(f"{p.target}: {p.message}" for p in self.problems)
        elif not self.datasets:
            text = "nothing has a schedule"
        else:
            text = self._well()
        # what follows a bar is figures, and what follows a line is lost
        text = " ".join(text.replace("|", "/").split())
        figures = " ".join(self._figures())
        return f"ZFSTUNE {self.word}: {text}" + (f" | {figures}" if figures else "")

    def _well(self) -> str:
        count = len(self.datasets)
        what = f"{count} datasets" if count > 1 else "1 dataset"
        ages = [self.now - d.newest for d in self.datasets if d.newest is not None]
        if ages:
            what += f", newest snapshots at most {about(max(*ages, 0))} old"
        waiting = count - len(ages)
        return f"{what}, {waiting} made too recently to have one" if waiting else what

    def _figures(self) -> Iterator[str]:
        for each, (late, overdue) in zip(self.datasets, self.limits, strict=True):
            name = each.dataset
            age = max(_age(each, self.now), 0)
            yield f"'{name} age'={age}s;{late};{overdue};0"
            yield f"'{name} snapshots'={each.own + each.others};;;0"
            yield f"'{name} used'={each.used_bytes}B;;;0"


def judge(
    datasets: Iterable[Observed],
    pools: Iterable[ObservedPool],
    runs: Iterable[LastRun],
    now: int,
    *,
    warning: int | None = None,
    critical: int | None = None,
    faults: Iterable[str] = (),
    damaged: Iterable[tuple[str, str]] = (),
) -> Check:
    """Judge what was seen.

    Args:
        datasets: What to look after.
        pools: Those they are in.
        runs: The last runs of their schedules; one that failed is a warning.
        now: Seconds since 1970.
        warning: Age in seconds from which any is late, instead of its schedule's.
        critical: Age from which any is long overdue.
        faults: What is wrong with schedules that cannot be read: a warning each.
        damaged: Datasets that cannot be read, and why.

    Raises:
        InvalidValue: `critical` comes before `warning`, so that no age is a warning.
    """
    check_ages(warning, critical)
    datasets = tuple(datasets)
    problems = [
        Problem(CRITICAL, pool.pool, "the pool is suspended: it lost its devices")
        for pool in pools
        if pool.suspended
    ]
    problems += [
        Problem(CRITICAL, name, f"it cannot be read: {reason}") for name, reason in damaged
    ]
    limits = []
    for each in datasets:
        late, overdue = _limits(each.interval_seconds or 0, warning, critical)
        limits.append((late, overdue))
        problems += _stale(each, now, late, overdue)
    problems += [
        Problem(WARNING, run.dataset, f"the last {run.job} failed: {run.error}")
        for run in runs
        if run.error
    ]
    problems += [Problem(WARNING, "schedule", fault) for fault in faults]
    problems.sort(key=lambda problem: (_WORST.index(problem.status), problem.target))
    return Check(tuple(problems), datasets, tuple(limits), now)


def check_ages(warning: int | None, critical: int | None) -> None:
    """Refuse ages of which critical comes first: they were given the wrong way round.

    Raises:
        InvalidValue: It does.
    """
    if warning is not None and critical is not None and critical < warning:
        raise InvalidValue(
            f"cannot check: critical at {format_duration(critical)} comes before "
            f"warning at {format_duration(warning)}",
            hint="give the longer age to --critical, as in -w 90m -c 3h",
        )


def _limits(interval: int, warning: int | None, critical: int | None) -> tuple[int, int]:
    """Give the ages at which a snapshot is late and long overdue."""
    overdue = interval * 3 if critical is None else critical
    if warning is None:
        return min(late_after(interval) or overdue, overdue), overdue
    return warning, max(overdue, warning)


def _stale(each: Observed, now: int, late: int, overdue: int) -> Iterator[Problem]:
    age = _age(each, now)
    if not overdue:
        yield Problem(UNKNOWN, each.dataset, "it has no schedule: say how old is too old")
    elif age < 0:
        yield Problem(WARNING, each.dataset, "its newest snapshot is dated after now")
    elif age > late:
        status, most = (CRITICAL, overdue) if age > overdue else (WARNING, late)
        what = "its newest snapshot is" if each.newest is not None else "it has none, being"
        yield Problem(
            status,
            each.dataset,
            f"{what} {about(age)} old, {format_duration(most)} is too old",
        )


def _age(each: Observed, now: int) -> int:
    """Give the age of the newest snapshot; of the dataset, where it has none."""
    return now - (each.created if each.newest is None else each.newest)
