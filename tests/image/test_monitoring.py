"""Checks and metrics of an image: what they say is what is there."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

import zfstune
from zfstune.cli.main import main
from zfstune.health.observe import observe
from zfstune.schedules.last_run import LastRun
from zfstune.schedules.note import note
from zfstune.values.marks import SCHEDULE_PROPERTY

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.engine.image import ImageEngine


@pytest.fixture
def scheduled(engine: ImageEngine) -> ImageEngine:
    """Make an image with a dataset that is snapshotted hourly, and another below it."""
    engine.create("tank/a/b", parents=True)
    engine.create("tank/c")
    engine.set("tank/a", {SCHEDULE_PROPERTY: "hourly"})
    zfstune.snapshot("tank/a", recursive=True, engine=engine)
    engine.take_snapshots(["tank/a@mine"])
    return engine


def test_what_is_observed(scheduled: ImageEngine, tmp_path: Path) -> None:
    """Datasets with a schedule and those taken along are seen, with only their own runs."""
    folder = os.fspath(tmp_path)
    guid = scheduled.dataset("tank/a").guid
    runs = [
        # the dataset had another name then
        LastRun("tank/old", "snapshot", 1, 2, "", 2, dataset_guid=guid),
        LastRun("tank/a", "prune", 1, 2, "", 0, 3, dataset_guid=guid + 1),
        LastRun("tank/gone", "prune", 1, 2, "cannot: why"),
    ]
    for run in runs:
        note(folder, run)
    seen = observe(scheduled, [], folder)
    assert {d.dataset: (d.own, d.others) for d in seen.datasets} == {
        "tank/a": (1, 1),
        "tank/a/b": (1, 0),
    }
    assert [pool.pool for pool in seen.pools] == ["tank"]
    assert seen.runs == (LastRun("tank/a", "snapshot", 1, 2, "", 2, dataset_guid=guid),)
    [newest] = scheduled.snapshots("tank/a/b", properties=True)
    [_, below] = seen.datasets
    assert (below.newest, below.interval_seconds) == (newest.creation, 3600)
    [bare] = observe(scheduled, ["tank/c"], folder).datasets
    assert (bare.interval_seconds, bare.newest, bare.own) == (None, None, 0)


def test_a_name_is_no_mark(scheduled: ImageEngine, tmp_path: Path) -> None:
    """A snapshot that only looks like zfstune's is not taken for a fresh one."""
    before = observe(scheduled, ["tank/a"], os.fspath(tmp_path)).datasets[0].newest
    scheduled.take_snapshots(["tank/a@zfstune-20991231T000000Z"])
    after = observe(scheduled, ["tank/a"], os.fspath(tmp_path)).datasets[0]
    assert (after.newest, after.own) == (before, 2)


def test_the_commands(
    scheduled: ImageEngine, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Statuses are those of monitoring plugins, and the file is replaced as a whole."""
    scheduled.close()
    state = ("--state", os.fspath(tmp_path / "state"))

    def call(verb: str, *words: str) -> tuple[int, str]:
        code = main(["--image", os.fspath(file), verb, *state, *words])
        return code, capsys.readouterr().out

    code, out = call("check")
    assert code == 0
    assert out.startswith("ZFSTUNE OK: 2 datasets, newest snapshots at most ")
    assert "'tank/a/b snapshots'=1;;;0" in out
    code, out = call("check", "tank/c")
    assert (code, out.partition(" | ")[0]) == (
        3,
        "ZFSTUNE UNKNOWN: tank/c: it has no schedule: give an age with --warning",
    )
    assert call("check", "tank/c", "--critical", "1d")[0] == 0
    assert call("check", "tank/none") == (
        3,
        "ZFSTUNE UNKNOWN: cannot read 'tank/none': it does not exist\n",
    )
    assert call("check", "--warning", "soon")[0] == 3
    assert call("check", "tank/none", "-w", "2h", "-c", "1h") == (
        3,
        "ZFSTUNE UNKNOWN: cannot check: the critical age 1h is below the warning age 2h\n",
    )
    (tmp_path / "state").mkdir()
    note(os.fspath(tmp_path / "state"), LastRun("tank/a", "prune", 1, 2, "cannot: why"))
    code, out = call("check", "--json")
    assert code == 1
    facts = json.loads(out)
    assert (facts["status"], facts["problems"]) == (
        "WARNING",
        [
            {
                "status": "WARNING",
                "target": "tank/a",
                "message": "the last prune failed: cannot: why",
            }
        ],
    )
    target = tmp_path / "zfstune.prom"
    assert call("metrics", "--output", os.fspath(target)) == (0, "")
    assert call("metrics")[1].splitlines()[:9] == target.read_text().splitlines()[:9]
    assert target.stat().st_mode & 0o777 == 0o644
    found = {
        (sample.name.removeprefix("zfstune_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(target.read_text())
        for sample in family.samples
    }
    assert found["snapshots", "tank/a", "others"] == 1
    assert found["last_run_success", "tank/a", "prune"] == 0
    assert found["pool_free_bytes", "tank"] > 0
    assert ("snapshot_newest_timestamp_seconds", "tank/a/b") in found


def test_what_does_not_answer_leaves_the_file(
    scheduled: ImageEngine, file: Path, tmp_path: Path
) -> None:
    """The age of the file shows that nothing new came."""
    scheduled.close()
    target = tmp_path / "zfstune.prom"
    target.write_text("old\n")
    call = ["--image", os.fspath(file), "metrics", "--output"]
    assert main([*call, os.fspath(target), "tank/none"]) == 1
    assert target.read_text() == "old\n"
    assert main([*call, os.fspath(tmp_path / "no" / "x.prom")]) == 1


def test_a_schedule_that_cannot_be_read_hides_no_other(
    scheduled: ImageEngine, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is reported, and the others are looked at all the same."""
    scheduled.set("tank/c", {SCHEDULE_PROPERTY: "often"})
    scheduled.close()
    call = ["--image", os.fspath(file)]
    assert main([*call, "check"]) == 1
    out = capsys.readouterr().out
    assert out.startswith(
        "ZFSTUNE WARNING: schedule: cannot follow the schedule of 'tank/c': cannot use "
        "schedule 'often': it names no interval that zfstune knows | 'tank/a age'="
    )
    target = tmp_path / "zfstune.prom"
    assert main([*call, "metrics", "--output", os.fspath(target)]) == 3
    assert 'snapshots{dataset="tank/a/b",' in target.read_text()
    assert "schedule of 'tank/c'" in capsys.readouterr().err
    assert main([*call, "schedule", "show", "-H"]) == 3
    out, error = capsys.readouterr()
    assert [line.split("\t")[0] for line in out.splitlines()] == ["tank/a"]
    assert "cannot follow the schedule of 'tank/c'" in error
    units = ("--dir", os.fspath(tmp_path / "units"))
    assert main([*call, "schedule", "remove", "--all", *units]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "set org.zfstune:schedule=none on tank/a",
        "set org.zfstune:schedule=none on tank/c",
    ]
