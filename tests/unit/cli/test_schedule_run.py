"""``zfstune schedule run``: one job for a timer, with its note and its status."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import TYPE_CHECKING

from zfstune.cli import schedule_run
from zfstune.schedules.last_run import LastRun

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_one_snapshot(run: Run, tank: Heirs, tmp_path: Path) -> None:
    """The job prints how many it took, and notes the run in the folder of --state."""
    words = ("--image", "x", "schedule", "run", "--state", str(tmp_path), "--once")
    status, out, err = run(*words, "snapshot", "tank/a")
    assert (status, err) == (0, "")
    assert out.startswith("tank/a: took ")
    assert len(tank.taken) == 2
    assert any(tmp_path.iterdir())


def test_one_prune(run: Run, tank: Heirs, tmp_path: Path) -> None:
    """The prune follows the stored policy; with --json its note is a line of JSON."""
    tank.take("tank/a", range(3))
    tank.set("tank/a", {"org.zfstune:policy": "keep=2"})
    words = ("--image", "x", "schedule", "run", "--state", str(tmp_path), "--once")
    status, out, _ = run(*words, "prune", "tank/a", "--json")
    assert (status, json.loads(out)["destroyed"]) == (0, 1)
    assert tank.count("tank/a") == 2
    assert run(*words, "prune", "tank/a")[1] == "tank/a: destroyed 0\n"


def test_a_job_that_fails(run: Run, tank: Heirs, tmp_path: Path) -> None:
    """A dataset that does not exist is an error, which the note has as well."""
    words = ("--image", "x", "schedule", "run", "--state", str(tmp_path), "--once")
    status, out, err = run(*words, "snapshot", "tank/nosuch")
    assert (status, out) == (1, "")
    assert "'tank/nosuch'" in err
    assert tank.taken == {}
    status, out, _ = run(*words, "snapshot", "tank/nosuch", "--json")
    document = json.loads(out)
    assert (status, out.count("\n"), document["format"]) == (1, 1, "zfstune.error")
    assert document["errors"][0]["target"] == "tank/nosuch"


def test_a_run_that_partly_fails(
    run: Run, tank: Heirs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its line has what was done, and an error for each line of the note."""
    note = LastRun("tank/a", "prune", 1, 2, "cannot: a\ncannot: b", destroyed=3)
    monkeypatch.setattr(schedule_run, "run_job", lambda *_, **__: note)
    words = ("--image", "x", "schedule", "run", "--state", str(tmp_path), "--once")
    status, out, err = run(*words, "prune", "tank/a", "--json")
    document = json.loads(out)
    assert (status, document["destroyed"], document["changed"]) == (3, 3, True)
    assert [e["message"] for e in document["errors"]] == ["cannot: a", "cannot: b"]
    assert "cannot: a" in err
    assert tank.taken == {}


def test_a_replication_that_lasts_stops_no_snapshot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another process does it on the kernel's ZFS; an image has room for one alone."""
    beside: list[Callable[[], int]] = []
    done: list[tuple[str, ...]] = []

    def every_minute(_: object, jobs: tuple[str, ...]) -> int:
        done.append(jobs)
        return 0

    monkeypatch.setattr(schedule_run, "_every_minute", every_minute)
    monkeypatch.setattr(schedule_run, "start_beside", beside.append)
    schedule_run.run_forever(Namespace(image=None))
    assert done.pop() == ("snapshot", "prune")
    (replicating,) = beside
    replicating()
    assert done.pop() == ("replicate",)
    schedule_run.run_forever(Namespace(image="x"))
    assert done == [("snapshot", "replicate", "prune")]
    assert len(beside) == 1
