"""Runs of schedules on an image: what is due, what is done, and what is noted."""

from __future__ import annotations

import json
import os
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.cli import schedule_run
from zfstune.cli.main import main
from zfstune.cli.schedule_run import _replicate
from zfstune.engine.image import ImageEngine, create_image
from zfstune.retention.policy_text import parse_policy
from zfstune.retention.store import set_policy
from zfstune.schedules.last_run import LastRun
from zfstune.schedules.note import last_run, locked, note, reported_run
from zfstune.schedules.run import due_runs, is_due, run_job
from zfstune.schedules.schedule import scheduled
from zfstune.schedules.store import set_schedule
from zfstune.values.errors import NotFound, PlanError, PolicyError
from zfstune.values.marks import (
    POLICY_PROPERTY,
    REPLICATE_PROPERTY,
    REPLICATE_WITH_PROPERTY,
    SCHEDULE_PROPERTY,
)

if TYPE_CHECKING:
    from pathlib import Path

NOON = int(datetime(2026, 11, 23, 12, 10, tzinfo=UTC).timestamp())


def run(
    engine: ImageEngine, job: str, dataset: str, folder: Path, now: int = NOON
) -> LastRun | None:
    """Run a job as a timer does, on an engine that stays open."""
    return run_job(
        lambda: nullcontext(engine),
        job,
        dataset,
        os.fspath(folder),
        lambda: now,
        replicate=_replicate,
    )


def test_runs_take_and_prune_and_say_so(engine: ImageEngine, tmp_path: Path) -> None:
    """Those below are taken along, at one instant, unless they say otherwise."""
    for name in ("tank/a/b", "tank/a/c/d", "tank/a/e"):
        engine.create(name, parents=True)
    engine.set("tank/a", {SCHEDULE_PROPERTY: "hourly", POLICY_PROPERTY: "keep=1"})
    engine.set("tank/a/c", {SCHEDULE_PROPERTY: "none"})
    engine.set("tank/a/e", {SCHEDULE_PROPERTY: "daily"})
    [first, second] = scheduled(engine)
    assert first.members == ("tank/a", "tank/a/b")
    assert (second.dataset, second.members) == ("tank/a/e", ("tank/a/e",))
    for _ in range(3):
        took = run(engine, "snapshot", "tank/a", tmp_path)
        assert took is not None
        assert took.taken == 2
    [s, *_], [t, *_] = (engine.snapshots(name) for name in ("tank/a", "tank/a/b"))
    assert s.createtxg == t.createtxg
    assert engine.snapshots("tank/a/c/d") == []
    engine.hold(["tank/a@" + s.short_name], "mine")
    done = run(engine, "prune", "tank/a", tmp_path)
    assert done is not None
    assert (done.destroyed, done.spared) == (3, 1)
    guid = engine.dataset("tank/a").guid
    assert last_run(os.fspath(tmp_path), "prune", guid) == done
    with locked(os.fspath(tmp_path), "prune", guid):
        assert run(engine, "prune", "tank/a", tmp_path) is None
    engine.release(["tank/a@" + s.short_name], "mine")


def test_a_run_that_fails_is_noted(engine: ImageEngine, tmp_path: Path) -> None:
    """With its reason, and the caller learns of it too."""
    with pytest.raises(NotFound):
        run(engine, "snapshot", "tank/none", tmp_path)
    noted = reported_run(os.fspath(tmp_path), "snapshot", "tank/none", 1)
    assert noted is not None
    assert "does not exist" in noted.error
    engine.create("tank/a")
    with pytest.raises(PolicyError):
        run(engine, "prune", "tank/a", tmp_path)
    noted = last_run(os.fspath(tmp_path), "prune", engine.dataset("tank/a").guid)
    assert noted is not None
    assert "no rule says what to keep" in noted.error


def test_another_pool_of_the_name_did_not_run(engine: ImageEngine, tmp_path: Path) -> None:
    """A second disk, or a pool made anew: what was noted of the first is not of it."""
    engine.create("tank/a")
    set_schedule(engine, "tank/a", "daily")
    set_policy(engine, "tank/a", parse_policy("daily=3"))
    folder = os.fspath(tmp_path)
    run(engine, "snapshot", "tank/a", tmp_path)
    run(engine, "prune", "tank/a", tmp_path)
    assert due_runs(engine, folder, NOON)[0] == []
    second = tmp_path / "second.zpool"
    with create_image(second, size_bytes=1 << 28) as other:
        other.create("tank/a")
        set_schedule(other, "tank/a", "daily")
        set_policy(other, "tank/a", parse_policy("daily=3"))
        due = [("snapshot", "tank/a"), ("prune", "tank/a")]
        assert due_runs(other, folder, NOON)[0] == due
        run(other, "snapshot", "tank/a", tmp_path)
        assert due_runs(other, folder, NOON)[0] == due[1:]
        # at the same time, neither is in the other's way
        with locked(folder, "snapshot", engine.dataset("tank/a").guid):
            assert run(other, "snapshot", "tank/a", tmp_path) is not None
    assert due_runs(engine, folder, NOON)[0] == []


def test_whether_a_timers_run_is_due(engine: ImageEngine, tmp_path: Path) -> None:
    """Once a night by the wall clock of Berlin, though its timer fires twice."""
    engine.create("tank/a")
    set_schedule(engine, "tank/a", "daily@02:05")
    set_policy(engine, "tank/a", parse_policy("daily=3 tz=Europe/Berlin"))
    folder, guid = os.fspath(tmp_path), engine.dataset("tank/a").guid

    def due(text: str) -> bool:
        now = int(datetime.fromisoformat(text + "Z").timestamp())
        found = is_due(engine, "snapshot", "tank/a", folder, now)
        if found:
            note(folder, LastRun("tank/a", "snapshot", now, now, dataset_guid=guid))
        return found

    nights = {  # the instants at which the timer fires, in UTC, by whether it is due
        "2026-03-28": (False, True),
        "2026-03-29": (False, True),  # 02:05 does not exist, and is 03:05
        "2026-03-30": (True, False),
        "2026-10-24": (True, False),
        "2026-10-25": (True, False),  # 02:05 comes twice
        "2026-10-26": (False, True),
    }
    assert due("2026-03-27T12:00")  # it never ran
    assert not due("2026-03-27T13:00")
    for night, expected in nights.items():
        if night == "2026-10-24":
            assert due("2026-10-23T12:00")
        assert (due(f"{night}T00:05"), due(f"{night}T01:05")) == expected
    # a clock that is set back by a trifle as the timer fires
    assert due("2026-10-27T01:04:59")
    assert not due("2026-10-27T01:05:01")
    assert due("2026-10-26T12:00")  # what was noted is of a time to come: not to be trusted
    engine.set("tank/a", {POLICY_PROPERTY: "daily=3 tz=No/Where"})
    assert due("2026-10-26T12:01")  # when in doubt
    engine.set("tank/a", {SCHEDULE_PROPERTY: "often"})
    assert due("2026-10-26T12:01")
    set_schedule(engine, "tank/a", "none")
    assert due("2026-10-26T12:02")
    with pytest.raises(NotFound):
        is_due(engine, "snapshot", "tank/none", folder, NOON)


def test_a_prune_that_failed_in_part_is_noted(
    engine: ImageEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What went is counted, and the note has the reason why the rest did not."""
    engine.create("tank/a")

    class Partly:
        destroyed = ("tank/a@1",)
        spared = ()
        failed = {"tank/a/b": PolicyError("cannot follow its policy: why")}  # noqa: RUF012

    monkeypatch.setattr("zfstune.schedules.run.prune", lambda *_, **__: Partly())
    done = run(engine, "prune", "tank/a", tmp_path)
    assert done is not None
    error = "left 'tank/a/b' as it is: cannot follow its policy: why"
    assert (done.destroyed, done.error) == (1, error)
    assert last_run(os.fspath(tmp_path), "prune", done.dataset_guid) == done


def test_a_plan_that_looks_wrong_fails_the_run(engine: ImageEngine, tmp_path: Path) -> None:
    """A timer never insists: what takes --force is for a human."""
    engine.create("tank/a b")
    engine.set("tank/a b", {SCHEDULE_PROPERTY: "hourly", POLICY_PROPERTY: "keep=2"})
    for _ in range(13):
        zfstune.snapshot("tank/a b", engine=engine)
    with pytest.raises(PlanError, match="more than half") as refused:
        run(engine, "prune", "tank/a b", tmp_path)
    assert refused.value.hint == (
        "`zfstune prune -n -r 'tank/a b'` shows the plan; "
        "to destroy them anyway, add --force (in Python: force=True)"
    )
    assert len(engine.snapshots("tank/a b")) == 13


def test_what_is_due(engine: ImageEngine, tmp_path: Path) -> None:
    """What never ran, and what was last begun before it was last due; snapshots first."""
    folder = os.fspath(tmp_path)
    for name, every in (("a", "hourly"), ("b", "daily@02:05"), ("c", "hourly")):
        engine.create(f"tank/{name}")
        set_schedule(engine, f"tank/{name}", every)
        set_policy(
            engine, f"tank/{name}", parse_policy("never" if name == "c" else "daily=3")
        )
    all_of_them = [
        ("snapshot", "tank/a"),
        ("snapshot", "tank/b"),
        ("snapshot", "tank/c"),
        ("prune", "tank/a"),
        ("prune", "tank/b"),
    ]
    assert due_runs(engine, folder, NOON) == (all_of_them, [], True)
    for job, dataset in all_of_them:
        guid = engine.dataset(dataset).guid
        began = NOON - 15 * 60  # at 11:55
        note(folder, LastRun(dataset, job, began, NOON, dataset_guid=guid))
    assert due_runs(engine, folder, NOON)[0] == [
        ("snapshot", "tank/a"),
        ("snapshot", "tank/c"),
    ]
    assert due_runs(engine, folder, NOON - 11 * 60) == ([], [], True)
    assert ("prune", "tank/a") in due_runs(engine, folder, NOON + 20 * 60)[0]
    assert len(due_runs(engine, folder, NOON + 15 * 3600)[0]) == 5
    set_policy(engine, "tank/b", parse_policy("daily=3 tz=Asia/Tokyo"))
    assert ("snapshot", "tank/b") in due_runs(engine, folder, NOON + 5 * 3600)[0]


def test_the_loop_says_that_nothing_has_a_schedule(
    engine: ImageEngine,
    file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once, and it goes on looking."""
    engine.close()
    looks = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(schedule_run, "_sleep", sleep)
    assert main(["--image", os.fspath(file), "schedule", "run"]) == 130
    assert capsys.readouterr().err.splitlines()[:2] == [
        "zfstune: no dataset has a schedule: waiting until one has",
        "hint: profiles come with a schedule, as in `zfstune apply web`",
    ]


def test_runs_on_an_image_are_noted_beside_it(
    engine: ImageEngine,
    file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not in the host's folder, where they would be told of the host's datasets."""
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    zfstune.apply("web", owner=False, engine=engine)
    guid = engine.dataset("tank/data/www").guid
    engine.close()
    run_it = ["--image", os.fspath(file), "schedule", "run", "--once", "snapshot"]
    assert main([*run_it, "tank/data/www"]) == 0
    folder = file.with_name(file.name + ".runs")
    assert sorted(path.name for path in folder.iterdir()) == [
        f"snapshot@{guid}.lock",
        f"snapshot@{guid}.run.json",
    ]
    capsys.readouterr()
    assert main(["--image", os.fspath(file), "schedule", "show", "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)["schedules"]
    assert row["runs"]["snapshot"]["dataset_guid"] == str(guid)
    assert main([*run_it, "--if-due", "tank/data/www"]) == 0
    assert (
        capsys.readouterr().out
        == "tank/data/www: the snapshot is not due, or was done already\n"
    )
    with pytest.raises(SystemExit):
        main(["--image", os.fspath(file), "schedule", "run", "--if-due"])


def test_the_loop_does_what_is_due(
    engine: ImageEngine,
    file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once, though it looks three times; and what cannot be done does not end it."""
    for name in ("a", "b"):
        engine.create(f"tank/{name}")
        set_schedule(engine, f"tank/{name}", "daily")
    set_policy(engine, "tank/a", parse_policy("daily=3"))
    engine.hold(zfstune.snapshot("tank/b", engine=engine), "mine")
    engine.set("tank/b", {POLICY_PROPERTY: "daily=3 tz=No/Where"})
    engine.close()
    looks = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 1:  # one that cannot be followed; the next look finds it mended
            with ImageEngine(file) as again:
                assert len(again.snapshots("tank/a")) == 1
                again.set("tank/b", {POLICY_PROPERTY: "never"})
        if len(looks) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(schedule_run, "_sleep", sleep)
    state = os.fspath(tmp_path / "state")
    status = main(["--image", os.fspath(file), "schedule", "run", "--state", state])
    assert status == 130
    out, error = capsys.readouterr()
    assert out.splitlines() == ["tank/a: took 1", "tank/a: destroyed 0", "tank/b: took 1"]
    assert error.count("no such zone") == 1
    assert all(0 < seconds <= 60 for seconds in looks)
    with ImageEngine(file) as again:
        assert len(again.snapshots("tank/a")) == 1
        assert len(again.snapshots("tank/b")) == 2


def test_a_run_replicates_before_the_prune(engine: ImageEngine, tmp_path: Path) -> None:
    """What the targets lack stays, however often the prune runs; then the count decides."""
    engine.create("tank/a/b", parents=True)
    engine.set("tank/a", {SCHEDULE_PROPERTY: "hourly"})
    engine.set("tank/a", {POLICY_PROPERTY: "keep=1 unreplicated"})
    engine.set("tank/a", {REPLICATE_PROPERTY: "tank/copy,away/copy"})
    for _ in range(3):
        run(engine, "snapshot", "tank/a", tmp_path)
    pruned = run(engine, "prune", "tank/a", tmp_path)
    assert pruned is not None
    assert pruned.destroyed == 0
    replicated = run(engine, "replicate", "tank/a", tmp_path)
    assert replicated is not None
    assert replicated.sent == 6
    assert [line[:30] for line in replicated.error.splitlines()] == [
        "cannot send to 'away/copy': 'a",
    ]
    assert len(engine.snapshots("tank/copy/b")) == 3
    pruned = run(engine, "prune", "tank/a", tmp_path)
    assert pruned is not None
    assert (pruned.destroyed, pruned.error) == (4, "")
    again = run(engine, "replicate", "tank/a", tmp_path)
    assert again is not None
    assert again.sent == 0


def test_a_schedule_replicates_a_tree(
    engine: ImageEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Renames are followed, new datasets come along, and copies without a source stay."""
    for name in ("tank/a/b", "tank/a/c", "tank/a/own", "tank/a/unsent"):
        engine.create(name, parents=True)
    engine.set("tank/a", {SCHEDULE_PROPERTY: "hourly", REPLICATE_PROPERTY: "tank/copy"})
    engine.set("tank/a", {POLICY_PROPERTY: "keep=1 unreplicated"})
    engine.set("tank/a/own", {SCHEDULE_PROPERTY: "none"})
    engine.set("tank/a/unsent", {REPLICATE_PROPERTY: "none"})
    options = "--properties --exclude-property com.example:backup=no"
    engine.set("tank/a", {REPLICATE_WITH_PROPERTY: options, "compression": "zstd"})
    engine.create("tank/a/secret", properties={"com.example:backup": "no"})
    run(engine, "snapshot", "tank/a", tmp_path)
    run(engine, "replicate", "tank/a", tmp_path)
    copies = {d.name for d in engine.datasets("tank/copy")}
    assert copies == {"tank/copy", "tank/copy/b", "tank/copy/c"}
    assert engine.dataset("tank/copy").local("compression") == "zstd"
    engine.rename("tank/a/b", "tank/a/renamed")
    for snapshot in engine.snapshots("tank/a/c"):
        engine.destroy_snapshots([snapshot.name])
    engine.destroy("tank/a/c")
    engine.create("tank/a/new")
    early = run(engine, "replicate", "tank/a", tmp_path)  # it has no snapshot yet
    assert early is not None
    assert (early.sent, early.error) == (0, "")
    assert "tank/copy/c stays: its source is not below tank/a any more" in (
        capsys.readouterr().err
    )
    run(engine, "snapshot", "tank/a", tmp_path)
    done = run(engine, "replicate", "tank/a", tmp_path)
    assert done is not None
    assert (done.sent, done.error) == (3, "")
    copies = {d.name for d in engine.datasets("tank/copy")}
    assert copies == {"tank/copy"} | {f"tank/copy/{n}" for n in ("c", "new", "renamed")}
    # Each dataset's own base is kept, and no more than that is.
    engine.take_snapshots(["tank/a/new@zfstune-20300101T000000Z"])
    run(engine, "snapshot", "tank/a", tmp_path)
    pruned = run(engine, "prune", "tank/a", tmp_path)
    assert pruned is not None
    assert pruned.error == ""
    assert [len(engine.snapshots(f"tank/a/{n}")) for n in ("renamed", "new")] == [1, 2]
    run(engine, "replicate", "tank/a", tmp_path)
    assert len(engine.snapshots("tank/copy/renamed")) == 3
