"""Runs on datasets made of dicts: which are due, the work of each, and its note.

tests/image/test_scheduled_runs.py has the same on a pool in a file.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from fake_engine import FakeEngine
from heirs import Heirs
from zfstune.schedules.last_run import LastRun
from zfstune.schedules.note import last_run, locked, note, reported_run
from zfstune.schedules.run import due_runs, is_due, run_job
from zfstune.values.errors import (
    BatchError,
    EngineError,
    NotFound,
    PlanError,
    PolicyError,
)
from zfstune.values.frozen import replace
from zfstune.values.marks import POLICY_PROPERTY, REPLICATE_PROPERTY, SCHEDULE_PROPERTY
from zfstune.values.state import Snapshot

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

NOON = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp())
GUID = 1  # of each dataset of a FakeEngine


def fake(schedule: str = "hourly", policy: str = "keep=1") -> FakeEngine:
    """Make an engine with one schedule, which takes one dataset along."""
    engine = FakeEngine("tank", "tank/a", "tank/a/b", "tank/c")
    engine.marks["tank/a"] = {SCHEDULE_PROPERTY: schedule, POLICY_PROPERTY: policy}
    return engine


def sent(_: object, dataset: str, target: str, apart: Collection[str], __: object) -> int:
    """Stand for replicate: a tree takes four streams, and some targets none or three."""
    if target.startswith("away"):
        raise PlanError(f"cannot send '{dataset}': no way to '{target}'", hint="wait")
    if target.startswith("full"):
        error = EngineError(operation="send", target=f"{dataset}/b", reason="it is full")
        failures = [error] * (2 if target == "full:all" else 1)
        raise BatchError(operation="replicate", failures=failures, done=["x", "y", "z"])
    return 4 - len(apart)


def run(
    engine: FakeEngine, job: str, folder: Path, dataset: str = "tank/a"
) -> LastRun | None:
    """Run a job that begins at noon and ends a second later."""
    clock = iter((NOON, NOON + 1))
    return run_job(
        lambda: nullcontext(engine.seam),
        job,
        dataset,
        os.fspath(folder),
        lambda: next(clock),
        replicate=sent,
    )


def test_a_snapshot_run_takes_all_members(tmp_path: Path) -> None:
    """A dataset and those taken along get one snapshot each, and the run is noted."""
    engine = fake()
    done = run(engine, "snapshot", tmp_path)
    assert done == LastRun("tank/a", "snapshot", NOON, NOON + 1, taken=2, dataset_guid=GUID)
    assert {name.partition("@")[0] for name in engine.taken} == {"tank/a", "tank/a/b"}
    assert last_run(os.fspath(tmp_path), "snapshot", GUID) == done


def test_a_dataset_that_vanishes_does_not_stop_the_others(tmp_path: Path) -> None:
    """If a member is destroyed after it was listed, the run lists and takes once more."""
    engine = fake()
    tries = []

    def vanish(call: str) -> None:
        if call == "take_snapshots":
            tries.append(call)
            if len(tries) == 1:
                del engine.marks["tank/a/b"]
                gone = NotFound(
                    operation="snapshot", target="tank/a/b", errno=2, reason="it is gone"
                )
                raise BatchError(operation="snapshot", failures=[gone])

    engine.before = vanish
    done = run(engine, "snapshot", tmp_path)
    assert done == LastRun("tank/a", "snapshot", NOON, NOON + 1, taken=1, dataset_guid=GUID)
    assert len(tries) == 2


def test_a_prune_run_counts_the_snapshots_that_go(tmp_path: Path) -> None:
    """A prune follows the stored policy, on the dataset and all below it."""
    engine = fake()
    for _ in range(3):
        run(engine, "snapshot", tmp_path)
    engine.marks["tank/a/b"] = {POLICY_PROPERTY: "keep=2"}
    engine.marks["tank/c"] = {SCHEDULE_PROPERTY: "daily", POLICY_PROPERTY: "keep=1"}
    for _ in range(2):
        run(engine, "snapshot", tmp_path, "tank/c")
    done = run(engine, "prune", tmp_path)
    assert done is not None
    assert (done.job, done.taken, done.destroyed, done.error) == ("prune", 0, 3, "")
    left = sorted(name.partition("@")[0] for name in engine.taken)
    assert left == ["tank/a", "tank/a/b", "tank/a/b", "tank/c", "tank/c"]


def test_a_run_leaves_the_work_to_one_under_way(tmp_path: Path) -> None:
    """While another run of the job has the lock, nothing is taken or noted."""
    engine = fake()
    with locked(os.fspath(tmp_path), "snapshot", GUID):
        assert run(engine, "snapshot", tmp_path) is None
    assert engine.taken == {}
    assert last_run(os.fspath(tmp_path), "snapshot", GUID) is None


def test_a_failure_is_noted_and_raised(tmp_path: Path) -> None:
    """The note has the reason; without a dataset it goes by the dataset's name."""
    folder = os.fspath(tmp_path)
    with pytest.raises(NotFound):
        run(fake(), "prune", tmp_path, "tank/none")
    missed = reported_run(folder, "prune", "tank/none", 7)
    assert missed is not None
    assert (missed.began, missed.ended, missed.dataset_guid) == (NOON, NOON + 1, 0)
    with pytest.raises(PolicyError):
        run(fake(policy="nonsense"), "prune", tmp_path)
    failed = last_run(folder, "prune", GUID)
    assert failed is not None
    assert "nonsense" in failed.error


def noted(folder: Path, job: str, began: int) -> None:
    """Note that a job on tank/a began at some time."""
    note(os.fspath(folder), LastRun("tank/a", job, began, began + 1, dataset_guid=GUID))


@pytest.mark.parametrize(
    ("schedule", "began", "due"),
    [
        ("hourly", NOON - 61, True),
        # A run may begin a minute early by a clock that was set back.
        ("hourly", NOON - 60, False),
        ("hourly", NOON, False),
        ("daily@11:00", NOON - 2 * 3600, True),
        ("daily@11:00", NOON - 3600, False),
        # A note from the future tells of a wrong clock, and is not trusted.
        ("hourly", NOON + 60, True),
        # These have no instants to be due at, so the run itself decides.
        ("none", NOON, True),
        ("often", NOON, True),
    ],
)
def test_a_run_is_due_once_after_each_instant(
    tmp_path: Path, schedule: str, began: int, *, due: bool
) -> None:
    """A job is due if its last run began before the last instant of its cadence."""
    noted(tmp_path, "snapshot", began)
    engine, folder = fake(schedule).seam, os.fspath(tmp_path)
    assert is_due(engine, "snapshot", "tank/a", folder, NOON + 30) == due
    later = is_due(engine, "snapshot", "tank/a", folder, NOON + 3600)
    assert later == (due or schedule == "hourly")


@pytest.mark.parametrize(
    ("policy", "began", "due"),
    [
        # Tokyo's 04:00 was at 19:00 UTC the day before.
        ("keep=1 tz=Asia/Tokyo", NOON - 18 * 3600, True),
        ("keep=1 tz=Asia/Tokyo", NOON - 16 * 3600, False),
        ("keep=1", NOON - 16 * 3600, True),
        ("", NOON - 16 * 3600, True),
        ("", NOON - 7 * 3600, False),
        # A prune with consent follows this policy, so its zone counts, too.
        ("keep=0 tz=Asia/Tokyo", NOON - 16 * 3600, False),
        ("keep=1 tz=No/Where", NOON, True),
        ("nonsense", NOON, True),
    ],
)
def test_a_run_is_due_by_the_zone_of_the_policy(
    tmp_path: Path, policy: str, began: int, *, due: bool
) -> None:
    """A time of day is one of the policy's zone, of UTC without one; else a run is due."""
    noted(tmp_path, "snapshot", began)
    engine = fake("daily@04:00", policy)
    if not policy:
        del engine.marks["tank/a"][POLICY_PROPERTY]
    assert is_due(engine.seam, "snapshot", "tank/a", os.fspath(tmp_path), NOON) == due


def test_the_zone_may_be_one_of_an_inherited_policy(tmp_path: Path) -> None:
    """A policy that was set above counts as well as one on the dataset itself."""
    noted(tmp_path, "snapshot", NOON - 16 * 3600)
    engine, folder = Heirs("tank", "tank/a"), os.fspath(tmp_path)
    engine.marks["tank/a"][SCHEDULE_PROPERTY] = "daily@04:00"
    for zone, due in (("UTC", True), ("Asia/Tokyo", False)):
        engine.marks["tank"][POLICY_PROPERTY] = f"keep=1 tz={zone}"
        assert is_due(engine.seam, "snapshot", "tank/a", folder, NOON) == due


def test_each_job_is_due_by_its_own_cadence_and_note(tmp_path: Path) -> None:
    """Pruning comes half an hour after the snapshots, and has a note of its own."""
    engine, folder = fake("daily@11:00").seam, os.fspath(tmp_path)
    noted(tmp_path, "prune", NOON - 3600)
    assert is_due(engine, "prune", "tank/a", folder, NOON)
    assert is_due(engine, "snapshot", "tank/a", folder, NOON)
    noted(tmp_path, "prune", NOON - 1800)
    assert not is_due(engine, "prune", "tank/a", folder, NOON)
    noted(tmp_path, "prune", NOON)  # a note of this very second is no wrong clock's
    assert not is_due(engine, "prune", "tank/a", folder, NOON)


def test_an_alarm_of_a_run_names_the_command_in_full(tmp_path: Path) -> None:
    """Nobody typed the command of a scheduled prune, so its hint is one to paste."""
    engine = fake(policy="daily=1")
    for _ in range(6):
        run(engine, "snapshot", tmp_path)
    now = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    for name, found in engine.taken.items():
        engine.taken[name] = replace(found, creation=int(now) + found.createtxg)
    with pytest.raises(PlanError, match="4 of the 6 snapshots in scope") as alarmed:
        run(engine, "prune", tmp_path)
    assert alarmed.value.hint == (
        "`zfstune prune -n -r tank/a` shows the plan; to destroy them anyway, add --force "
        "(in Python: force=True)"
    )
    failed = last_run(os.fspath(tmp_path), "prune", GUID)
    assert failed is not None
    assert failed.error == str(alarmed.value)


def test_a_prune_of_some_notes_the_others(tmp_path: Path) -> None:
    """Datasets that failed are noted with their reasons, a line each."""
    engine = fake()
    for _ in range(2):
        run(engine, "snapshot", tmp_path)
    engine.marks["tank/a/b"] = {POLICY_PROPERTY: "often"}
    engine.marks["tank/a/c"] = {POLICY_PROPERTY: "seldom"}
    done = run(engine, "prune", tmp_path)
    assert done is not None
    lines = done.error.splitlines()
    assert [line.partition(": cannot follow")[0] for line in lines] == [
        "left 'tank/a/b' as it is",
        "left 'tank/a/c' as it is",
    ]
    assert done == LastRun(
        "tank/a", "prune", NOON, NOON + 1, done.error, destroyed=1, dataset_guid=GUID
    )


def test_other_failures_of_a_snapshot_run_end_it(tmp_path: Path) -> None:
    """Only datasets that are gone are passed over, and only once."""
    engine = fake()
    tries = []

    def refuse(call: str) -> None:
        if call == "take_snapshots":
            tries.append(call)
            failures: list[EngineError] = [
                NotFound(operation="snapshot", target="a", errno=2, reason="it is gone"),
                EngineError(operation="snapshot", target="b", errno=5, reason="I/O error"),
            ]
            raise BatchError(operation="snapshot", failures=failures)

    engine.before = refuse
    with pytest.raises(BatchError):
        run(engine, "snapshot", tmp_path)
    assert len(tries) == 1


def test_jobs_that_never_ran_are_due_snapshots_first(tmp_path: Path) -> None:
    """Each job is due until it is noted; a policy that lets nothing go has no pruning."""
    folder = os.fspath(tmp_path)
    engine = fake("daily").seam
    both = [("snapshot", "tank/a"), ("prune", "tank/a")]
    assert due_runs(engine, folder, NOON) == (both, [], True)
    noted(tmp_path, "snapshot", NOON - 60)
    assert due_runs(engine, folder, NOON)[0] == both[1:]
    noted(tmp_path, "prune", NOON - 60)
    assert due_runs(engine, folder, NOON) == ([], [], True)
    assert due_runs(engine, folder, NOON + 86400)[0] == both
    keeps_all = fake("daily", "never").seam
    assert due_runs(keeps_all, folder, NOON + 86400)[0] == both[:1]


def test_snapshots_of_all_datasets_come_before_any_prune(tmp_path: Path) -> None:
    """Of each job the datasets are in the order of their names."""
    engine = fake("daily")
    engine.marks["tank/c"] = dict(engine.marks["tank/a"])
    assert due_runs(engine.seam, os.fspath(tmp_path), NOON)[0] == [
        (job, name) for job in ("snapshot", "prune") for name in ("tank/a", "tank/c")
    ]


@pytest.mark.parametrize(
    ("schedule", "policy", "began", "due"),
    [
        ("hourly", "never", NOON - 1, True),
        ("hourly", "never", NOON, False),
        # Tokyo's 04:00 was at 19:00 UTC the day before.
        ("daily@04:00", "never; keep=1 tz=Asia/Tokyo", NOON - 16 * 3600, False),
        ("daily@04:00", "never; keep=1 tz=Asia/Tokyo", NOON - 18 * 3600, True),
        ("daily@04:00", "never; keep=1", NOON - 16 * 3600, True),
    ],
)
def test_when_the_next_run_of_a_dataset_is_due(
    tmp_path: Path, schedule: str, policy: str, began: int, *, due: bool
) -> None:
    """It is due from the very second of its instant on, in the policy's zone."""
    noted(tmp_path, "snapshot", began)
    runs, _, _ = due_runs(fake(schedule, policy).seam, os.fspath(tmp_path), NOON)
    assert (("snapshot", "tank/a") in runs) == due


def test_schedules_that_cannot_be_followed_are_told(tmp_path: Path) -> None:
    """A fault is returned beside the runs, and a machine without schedules is told."""
    folder = os.fspath(tmp_path)
    for engine, told in (
        (fake("often"), "'often'"),
        (fake("daily", "daily=3 tz=No/Where"), "No/Where"),
    ):
        runs, [fault], any_schedule = due_runs(engine.seam, folder, NOON)
        assert (runs, any_schedule) == ([], True)
        assert told in str(fault)
    assert due_runs(FakeEngine("tank").seam, folder, NOON) == ([], [], False)


def test_replication_sends_what_is_taken_along(tmp_path: Path) -> None:
    """To each target, below it; a target that fails stops no other, nor does a dataset."""
    engine = fake()
    engine.marks["tank/a"][REPLICATE_PROPERTY] = "host:back/a,away:x,full:x"
    noted = run(engine, "replicate", tmp_path)
    assert noted is not None
    assert (noted.sent, noted.taken) == (7, 0)
    assert noted.error.splitlines() == [
        "cannot send 'tank/a': no way to 'away:x'",
        "cannot send 'tank/a/b': it is full",
    ]
    engine.marks["tank/a"][REPLICATE_PROPERTY] = "full:all"
    with pytest.raises(PlanError, match="it is full"):
        run(engine, "replicate", tmp_path)


def test_those_with_a_schedule_of_their_own_go_by_it(tmp_path: Path) -> None:
    """So do those that are too new to have a snapshot: their first one takes them along."""
    engine = fake()
    engine.marks["tank/a"][REPLICATE_PROPERTY] = "host:back/a"
    engine.marks["tank/a/b"] = {SCHEDULE_PROPERTY: "none"}
    noted_run = run(engine, "replicate", tmp_path)
    assert noted_run is not None
    assert noted_run.sent == 3
    del engine.marks["tank/a/b"]
    for made, count in ((NOON - 9, 4), (NOON, 3), (NOON + 9, 3), (NOON + 10, 4)):
        engine.marks["tank/a/b"] = {"creation": str(made)}
        if made == NOON + 10:  # by a clock that was wrong
            engine.taken["tank/a/b@x"] = Snapshot("tank/a/b@x", 7, 7)
        noted(tmp_path, "snapshot", NOON)
        noted_run = run(engine, "replicate", tmp_path)
        assert noted_run is not None
        assert noted_run.sent == count


def test_replication_that_gets_nowhere_fails(tmp_path: Path) -> None:
    """It is noted, and the next snapshot is due all the same."""
    engine = fake()
    engine.marks["tank/a"][REPLICATE_PROPERTY] = "away:x"
    with pytest.raises(PlanError, match="no way to 'away:x'") as failed:
        run(engine, "replicate", tmp_path)
    assert failed.value.hint == "wait"
    due, faults, _ = due_runs(engine.seam, os.fspath(tmp_path), NOON + 3600)
    assert faults == []
    assert [job for job, _ in due] == ["snapshot", "replicate", "prune"]
    del engine.marks["tank/a"][REPLICATE_PROPERTY]
    with pytest.raises(PlanError, match="no target is stored on it"):
        run(engine, "replicate", tmp_path)


def test_replication_comes_between_snapshots_and_prunes(tmp_path: Path) -> None:
    """Of all datasets, when the host was off for a while."""
    engine = fake()
    for name in ("tank/a", "tank/c"):
        engine.marks[name] |= {SCHEDULE_PROPERTY: "hourly", POLICY_PROPERTY: "keep=1"}
        engine.marks[name][REPLICATE_PROPERTY] = "host:back"
    due, _, _ = due_runs(engine.seam, os.fspath(tmp_path), NOON)
    assert [job for job, _ in due] == ["snapshot"] * 2 + ["replicate"] * 2 + ["prune"] * 2
