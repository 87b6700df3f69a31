"""One dataset that cannot be read: it is named, and the others are looked after."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import zfstune
from damage import damage_properties, mark_properties
from zfstune.engine.image import ImageEngine, create_image
from zfstune.values.errors import BatchError, Damaged

if TYPE_CHECKING:
    from pathlib import Path

BAD = "tank/data/bad"
REASON = "a checksum did not match"
SAID = f"zfstune: cannot read '{BAD}': {REASON}\n"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give the content of an image with one damaged dataset among managed ones."""
    file = tmp_path_factory.mktemp("damaged") / "x.zpool"
    with create_image(file, size_bytes=128 << 20) as engine:
        zfstune.apply("logs", engine=engine)
        for name in (BAD, "tank/data/good"):
            engine.create(name)
            engine.take_snapshots([f"{name}@by-hand"])
        engine.set("tank/data/good", {"org.zfstune:schedule": "hourly"})
        values = mark_properties(engine, BAD)
    damage_properties(file, BAD, values)
    return file.read_bytes()


@pytest.fixture
def damaged(prepared: bytes, file: Path) -> Path:
    """Give an image of one's own with a damaged dataset."""
    file.write_bytes(prepared)
    return file


def run(file: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command on an image."""
    argv = [sys.executable, "-m", "zfstune", *words]
    env = {**os.environ, "ZFSTUNE_IMAGE": str(file)}
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=env)


def test_the_listing_goes_on(damaged: Path) -> None:
    """It names the dataset and why; a property of it is an error, not a default."""
    with ImageEngine(damaged) as engine:
        found = {each.name: each for each in engine.datasets("tank")}
        assert {name: d.damaged for name, d in found.items() if d.damaged} == {BAD: REASON}
        assert found.keys() >= {"tank", "tank/data", "tank/data/good", "tank/data/logs"}
        for look in (
            lambda: found[BAD].local("compression"),
            lambda: found[BAD].value("org.x:y"),
            lambda: len(found[BAD].properties),
            lambda: list(found[BAD].properties),
            lambda: engine.dataset(BAD),
        ):
            with pytest.raises(Damaged, match=f"cannot read '{BAD}': {REASON}"):
                look()


def test_list(damaged: Path) -> None:
    """It shows the name alone, says why on stderr, and exits with 3."""
    done = run(damaged, "list", "-H")
    assert (done.returncode, done.stderr) == (3, SAID)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [BAD, *["-"] * 6] in rows
    assert "tank/data/logs" in [row[0] for row in rows]
    document = json.loads(run(damaged, "list", "--json").stdout)
    [error] = document["errors"]
    assert (error["kind"], error["target"], error["reason"]) == ("Damaged", BAD, REASON)
    rows = document["datasets"]
    assert {row["name"]: row["damaged"] for row in rows if row["damaged"]} == {BAD: REASON}


def test_list_snapshots(damaged: Path) -> None:
    """Those of the others are listed."""
    done = run(damaged, "list", "-t", "snapshots", "-H")
    assert (done.returncode, done.stderr) == (3, SAID)
    names = [line.split("\t")[0] for line in done.stdout.splitlines()]
    assert names == ["tank/data/good@by-hand"]


def test_snapshot(damaged: Path) -> None:
    """The others are taken; nothing is written to what is damaged."""
    done = run(damaged, "snapshot", "-r", "tank", "--name", "now")
    assert (done.returncode, done.stderr) == (3, SAID)
    taken = done.stdout.split()
    assert {"tank@now", "tank/data/good@now", "tank/data/logs@now"} <= {*taken}
    assert f"{BAD}@now" not in taken
    with ImageEngine(damaged) as engine:
        assert all(engine.exists(name) for name in taken)
        with pytest.raises(BatchError, match=BAD) as caught:
            zfstune.snapshot(BAD, engine=engine)
        assert caught.value.done == ()
    done = run(damaged, "snapshot", BAD)
    assert (done.returncode, done.stdout) == (1, "")


def test_verify(damaged: Path) -> None:
    """It is a verdict of its own, and the others are judged."""
    done = run(damaged, "verify")
    assert (done.returncode, done.stderr) == (3, "")
    lines = {line.split()[0]: line.split() for line in done.stdout.splitlines()}
    assert " ".join(lines[BAD]).startswith(f"{BAD} damaged it cannot be read: {REASON} ->")
    assert lines["tank/data/logs"][1] == "ok"
    done = run(damaged, "verify", "tank/data/logs")
    assert BAD not in done.stdout  # what was not asked for; the pool has its own line
    assert done.returncode != 3
    done = run(damaged, "verify", BAD)
    assert (done.returncode, "missing" in done.stdout) == (3, False)


def test_check_and_metrics(damaged: Path, tmp_path: Path) -> None:
    """Both name it, and have the figures of the others."""
    state = str(tmp_path / "state")
    done = run(damaged, "check", "--state", state)
    assert (done.returncode, done.stderr) == (2, "")
    assert f"{BAD}: it cannot be read: {REASON}" in done.stdout
    assert "'tank/data/good age'" in done.stdout
    done = run(damaged, "metrics", "--state", state)
    assert (done.returncode, done.stderr) == (3, SAID)
    assert f'zfstune_dataset_damaged{{dataset="{BAD}"}} 1' in done.stdout
    assert 'zfstune_snapshots{dataset="tank/data/good",made_by="others"} 1' in done.stdout


def test_snapshots_and_policies(damaged: Path) -> None:
    """Both name it, and show the others."""
    done = run(damaged, "snapshots", "-H")
    assert done.returncode == 3
    assert f"'{BAD}': {REASON}" in done.stderr
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == [
        "tank/data/good@by-hand"
    ]
    with ImageEngine(damaged) as engine:
        engine.set("tank/data/good", {"org.zfstune:policy": "daily=7"})
    done = run(damaged, "policy", "show", "-H")
    assert done.returncode == 3
    assert SAID in done.stderr
    assert done.stdout == "tank/data/good\ttank/data/good\tdaily=7\n"


def test_image_info(damaged: Path) -> None:
    """The counts are of the others."""
    done = run(damaged, "image", "info", str(damaged))
    assert (done.returncode, done.stderr) == (3, SAID)
    assert "snapshots: 1;" in done.stdout


@pytest.mark.parametrize("words", [[BAD], ["--keep", "1", "-r", BAD]])
def test_prune_names_it(words: list[str], damaged: Path) -> None:
    """It is never taken for a dataset without a policy, nor passed over in silence."""
    done = run(damaged, "prune", *words)
    assert done.returncode != 0
    assert BAD in done.stderr
    assert REASON in done.stderr
