"""Policies on an image: stored, shown, followed and dropped by the command."""

from __future__ import annotations

import json
import os
import shlex
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import zfstune
from zfstune import choosing
from zfstune.cli import main, policy

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from zfstune.engine.image import ImageEngine
from zfstune.imports import FORMATS


def test_a_policy_goes_round(
    engine: ImageEngine, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Set on the command line, inherited, followed, shown as JSON, and dropped again."""
    engine.create("tank/a/b", parents=True)
    for _ in range(3):
        zfstune.snapshot("tank/a", recursive=True, engine=engine)
    engine.close()

    def run(*argv: str) -> tuple[int, str, str]:
        status = main(["--image", os.fspath(file), *argv])
        return status, *capsys.readouterr()

    assert run("prune")[0] == 2
    status, out, _ = run("policy", "set", "tank/a", "--keep", "2", "--keep-daily", "3")
    assert (status, out) == (0, "tank/a: daily=3 keep=2\n")
    assert run("policy", "set", "tank", "keep=2", "tz=No/Where")[0] == 2
    assert run("policy", "set", "tank", "keep=2", "--keep", "2")[0] == 2
    assert run("policy", "set", "tank")[0] == 2
    said = json.loads(run("policy", "set", "tank/a", "daily=3 keep=2", "--json")[1])
    assert said == {"name": "tank/a", "policy": "daily=3 keep=2"}
    status, out, _ = run("policy", "show", "--json")
    assert json.loads(out)["policies"] == [
        {"name": name, "policy": "daily=3 keep=2", "set_on": "tank/a"}
        for name in ("tank/a", "tank/a/b")
    ]
    status, out, _ = run("prune", "-n")
    assert status == 0
    assert "would destroy 0, kept 3" in out
    assert "first of its day, number 1 of 3" in out
    status, out, _ = run("prune", "--keep", "1", "tank/a", "-r")
    assert "tank/a/b: destroyed 2, kept 1" in out
    said = json.loads(run("policy", "clear", "tank/a", "--json")[1])
    assert said == {"name": "tank/a", "policy": None}
    assert run("policy", "show", "-H")[1] == ""
    assert run("prune", "tank/a")[0] == 2


def test_ages_are_read_from_zfs(
    engine: ImageEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule by age sees real times of creation, and the bytes are those of ZFS."""
    engine.create("tank/a")
    for _ in range(3):
        zfstune.snapshot("tank/a", engine=engine)
    pruned = zfstune.prune("tank/a", policy="within=1h", dry_run=True, engine=engine)
    assert pruned.plan.victims == ()
    assert all(d.expires for d in pruned.plan.decisions)
    later = datetime.now(UTC) + timedelta(hours=2)
    monkeypatch.setattr(choosing, "_now", lambda: later)
    dry = zfstune.prune("tank/a", policy="within=1h", dry_run=True, engine=engine)
    assert [d.keep for d in dry.plan.decisions] == [True, False, False]
    assert dry.plan.reclaims == {"tank/a": 0}
    assert len(zfstune.prune("tank/a", policy="within=1h", engine=engine).destroyed) == 2


def test_import_prints_what_to_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is printed can be run as it stands, and stores what keeps the same."""
    settings = tmp_path / "sanoid.conf"
    settings.write_text("[tank/a]\nautoprune = yes\nhourly = 36\nmonthly = 0\n")
    assert main(["policy", "import", "sanoid", os.fspath(settings)]) == 0
    out, err = capsys.readouterr()
    words = shlex.split(out)
    assert words[:5] == ["zfstune", "policy", "set", "--all-of-them", "tank/a"]
    assert words[5:] == [
        "match=autosnap*_hourly keep=36 within=36h; match=autosnap*_monthly keep=0"
    ]
    assert "daily: not in this file" in err
    assert main(["policy", "import", "sanoid", "--json", os.fspath(settings)]) == 0
    [one] = json.loads(capsys.readouterr()[0])["policies"]
    assert (one["dataset"], one["policy"]) == ("tank/a", words[5])
    assert main(["policy", "import", "sanoid", os.fspath(tmp_path / "none")]) == 2
    assert main(["policy", "import", "cobol", os.fspath(settings)]) == 2


def test_the_command_names_the_readers() -> None:
    """The help lists the tools that there is a reader for."""
    assert policy._TOOLS == FORMATS
