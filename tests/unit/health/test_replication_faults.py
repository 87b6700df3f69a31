"""Targets are judged by what their source knows, and by themselves where they are here."""

from __future__ import annotations

import pytest

from stream_ends import SOURCE, mark
from zfstune.health.observation import ObservedTarget
from zfstune.health.replication_faults import (
    TargetCopy,
    endangered,
    replication_findings,
)
from zfstune.retention.known_targets import KnownTarget, Lag
from zfstune.values.replication_marks import BaseMark

BASE = mark(7, BaseMark(5, 7).short_name)
COMING = mark(8, BaseMark(5, 8, tentative=True).short_name)
WELL = KnownTarget(5, "tank/copy", BASE, (BASE,))
# The stream of the next snapshot has arrived, and nobody has confirmed that yet.
ARRIVED = KnownTarget(5, "tank/copy", BASE, (BASE, COMING))
FORGET = "zfstune replicas tank/a --forget 0000000000000005"


@pytest.mark.parametrize(
    ("target", "copy", "danger", "remedy"),
    [
        (WELL, None, "", ""),
        (WELL, TargetCopy(5, frozenset({6, 7})), "", ""),
        (ARRIVED, TargetCopy(5, frozenset({8})), "", ""),
        (
            KnownTarget(5, "h:tank/copy", None, ()),
            None,
            "no bookmark keeps the base of 'h:tank/copy', so prune keeps all snapshots",
            "zfstune replicate tank/a h:tank/copy",
        ),
        (
            KnownTarget(5, "", None, (COMING,)),
            None,
            "the first stream to target 0000000000000005 is under way, or it broke off",
            "",
        ),
        (
            WELL,
            TargetCopy(0, frozenset()),
            "its target 'tank/copy' does not exist any more",
            FORGET,
        ),
        (
            WELL,
            TargetCopy(6, frozenset({7})),
            "'tank/copy' is another dataset than its target of that name was",
            FORGET,
        ),
        (
            WELL,
            TargetCopy(5, frozenset({6})),
            "'tank/copy' has lost the snapshot that the next stream begins with",
            "zfstune replicate tank/a tank/copy -n",
        ),
    ],
)
def test_a_base_in_danger(
    target: KnownTarget, copy: TargetCopy | None, danger: str, remedy: str
) -> None:
    """Each danger has its own words, and a command that helps where there is one."""
    assert endangered(SOURCE, target, copy) == (danger, remedy)


def observed(lag: Lag, interval: int | None = 3600, danger: str = "") -> ObservedTarget:
    """Observe the target that is well, with some lag."""
    return ObservedTarget(SOURCE, WELL, lag, interval, danger, "do")


def test_a_target_may_lag_one_and_a_half_periods() -> None:
    """Beyond that its source's schedule is not kept up with."""
    assert list(replication_findings(observed(Lag(1, 5400)))) == []
    (late,) = replication_findings(observed(Lag(2, 5401)))
    assert (late.state, late.hint) == (
        "stale-replica",
        "zfstune replicate tank/a tank/copy",
    )
    assert late.note.startswith("'tank/copy' is 1.5h behind: it lacks 2 snapshots, and ")
    (one,) = replication_findings(observed(Lag(1, 9999)))
    assert "it lacks 1 snapshot, and" in one.note


def test_without_a_schedule_nobody_knows_what_late_is() -> None:
    """Nor where a time is not known."""
    assert list(replication_findings(observed(Lag(9, 10**9), None))) == []
    assert list(replication_findings(observed(Lag(9, None)))) == []


def test_a_danger_comes_before_a_lag() -> None:
    """Its remedy is the first thing to do."""
    (found,) = replication_findings(observed(Lag(9, 10**9), danger="it is gone"))
    assert (found.state, found.note, found.hint) == ("endangered-base", "it is gone", "do")
    assert found.pending
