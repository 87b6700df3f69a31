"""The check of freshness, and the line that monitoring plugins print."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observed_data import HOUR, NOW, POOL, last_runs, observed, observed_datasets
from zfstune.health.nagios import CRITICAL, OK, UNKNOWN, WARNING, Check, Problem, judge
from zfstune.health.observation import ObservedTarget
from zfstune.retention.known_targets import KnownTarget, Lag
from zfstune.schedules.last_run import LastRun
from zfstune.values.errors import InvalidValue
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from zfstune.health.observation import Observed

# https://nagios-plugins.org/doc/guidelines.html, "Performance data"
FIGURE = re.compile(r"'[^'=]+'=\d+(s|B|);\d*;\d*;0")


@pytest.mark.parametrize(
    ("age", "status"),
    [
        (0, OK),
        (90 * 60, OK),
        (90 * 60 + 1, WARNING),
        (3 * HOUR, WARNING),
        (3 * HOUR + 1, CRITICAL),
        (None, CRITICAL),
        (-1, WARNING),
    ],
)
def test_late_after_one_and_a_half_periods(age: int | None, status: int) -> None:
    """After three periods it is long overdue; a snapshot dated after now is a warning."""
    assert judge([observed(age)], [POOL], [], NOW).status == status


def test_what_was_just_made_has_time() -> None:
    """A dataset without a snapshot counts with its own age."""
    new = replace(observed(None), created=NOW - HOUR)
    verdict = judge([new, observed(300)], [POOL], [], NOW)
    assert verdict.line().startswith(
        "ZFSTUNE OK: 2 datasets, newest snapshots at most 5m old, 1 made too recently to "
        "have a snapshot | "
    )
    verdict = judge([replace(new, created=NOW - 4 * HOUR)], [POOL], [], NOW)
    assert verdict.line().startswith(
        "ZFSTUNE CRITICAL: tank/a: it has no snapshot and is 4h old, more than 3h | "
    )


def behind(
    seconds: int | None, interval: int | None = HOUR, danger: str = ""
) -> ObservedTarget:
    """Make a target of tank/a that is so far behind."""
    target = KnownTarget(5, "host:b's", None, ())
    return ObservedTarget("tank/a", target, Lag(2, seconds), interval, danger)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (behind(90 * 60), OK),
        (behind(90 * 60 + 1), WARNING),
        (behind(3 * HOUR + 1), CRITICAL),
        (behind(10**9, None), OK),
        (behind(None), OK),
        (behind(0, danger="it is gone"), WARNING),
    ],
)
def test_a_target_lags_after_one_and_a_half_periods(
    target: ObservedTarget, status: int
) -> None:
    """Without a schedule nobody knows; a base in danger is a warning in any case."""
    verdict = judge([], [], [], NOW, targets=[target])
    assert verdict.status == status
    line = verdict.line()
    assert line.startswith(f"ZFSTUNE {verdict.word}: ")
    for figure in re.findall(r"'[^']*'=[^ ]*", line.partition(" | ")[2]):
        assert re.fullmatch(r"'[^'=]+'=\d+(s|B|);\d*;\d*;0", figure)


def test_lags_may_be_given_limits() -> None:
    """They replace those of the schedule, and come in the right order."""
    far = [behind(5 * HOUR)]
    assert judge([], [], [], NOW, targets=far, lag_warning=6 * HOUR).status == OK
    late = judge([], [], [], NOW, targets=far, lag_warning=HOUR, lag_critical=6 * HOUR)
    assert late.problems == (
        Problem(WARNING, "tank/a", "'host:b's' is 5h behind, more than 1h"),
    )
    with pytest.raises(InvalidValue):
        judge([], [], [], NOW, targets=far, lag_warning=HOUR, lag_critical=1)


def test_limits_may_be_given() -> None:
    """Given limits replace those of the schedule; without either, the status is UNKNOWN."""
    bare = observed(5 * HOUR, None)
    assert judge([bare], [], [], NOW).status == UNKNOWN
    assert judge([bare], [], [], NOW, warning=HOUR, critical=6 * HOUR).status == WARNING
    assert judge([bare], [], [], NOW, critical=4 * HOUR).status == CRITICAL
    assert judge([observed(HOUR)], [], [], NOW, critical=HOUR - 1).status == CRITICAL
    # The limit that is not given, three periods of an hour, gives way to the given one.
    late = judge([observed(5 * HOUR, HOUR)], [], [], NOW, warning=4 * HOUR)
    assert (late.status, late.limits) == (CRITICAL, ((4 * HOUR, 4 * HOUR),))


def test_critical_before_warning_is_refused() -> None:
    """No age is between the two, so somebody gave them the wrong way round."""
    bare = observed(90, None)
    with pytest.raises(
        InvalidValue, match="the critical age 1h is below the warning age 2h"
    ):
        judge([bare], [], [], NOW, warning=2 * HOUR, critical=HOUR)
    assert judge([bare], [], [], NOW, warning=HOUR, critical=HOUR).status == OK


def test_nothing_to_look_at_is_not_well() -> None:
    """A check that watches nothing must not be green."""
    verdict = judge([], [POOL], [], NOW)
    assert (verdict.status, verdict.line()) == (
        UNKNOWN,
        "ZFSTUNE UNKNOWN: no dataset has a schedule",
    )


def test_a_failed_run_and_a_lost_pool_are_told() -> None:
    """The worst problem comes first, and no problem adds a line or a bar."""
    failed = LastRun("tank/a", "prune", 1, 2, "cannot prune:\nmore | than half")
    verdict = judge([observed(1)], [POOL], [failed], NOW)
    assert verdict.status == WARNING
    assert verdict.line().startswith(
        "ZFSTUNE WARNING: tank/a: the last prune failed: cannot prune: more / than half | "
    )
    verdict = judge([observed(1)], [replace(POOL, suspended=True)], [failed], NOW)
    assert verdict.status == CRITICAL
    assert verdict.line().startswith("ZFSTUNE CRITICAL: tank: the pool is suspended")


def test_a_schedule_that_cannot_be_read_is_told() -> None:
    """The schedule is a warning, and hides no other problem."""
    verdict = judge([observed(1)], [POOL], [], NOW, faults=["cannot follow it"])
    assert verdict.status == WARNING
    assert verdict.line().startswith(
        "ZFSTUNE WARNING: schedule: cannot follow it | 'tank/a"
    )
    assert judge([observed(None)], [], [], NOW, faults=["x"]).status == CRITICAL


@given(st.lists(observed_datasets, max_size=4), st.lists(last_runs, max_size=3))
def test_the_line_is_one_that_plugins_print(
    datasets: list[Observed], noted: list[LastRun]
) -> None:
    """The text has one line, one bar, and figures in the form of the guidelines."""
    verdict = judge(datasets, [POOL], noted, NOW)
    line = verdict.line()
    assert line.isprintable() or any(not run.error.isprintable() for run in noted)
    assert "\n" not in line
    text, bar, figures = line.partition(" | ")
    assert text.startswith(f"ZFSTUNE {verdict.word}: ")
    assert bool(bar) == bool(datasets)
    assert len(FIGURE.findall(figures)) == 3 * len(datasets)
    assert not FIGURE.sub("", figures).strip()


def test_all_problems_at_once() -> None:
    """The worst come first, then by name; each has its target and its clause."""
    failed = LastRun("tank/z", "prune", 1, 2, "it broke")
    well = LastRun("tank/z", "snapshot", 1, 2, "")
    bare = replace(observed(HOUR, None), dataset="tank/bare")
    datasets = [bare, observed(2 * HOUR), replace(observed(4 * HOUR), dataset="tank/b")]
    suspended = replace(POOL, suspended=True)
    verdict = judge(
        datasets,
        [suspended, replace(POOL, pool="other")],
        [failed, well],
        NOW,
        faults=["cannot follow it"],
        damaged=[("tank/d", "bad blocks")],
    )
    assert verdict == Check(
        (
            Problem(CRITICAL, "tank", "the pool is suspended: it lost its devices"),
            Problem(CRITICAL, "tank/b", "its newest snapshot is 4h old, more than 3h"),
            Problem(CRITICAL, "tank/d", "it cannot be read: bad blocks"),
            Problem(WARNING, "schedule", "cannot follow it"),
            Problem(WARNING, "tank/a", "its newest snapshot is 2h old, more than 90m"),
            Problem(WARNING, "tank/z", "the last prune failed: it broke"),
            Problem(UNKNOWN, "tank/bare", "it has no schedule: give an age with --warning"),
        ),
        tuple(datasets),
        ((0, 0), (HOUR * 3 // 2, 3 * HOUR), (HOUR * 3 // 2, 3 * HOUR)),
        NOW,
    )
    assert (verdict.status, verdict.word) == (CRITICAL, "CRITICAL")


def test_a_snapshot_from_the_future() -> None:
    """The clause says so, and the age in the figures is none."""
    verdict = judge([observed(-5)], [POOL], [], NOW)
    assert verdict.problems == (
        Problem(WARNING, "tank/a", "its newest snapshot is dated after now"),
    )
    assert "'tank/a age'=0s;5400;10800;0" in verdict.line()


def test_the_figures_of_a_line() -> None:
    """A dataset alone is told in the singular, with its age, its snapshots, its bytes."""
    one = replace(observed(300), own=2, others=3, used_bytes=4096)
    assert judge([one], [POOL], [], NOW).line() == (
        "ZFSTUNE OK: 1 dataset, newest snapshots at most 5m old | "
        "'tank/a age'=300s;5400;10800;0 'tank/a snapshots'=5;;;0 "
        "'tank/a used'=4096B;;;0"
    )
    new = replace(one, newest=None, created=NOW - 60)
    assert (
        judge([new], [POOL], [], NOW)
        .line()
        .startswith("ZFSTUNE OK: 1 dataset, 1 made too recently to have a snapshot | ")
    )
    with pytest.raises(ValueError, match="zip"):
        Check((), (one,), (), NOW).line()
