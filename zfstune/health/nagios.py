"""Judge from an observation whether snapshots are fresh, as a monitoring plugin.

A dataset is late when its newest snapshot is older than one and a half periods of its
schedule, and long overdue after three periods, unless the caller gives other ages. A
dataset without a snapshot counts as fresh as long as it is young enough itself.
"""

from __future__ import annotations

from zfstune.health.freshness import late_after
from zfstune.values.duration import about, format_duration
from zfstune.values.errors import InvalidValue
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.health.observation import Observed, ObservedPool, ObservedTarget
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

# The statuses of monitoring plugins, in the order of their numbers.
OK, WARNING, CRITICAL, UNKNOWN = range(4)
_WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
_WORST_FIRST = (CRITICAL, WARNING, UNKNOWN)


@frozen
class Problem:
    """Something that is not as it should be.

    Attributes:
        status: WARNING, CRITICAL or UNKNOWN.
        target: Name of the dataset or pool.
        message: A clause that says what is wrong with it.
    """

    status: int
    target: str
    message: str

    @property
    def word(self) -> str:
        """The status as a word."""
        return _WORDS[self.status]


@frozen
class Check:
    """The result of a check.

    Attributes:
        problems: The problems, the worst first.
        datasets: The datasets that were looked at.
        limits: For each dataset the ages, in seconds, beyond which its newest snapshot is
            late and long overdue.
        now: The time of the check, in seconds since 1970.
        targets: The targets of replication that were looked at.
        lags: For each target the seconds beyond which it lags, and lags critically; 0:
            its source has no schedule, and nobody said.
    """

    problems: tuple[Problem, ...]
    datasets: tuple[Observed, ...]
    limits: tuple[tuple[int, int], ...]
    now: int
    targets: tuple[ObservedTarget, ...] = ()
    lags: tuple[tuple[int, int], ...] = ()

    @property
    def status(self) -> int:
        """The worst status of a problem; without any, OK if something was looked at."""
        if self.problems:
            return self.problems[0].status
        return OK if self.datasets or self.targets else UNKNOWN

    @property
    def word(self) -> str:
        """The status as a word."""
        return _WORDS[self.status]

    def __str__(self) -> str:
        return self.line()

    def line(self) -> str:
        """Write the one line that a monitoring plugin prints, figures included."""
        if self.problems:
            text = "; ".join(f"{p.target}: {p.message}" for p in self.problems)
        elif not self.datasets and not self.targets:
            text = "no dataset has a schedule"
        else:
            text = self._good_news()
        # A bar begins the figures, and a monitor reads the first line alone.
        text = " ".join(text.replace("|", "/").split())
        figures = " ".join(self._figures())
        return f"ZFSTUNE {self.word}: {text}" + (f" | {figures}" if figures else "")

    def _good_news(self) -> str:
        count = len(self.datasets)
        text = "1 dataset" if count == 1 else f"{count} datasets"
        ages = [self.now - d.newest for d in self.datasets if d.newest is not None]
        if ages:
            text += f", newest snapshots at most {about(max(*ages, 0))} old"
        waiting = count - len(ages)
        if waiting:
            text += f", {waiting} made too recently to have a snapshot"
        lags = [t.lag.seconds for t in self.targets if t.lag.seconds is not None]
        if lags:
            text += f", targets at most {about(max(lags))} behind"
        return text

    def _figures(self) -> Iterator[str]:
        for observed, (late, overdue) in zip(self.datasets, self.limits, strict=True):
            name = observed.dataset
            age = max(_age(observed, self.now), 0)
            yield f"'{name} age'={age}s;{late};{overdue};0"
            yield f"'{name} snapshots'={observed.own + observed.others};;;0"
            yield f"'{name} used'={observed.used_bytes}B;;;0"
        for target, (late, overdue) in zip(self.targets, self.lags, strict=True):
            # A quote or an equals sign would end the name of a figure.
            name = f"{target.dataset} {target.place}".replace("'", "").replace("=", "")
            if target.lag.seconds is not None:
                limits = f"{late};{overdue}" if overdue else ";"
                yield f"'{name} lag'={target.lag.seconds}s;{limits};0"
            yield f"'{name} behind'={target.lag.snapshots};;;0"


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
    targets: Iterable[ObservedTarget] = (),
    lag_warning: int | None = None,
    lag_critical: int | None = None,
) -> Check:
    """Judge an observation.

    Args:
        datasets: Datasets whose snapshots are looked after.
        pools: The pools that they are in.
        runs: The last runs of their schedules; one that failed is a warning.
        now: The time of the check, in seconds since 1970.
        warning: Age in seconds beyond which any snapshot is late; default: see the
            description of this module.
        critical: Age in seconds beyond which any snapshot is long overdue.
        faults: Errors of schedules that cannot be read: a warning each.
        damaged: Names of datasets that cannot be read, each with the reason.
        targets: The targets of replication. A base in danger is a warning.
        lag_warning: Seconds beyond which any target lags; default: as for snapshots.
        lag_critical: Seconds beyond which that is critical.

    Raises:
        InvalidValue: `critical` is less than `warning`, so that no age is a warning.
    """
    check_ages(warning, critical)
    check_ages(lag_warning, lag_critical)
    datasets = tuple(datasets)
    problems = [
        Problem(CRITICAL, pool.pool, "the pool is suspended: it lost its devices")
        for pool in pools
        if pool.suspended
    ]
    problems += [
        Problem(CRITICAL, name, f"it cannot be read: {reason}") for name, reason in damaged
    ]
    limits = [_limits(d.interval_seconds or 0, warning, critical) for d in datasets]
    for observed, ages in zip(datasets, limits, strict=True):
        problems += _stale(observed, now, *ages)
    problems += [
        Problem(WARNING, run.dataset, f"the last {run.job} failed: {run.error}")
        for run in runs
        if run.error
    ]
    problems += [Problem(WARNING, "schedule", fault) for fault in faults]
    targets = tuple(targets)
    lags = [_limits(t.interval_seconds or 0, lag_warning, lag_critical) for t in targets]
    for target, most in zip(targets, lags, strict=True):
        problems += _behind(target, *most)
    problems.sort(key=lambda problem: (_WORST_FIRST.index(problem.status), problem.target))
    return Check(tuple(problems), datasets, tuple(limits), now, targets, tuple(lags))


def check_ages(warning: int | None, critical: int | None) -> None:
    """Refuse ages that were given the wrong way round.

    Raises:
        InvalidValue: `critical` is less than `warning`.
    """
    if warning is not None and critical is not None and critical < warning:
        raise InvalidValue(
            f"cannot check: the critical age {format_duration(critical)} is below the "
            f"warning age {format_duration(warning)}",
            hint="give the longer age to --critical, as in -w 90m -c 3h",
        )


def _limits(interval: int, warning: int | None, critical: int | None) -> tuple[int, int]:
    """Return the ages beyond which a snapshot is late and long overdue."""
    overdue = interval * 3 if critical is None else critical
    if warning is None:
        return min(late_after(interval) or overdue, overdue), overdue
    return warning, max(overdue, warning)


def _stale(observed: Observed, now: int, late: int, overdue: int) -> Iterator[Problem]:
    age, name = _age(observed, now), observed.dataset
    if not overdue:
        yield Problem(UNKNOWN, name, "it has no schedule: give an age with --warning")
    elif age < 0:
        yield Problem(WARNING, name, "its newest snapshot is dated after now")
    elif age > late:
        status, most = (CRITICAL, overdue) if age > overdue else (WARNING, late)
        subject = "it has no snapshot and is"
        if observed.newest is not None:
            subject = "its newest snapshot is"
        message = f"{subject} {about(age)} old, more than {format_duration(most)}"
        yield Problem(status, name, message)


def _behind(observed: ObservedTarget, late: int, overdue: int) -> Iterator[Problem]:
    seconds, label = observed.lag.seconds, observed.target.label
    if observed.danger:
        yield Problem(WARNING, observed.dataset, observed.danger)
    elif seconds is not None and overdue and seconds > late:
        status, most = (CRITICAL, overdue) if seconds > overdue else (WARNING, late)
        message = f"{label} is {about(seconds)} behind, more than {format_duration(most)}"
        yield Problem(status, observed.dataset, message)


def _age(observed: Observed, now: int) -> int:
    """Return the age of the newest snapshot or, if there is none, of the dataset."""
    return now - (observed.created if observed.newest is None else observed.newest)
