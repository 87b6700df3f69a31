"""Schedules on an image: what profiles bring along, and runs of them."""

from __future__ import annotations

import json
import os
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.cadence import SCHEDULE_PROPERTY
from zfstune.cli import main, schedule, schedule_run
from zfstune.engine.image import ImageEngine
from zfstune.errors import NotFound, PlanError, PolicyError
from zfstune.policies import set_policy
from zfstune.policy import POLICY_PROPERTY
from zfstune.policy_text import format_policy, parse_policy
from zfstune.roles import ROLES
from zfstune.run_record import LastRun
from zfstune.runs import last_run, locked, note
from zfstune.scheduling import (
    due_runs,
    role_datasets,
    run_job,
    scheduled,
    set_schedule,
    targets,
)

if TYPE_CHECKING:
    from pathlib import Path


# What the kldload postinstallers write into /etc/cron.d: when, and how many stay. The
# one for CI never prunes; ours keeps a week of it.
SEED = {
    "audit": ("hourly", "never"),
    "ci-cache": ("daily@03:00", "daily=7"),
    "grafana": ("daily@04:00", "daily=30"),
    "home": ("hourly", "hourly=48"),
    "mail": ("hourly", "hourly=72"),
    "postgres": ("daily@02:05", "daily=30"),
    "prometheus": ("daily@04:00", "daily=30"),
    "share": ("hourly", "hourly=48"),
    "www": ("hourly", "hourly=48"),
}
NOON = int(datetime(2026, 11, 23, 12, 10, tzinfo=UTC).timestamp())


def run(engine: ImageEngine, job: str, dataset: str, folder: Path) -> LastRun | None:
    """Run a job as a timer does, on an engine that stays open."""
    return run_job(
        lambda: nullcontext(engine), job, dataset, os.fspath(folder), lambda: NOON
    )


def test_the_roles_bring_the_seeds_schedules(engine: ImageEngine) -> None:
    """Each dataset of the seed's cron files, as often, and pruned to as many."""
    zfstune.apply(roles=[role.name for role in ROLES], owner=False, engine=engine)
    found = {
        each.dataset.removeprefix("tank/data/"): (
            str(each.cadence),
            each.policy and format_policy(each.policy),
        )
        for each in scheduled(engine)
    }
    assert found == SEED
    assert not zfstune.plan(
        roles=[role.name for role in ROLES], owner=False, engine=engine
    ).pending
    of = {each.dataset: each for each in scheduled(engine)}
    assert of["tank/data/mail"].members == ("tank/data/mail",)
    assert of["tank/data/postgres"].members == (
        "tank/data/postgres",
        "tank/data/postgres/data",
        "tank/data/postgres/wal",
    )
    assert not of["tank/data/audit"].prunes
    assert role_datasets(engine, ["mon"], pool=None, root=None) == [
        "tank/data/prometheus",
        "tank/data/grafana",
    ]
    assert role_datasets(engine, ["lb"], pool=None, root="tank/x") == []


def test_a_bare_prune_follows_the_profile(engine: ImageEngine) -> None:
    """After apply alone, each dataset is pruned as its profile says."""
    zfstune.apply(roles="web", engine=engine)
    zfstune.snapshot("tank/data/www", engine=engine)
    pruned = zfstune.prune(engine=engine)
    assert {n: format_policy(p) for n, p in pruned.plan.policies.items()} == {
        "tank/data/www": "hourly=48"
    }
    assert pruned.destroyed == ()


def test_what_somebody_stored_is_theirs(engine: ImageEngine) -> None:
    """Neither on the dataset nor above it does a profile change what is to stay."""
    engine.create("tank/data/home", parents=True)
    engine.set("tank/data/home", {POLICY_PROPERTY: "keep=3"})
    set_policy(engine, "tank/data", parse_policy("never"))
    plan = zfstune.plan("nfs", engine=engine)
    said = {w.dataset: w.message for w in plan.warnings if "policy" in w.message}
    assert said == {
        "tank/data/share": "org.zfstune:policy is that of tank/data, not the profile's "
        "hourly=48"
    }
    zfstune.apply("nfs", engine=engine)
    stored = {
        name: engine.dataset(f"tank/data/{name}").value(POLICY_PROPERTY)
        for name in ("home", "share")
    }
    assert stored == {"home": "keep=3", "share": "never"}
    assert len(scheduled(engine)) == 2
    set_schedule(engine, "tank/data/home", "none")
    assert not zfstune.apply("nfs", engine=engine).changed
    assert [each.dataset for each in scheduled(engine)] == ["tank/data/share"]


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
    assert last_run(os.fspath(tmp_path), "prune", "tank/a") == done
    with locked(os.fspath(tmp_path), "prune", "tank/a"):
        assert run(engine, "prune", "tank/a", tmp_path) is None
    engine.release(["tank/a@" + s.short_name], "mine")


def test_a_run_that_fails_is_noted(engine: ImageEngine, tmp_path: Path) -> None:
    """With its reason, and the caller learns of it too."""
    with pytest.raises(NotFound):
        run(engine, "snapshot", "tank/none", tmp_path)
    noted = last_run(os.fspath(tmp_path), "snapshot", "tank/none")
    assert noted is not None
    assert "does not exist" in noted.error
    engine.create("tank/a")
    with pytest.raises(PolicyError):
        run(engine, "prune", "tank/a", tmp_path)
    noted = last_run(os.fspath(tmp_path), "prune", "tank/a")
    assert noted is not None
    assert "no rule says what to keep" in noted.error


def test_a_plan_that_looks_wrong_fails_the_run(engine: ImageEngine, tmp_path: Path) -> None:
    """A timer never insists: what takes --force is for a human."""
    engine.create("tank/a")
    engine.set("tank/a", {SCHEDULE_PROPERTY: "hourly", POLICY_PROPERTY: "keep=2"})
    for _ in range(13):
        zfstune.snapshot("tank/a", engine=engine)
    with pytest.raises(PlanError, match="more than half"):
        run(engine, "prune", "tank/a", tmp_path)
    assert len(engine.snapshots("tank/a")) == 13


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
    assert due_runs(engine, folder, NOON) == (all_of_them, [])
    for job, dataset in all_of_them:
        note(folder, LastRun(dataset, job, NOON - 15 * 60, NOON))  # at 11:55
    assert due_runs(engine, folder, NOON)[0] == [
        ("snapshot", "tank/a"),
        ("snapshot", "tank/c"),
    ]
    assert due_runs(engine, folder, NOON - 11 * 60) == ([], [])
    assert ("prune", "tank/a") in due_runs(engine, folder, NOON + 20 * 60)[0]
    assert len(due_runs(engine, folder, NOON + 15 * 3600)[0]) == 5
    set_policy(engine, "tank/b", parse_policy("daily=3 tz=Asia/Tokyo"))
    assert ("snapshot", "tank/b") in due_runs(engine, folder, NOON + 5 * 3600)[0]


def test_targets_are_refused_where_snapshots_would_pile_up(engine: ImageEngine) -> None:
    """Nobody said what stays, or how often, or in words that nobody understands."""
    engine.create("tank/a")
    with pytest.raises(PolicyError, match="nobody said how often"):
        targets(engine, ["tank/a"], None, needs_policy=True)
    with pytest.raises(PolicyError, match="pile up"):
        targets(engine, ["tank/a"], "hourly", needs_policy=True)
    with pytest.raises(PolicyError, match="no schedule"):
        targets(engine, ["tank/a"], "none", needs_policy=True)
    with pytest.raises(NotFound) as no:
        targets(engine, ["tank/none"], "hourly", needs_policy=True)
    assert "zfstune apply" in no.value.hint
    [one] = targets(engine, ["tank/a", "tank/a"], "4h", needs_policy=False)
    assert (one.tz, one.prunes, str(one.cadence)) == ("UTC", False, "4h")
    engine.set("tank/a", {SCHEDULE_PROPERTY: "often"})
    with pytest.raises(PolicyError, match="follow the schedule of 'tank/a'"):
        scheduled(engine)


def test_the_command_installs(
    engine: ImageEngine,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing with -n, then files and the property, then nothing again."""
    monkeypatch.setattr(schedule, "open_meant", lambda _: nullcontext(engine))
    monkeypatch.setattr(schedule, "is_kernel_meant", lambda _: True)
    zfstune.apply("web", "audit", engine=engine)
    engine.create("tank/shop")
    units = tmp_path / "units"

    def call(*words: str) -> list[str]:
        assert main(["schedule", *words, "--dir", os.fspath(units)]) == 0
        return [line for line in capsys.readouterr().out.splitlines() if line[:1].isalpha()]

    said = call("install", "--role", "web", "-n")
    assert [line.split()[0] for line in said] == ["write", "write", "enable"] * 2
    assert not units.exists()
    assert call("install", "--role", "web") == said
    assert {line.split()[0] for line in call("install", "--role", "web")} == {"keep"}
    assert main(["schedule", "install", "tank/shop", "--every", "4h"]) == 2
    assert "pile up" in capsys.readouterr().err
    call("install", "tank/shop", "--every", "4h", "--no-prune")
    assert engine.dataset("tank/shop").local(SCHEDULE_PROPERTY) == "4h"
    call("install", "--all", "--no-prune")
    names = sorted(path.name for path in units.glob("*.timer"))
    assert names == [
        f"zfstune-snapshot-tank-{name}.timer" for name in ("data-audit", "data-www", "shop")
    ]
    [service] = units.glob("*shop.service")
    assert service.read_text().count(" schedule run --once snapshot tank/shop\n") == 1
    assert main(["schedule", "show", "--json", "--dir", os.fspath(units)]) == 0
    rows = json.loads(capsys.readouterr().out)["schedules"]
    assert [row["timers"] for row in rows] == [["snapshot"]] * 3
    assert main(["schedule", "show", "--all", "--json", "--dir", os.fspath(units)]) == 0
    assert json.loads(capsys.readouterr().out)["schedules"] == rows
    [www] = call("show", "--role", "web", "-H")
    assert www.startswith("tank/data/www\thourly")
    call("remove", "tank/shop")
    assert engine.dataset("tank/shop").local(SCHEDULE_PROPERTY) == "none"
    call("remove", "--all")
    assert [path.name for path in units.iterdir()] == ["timers.target.wants"]
    assert scheduled(engine) == []


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


def test_the_command_runs_shows_and_removes(
    engine: ImageEngine, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job on an image, what became of it, and the end of the schedule."""
    zfstune.apply("web", engine=engine)
    engine.close()
    state = ("--state", os.fspath(tmp_path / "state"))
    units = ("--dir", os.fspath(tmp_path / "units"))

    def call(*words: str) -> tuple[int, str, str]:
        code = main(["--image", os.fspath(file), "schedule", *words])
        return code, *capsys.readouterr()

    www = "tank/data/www"
    assert call("run", "--once", "snapshot", www, *state) == (0, f"{www}: took 1\n", "")
    assert call("run", "--once", "prune", www, *state) == (0, f"{www}: destroyed 0\n", "")
    told = call("run", "--once", "prune", www, "--json", *state)[1]
    assert json.loads(told)["destroyed"] == 0
    assert call("run", "--once", "prune", "tank", *state)[0] == 2
    [row] = json.loads(call("show", "--json", *state, *units)[1])["schedules"]
    assert (row["every"], row["keeps"], row["timers"]) == ("hourly", "hourly=48", [])
    assert row["runs"]["snapshot"]["taken"] == 1
    code, out, _ = call("show", "-H", *state, *units)
    assert (code, out.split("\t")[:4]) == (0, [www, "hourly", "hourly=48", "-"])
    code, _, error = call("install", "--all", *units)
    assert code == 1
    assert "schedule run" in error
    assert call("remove", www, *units)[0] == 0
    assert call("show", "-H", *state, *units) == (0, "", "")
    with pytest.raises(SystemExit):
        call("remove", *units)
    with pytest.raises(SystemExit):
        call("run", "--once", "prune")
