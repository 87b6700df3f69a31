"""prune on an image: consent is stored, troubles stay where they are, dates are far."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.cli.main import main
from zfstune.retention import examine
from zfstune.schedules.run import run_job
from zfstune.schedules.schedule import targets
from zfstune.values.errors import PolicyError
from zfstune.values.marks import POLICY_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zfstune.engine.image import ImageEngine

    Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(file: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Give the command, on the image."""

    def call(*argv: str) -> tuple[int, str, str]:
        status = main(["--image", os.fspath(file), *argv])
        return status, *capsys.readouterr()

    return call


def filled(engine: ImageEngine, *datasets: str, count: int = 3) -> None:
    """Make datasets with snapshots of ours."""
    for name in datasets:
        engine.create(name, parents=True)
        for _ in range(count):
            zfstune.snapshot(name, engine=engine)


def test_what_was_consented_to_goes_by_a_bare_prune(engine: ImageEngine, run: Run) -> None:
    """``policy set`` asks for consent once; prune and a timer's run go by it."""
    filled(engine, "tank/a", "tank/b")
    engine.close()
    status, _, said = run("policy", "set", "tank/a", "match=* keep=0")
    assert status == 2
    assert "--all-of-them" in said
    status, out, _ = run("policy", "set", "--all-of-them", "tank/a", "match=* keep=0")
    assert (status, out) == (0, "tank/a: match=* keep=0 all-of-them\n")
    assert "match=* keep=0 all-of-them" in run("policy", "show", "-H")[1]
    status, out, said = run("prune")
    assert (status, out, said) == (0, "tank/a: destroyed 3, kept 0\n", "")
    assert run("policy", "set", "tank/a", "keep=0 all-of-them")[0] == 0


def test_one_dataset_is_left_and_the_others_are_pruned(
    engine: ImageEngine, run: Run
) -> None:
    """The command names it, and ends with 3; with 1 where there is no other."""
    filled(engine, "tank/a b", "tank/c", count=5)
    engine.set("tank/a b", {POLICY_PROPERTY: "keep=0"})
    engine.set("tank/c", {POLICY_PROPERTY: "keep=2"})
    engine.close()
    status, out, said = run("prune")
    assert (status, out) == (3, "tank/c: destroyed 3, kept 2\n")
    assert "left 'tank/a b' as it is: cannot follow the policy of 'tank/a b'" in said
    assert "zfstune policy set --all-of-them 'tank/a b' keep=0" in said
    status, out, _ = run("prune", "--json", "-n")
    assert status == 3
    assert [each["name"] for each in json.loads(out)["failed"]] == ["tank/a b"]
    [error] = json.loads(out)["errors"]
    assert (error["kind"], error["target"]) == ("PolicyError", "tank/a b")
    assert run("prune", "tank/a b")[0] == 1
    assert run("policy", "show")[0] == 3
    status, out, said = run("snapshots")
    assert status == 3
    assert out.count("tank/c@") == 2
    assert out.count("cannot follow the policy") == 5
    assert said.count("zfstune: ") == 1


def test_a_schedule_notes_what_was_left(engine: ImageEngine, tmp_path: Path) -> None:
    """A run that pruned some of its datasets destroyed so many, and failed for one."""
    filled(engine, "tank/a", "tank/a/b", count=5)
    engine.set("tank/a", {POLICY_PROPERTY: "keep=2"})
    engine.set("tank/a/b", {POLICY_PROPERTY: "keep=many"})
    run = run_job(
        lambda: engine,
        "prune",
        "tank/a",
        os.fspath(tmp_path),
        lambda: 0,
        replicate=lambda *_: 0,
    )
    assert run is not None
    assert run.destroyed == 3
    assert run.error.startswith("left 'tank/a/b' as it is: cannot follow the policy of")


def test_a_units_run_fails_for_what_was_left(
    engine: ImageEngine, run: Run, tmp_path: Path
) -> None:
    """No unit takes 3 for success, so OnFailure= is heard."""
    filled(engine, "tank/a", "tank/a/b", count=5)
    engine.set("tank/a", {POLICY_PROPERTY: "keep=2"})
    engine.set("tank/a/b", {POLICY_PROPERTY: "keep=many"})
    engine.close()
    once = ("schedule", "run", "--once", "prune", "tank/a", "--state", os.fspath(tmp_path))
    status, out, said = run(*once)
    assert (status, out) == (3, "tank/a: destroyed 3\n")
    assert "left 'tank/a/b' as it is" in said


def test_no_schedule_for_a_policy_without_consent(engine: ImageEngine) -> None:
    """Its prunes would all fail; so that is said when it is installed."""
    filled(engine, "tank/a")
    engine.set("tank/a", {POLICY_PROPERTY: "match=* keep=0"})
    with pytest.raises(PolicyError, match="every snapshot in scope"):
        targets(engine, ["tank/a"], "hourly", needs_policy=True)
    engine.set("tank/a", {POLICY_PROPERTY: "match=* keep=0 all-of-them"})
    assert targets(engine, ["tank/a"], "hourly", needs_policy=True)[0].prunes


@pytest.mark.parametrize(
    "text",
    [
        "within=999999w",
        "grid='24x1h | 9999x365d'",
        "grid=99999999x1d",
        "blocks=1s/999999999w",
        "yearly=9999",
        "hourly=99999999999",
        "keep=99999999999999",
    ],
)
def test_for_ever_is_shown_as_no_date(engine: ImageEngine, run: Run, text: str) -> None:
    """Far times are stored as they were written, and shown without a traceback."""
    filled(engine, "tank/a")
    engine.close()
    assert run("policy", "set", "tank", text)[:2] == (0, f"tank: {text}\n")
    for verb in (("snapshots", "tank/a"), ("prune", "-n"), ("snapshots", "-p")):
        status, out, said = run(*verb)
        assert (status, said) == (0, "")
        assert out.count("tank/a@") == 3
    assert run("prune")[0] == 0


def test_a_glob_that_matches_nothing_is_told(engine: ImageEngine, run: Run) -> None:
    """With the one that would have matched, on prune and where it is stored."""
    engine.create("tank/a")
    engine.take_snapshots(["tank/a@daily-1"])
    engine.close()
    for verb in (
        ("prune", "tank/a", "--keep", "1", "--match", "daily"),
        ("policy", "set", "tank/a", "--keep", "1", "--match", "daily"),
    ):
        status, _, said = run(*verb)
        assert status == 0
        assert "match 'daily' matches no snapshot" in said
        assert "'*daily*' matches 1" in said
    assert run("prune", "tank/a", "--keep", "1", "--match", "daily*")[2] == ""


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--keep", "1", "--free-target", "50"), "lacks a unit"),
        (("--keep", "1", "--free-target", "5000000000"), "lacks a unit"),
        (("--keep", "1", "--free-target", "00999%"), "1% to 99%"),
        (("--keep", "9" * 5000), "the largest number allowed"),
        (("--keep=-3",), "never negative"),
        (("--keep-daily=-3",), "never negative"),
        (("--keep", "1", "--min-keep", "9" * 5000), "the largest number allowed"),
        (("--keep", "1", "--min-keep=-1"), "never negative"),
        (("--keep-within", "9" * 5000 + "d"), "the largest number allowed"),
        (("--keep", "1", "--keep-daily", "3,"), "comma"),
    ],
)
def test_numbers_that_are_none_are_refused(
    engine: ImageEngine, run: Run, words: tuple[str, ...], reason: str
) -> None:
    """On the command line, too: an error that says which, and nothing destroyed."""
    filled(engine, "tank/a")
    engine.close()
    status, out, said = run("prune", "tank/a", *words)
    assert (status, out) == (2, "")
    assert reason in said


def test_a_count_says_what_is_dated_after_now(
    engine: ImageEngine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that was set back: they stay, by consent to none as well, and it is told."""
    filled(engine, "tank/a")
    engine.close()
    before = datetime(2020, 1, 1, tzinfo=UTC)
    monkeypatch.setattr(examine, "_now", lambda: before)
    for rule in (("--keep", "1"), ("--keep", "0", "--all-of-them")):
        status, out, said = run("prune", "tank/a", *rule)
        assert (status, out) == (0, "tank/a: destroyed 0, kept 3\n")
        assert f"{3 - int(rule[1])} snapshots beyond the count are dated after now" in said
    run("policy", "set", "tank/a", "--keep", "0", "--all-of-them")
    assert run("prune")[1] == "tank/a: destroyed 0, kept 3\n"
    monkeypatch.undo()
    assert run("prune")[1] == "tank/a: destroyed 3, kept 0\n"


def test_a_zone_that_there_is_not_is_a_wrong_call(engine: ImageEngine, run: Run) -> None:
    """Given on the command line it ends with 2, before anything is looked at."""
    filled(engine, "tank/a")
    engine.close()
    status, out, said = run("prune", "tank/a", "--keep-daily", "3", "--tz", "No/Where")
    assert (status, out) == (2, "")
    assert "no such zone" in said
