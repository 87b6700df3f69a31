"""Policies on an image: stored, shown, followed and dropped by the command."""

from __future__ import annotations

import json
import os
import shlex
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

import zfstune
from json_document import found_in
from zfstune.cli.main import main
from zfstune.engine.image import create_image
from zfstune.retention import examine
from zfstune.retention.imports.convert import FORMATS
from zfstune.values.errors import ZfsUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.engine.image import ImageEngine


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
    out = run("policy", "set", "tank/a", "daily=3 keep=2", "--json")[1]
    same = {"name": "tank/a", "policy": "daily=3 keep=2", "replaces": "daily=3 keep=2"}
    assert (found_in(out), json.loads(out)["changed"]) == (same, False)
    # A dry run reads the text as a real run does, and stores nothing.
    asked = ("policy", "set", "tank/a", "-n", "daily=03", "keep=02")
    assert found_in(run(*asked, "--json")[1]) == same
    assert run("policy", "set", "-n", "tank/a", "keep=7")[1] == (
        "would store on tank/a: keep=7\n"
    )
    assert run("policy", "set", "-n", "tank/a", "keep=x")[0] == 2
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
    assert run("policy", "clear", "-n", "tank/a")[1] == (
        "would clear on tank/a: daily=3 keep=2\n"
    )
    out = run("policy", "clear", "tank/a", "--json")[1]
    assert found_in(out) == {**same, "policy": None}
    assert json.loads(out)["changed"]
    assert not json.loads(run("policy", "clear", "tank/a", "--json")[1])["changed"]
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
    monkeypatch.setattr(examine, "_now", lambda: later)
    dry = zfstune.prune("tank/a", policy="within=1h", dry_run=True, engine=engine)
    assert [d.keep for d in dry.plan.decisions] == [True, False, False]
    assert dry.plan.reclaims == {"tank/a": 0}
    assert len(zfstune.prune("tank/a", policy="within=1h", engine=engine).destroyed) == 2


SANOID = """
[tank]
	recursive = yes
	hourly = 36
	monthly = 0
[tank/audit]
	autoprune = no
[tank/gone]
	daily = 3
"""


def test_import_prints_what_to_run(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is printed can be run in its order, and stores what keeps the same."""
    with create_image(file, size_bytes=1 << 30) as engine:
        for name in ("tank/audit", "tank/audit/a", "tank/www"):
            engine.create(name)
    settings = tmp_path / "sanoid.conf"
    settings.write_text(SANOID)
    command = ["--image", os.fspath(file), "policy"]
    assert main([*command, "import", "sanoid", os.fspath(settings)]) == 3
    out, err = capsys.readouterr()
    lines = [shlex.split(line) for line in out.splitlines()]
    for words in lines:
        assert words[:3] == ["zfstune", "policy", "set"]
        assert main([*command, *words[2:]]) == 0
    assert [words[-2] for words in lines] == ["tank/audit/a", "tank/audit", "tank"]
    policy_of_tank = lines[2][-1]
    assert "match=autosnap*_hourly keep=36 within=36h" in policy_of_tank
    assert "match=autosnap*_monthly keep=0" in policy_of_tank
    assert lines[2][3] == "--all-of-them"
    assert lines[1][3:] == ["tank/audit", "match=* never"]
    assert "daily=90, weekly=0, yearly=0: not in the file" in err
    assert "cannot import 'tank/gone': there is no such dataset here" in err
    capsys.readouterr()
    assert main([*command, "show", "-H"]) == 0
    shown = [line.split("\t") for line in capsys.readouterr()[0].splitlines()]
    assert {name: text for name, _, text in shown} == {
        "tank": f"{policy_of_tank} all-of-them",
        "tank/audit": "match=* never",
        "tank/audit/a": f"{policy_of_tank} all-of-them",
        "tank/www": f"{policy_of_tank} all-of-them",
    }


def test_import_without_any_zfs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Tells by the exit status how much could be kept; the document says the same."""
    settings = tmp_path / "sanoid.conf"
    settings.write_text(SANOID)
    command = ["policy", "import", "sanoid", os.fspath(settings)]
    with patch("zfstune.cli.policy.open_zfs", side_effect=ZfsUnavailable("none")):
        assert main([*command, "--json"]) == 3
        document = json.loads(capsys.readouterr()[0])
        named = [(row["dataset"], row["policy"][:13]) for row in document["policies"]]
        assert named[-1] == ("tank", "match=autosna")
        assert dict(named[:2]) == {
            "tank/audit": "match=* never",
            "tank/gone": "match=* never",
        }
        assert [row["name"] for row in document["left_out"]] == ["tank/audit", "tank/gone"]
        settings.write_text("[tank/a]\ndaily = 3\n")
        assert main(command) == 1
        assert "hint: run this command on the host of the pool" in capsys.readouterr()[1]
        settings.write_text("[tank/a]\nautoprune = no\n")
        assert main(command) == 2
        assert main([*command[:3], os.fspath(tmp_path / "none")]) == 2
        assert main(["policy", "import", "cobol", os.fspath(settings)]) == 2


def test_the_command_names_the_readers(capsys: pytest.CaptureFixture[str]) -> None:
    """The help lists the tools that there is a reader for."""
    with pytest.raises(SystemExit):
        main(["policy", "import", "--help"])
    assert ",".join(FORMATS) in "".join(capsys.readouterr().out.split())


ZREPL = """
jobs:
- type: snap
  name: prod
  filesystems: {"tank/s<": true, "tank/t": true}
  snapshotting: {type: manual}
  pruning:
    keep:
    - type: last_n
      count: 2
      regex: '^zrepl_'
"""


class Import:
    """Imports the settings of zrepl or sanoid on an image, and stores what is printed."""

    def __init__(
        self, file: Path, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._command = ["--image", os.fspath(file)]
        self._settings = folder / "settings"
        self._capsys = capsys
        self.said = ""

    def run(self, *argv: str) -> str:
        """Run a command that should do all it is to; give what it prints."""
        assert main([*self._command, *argv]) == 0
        out, self.said = self._capsys.readouterr()
        return out

    def __call__(self, tool: str, settings: str) -> dict[str, str]:
        """Store what the settings say; give the policies that are in force then."""
        self._settings.write_text(settings)
        command = ("policy", "import", tool, os.fspath(self._settings))
        printed = self.run(*command)
        said = self.said
        document = json.loads(self.run(*command, "--json"))
        for line in printed.splitlines():
            self.run(*shlex.split(line)[1:])
        rows = [row.split("\t") for row in self.run("policy", "show", "-H").splitlines()]
        stored = {name: text for name, origin, text in rows if name == origin}
        for row in document["policies"]:
            assert stored[row["dataset"]] == row["policy"]
            assert row["replaces"] is None or row["replaces"] in said
        assert all(note["message"] in said for note in document["notes"])
        self.said = said
        return {name: text for name, _, text in rows}


def test_import_after_the_settings_changed(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What zrepl no longer prunes keeps its snapshots, whatever was stored before."""
    with create_image(file, size_bytes=1 << 30) as engine:
        for name in ("tank/s/a", "tank/t"):
            engine.create(name, parents=True)
        for at in range(4):
            engine.take_snapshots([f"tank/{name}@zrepl_{at}" for name in ("s/a", "t")])
    imported = Import(file, tmp_path, capsys)
    before = imported("zrepl", ZREPL)
    assert before.keys() == {"tank/s", "tank/s/a", "tank/t"}
    text = before["tank/t"]
    assert "replaces" not in imported.said
    assert imported("zrepl", ZREPL) == before
    assert "replaces" not in imported.said
    after = imported("zrepl", ZREPL.replace(', "tank/t": true', ""))
    assert after == {**before, "tank/t": "match=* never"}
    assert (
        f"tank/t: this replaces its stored policy '{text}'; zrepl leaves" in imported.said
    )
    imported.run("prune", "--force")
    with zfstune.open(file) as engine:
        left = {name: len(engine.snapshots(name)) for name in ("tank/s/a", "tank/t")}
    assert left == {"tank/s/a": 2, "tank/t": 4}


def test_import_above_a_policy_that_is_stored(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dataset that would keep its own gets what it would inherit; apply's own stay."""
    with create_image(file, size_bytes=1 << 30) as engine:
        for name in ("tank/data/a", "tank/data/b", "tank/app"):
            engine.create(name, parents=True)
    imported = Import(file, tmp_path, capsys)
    imported.run("policy", "set", "tank/data/a", "match=autosnap_*_daily daily=2")
    imported.run("policy", "set", "tank/data/b", "daily=2")
    imported.run("policy", "set", "tank/app", "hourly=24")
    found = imported("sanoid", "[tank/data]\nrecursive = yes\ndaily = 30\n")
    assert found["tank/app"] == "hourly=24"
    assert "keep=30" in found["tank/data"]
    assert "keep=0" in found["tank/data"]
    assert found["tank/data/a"] == found["tank/data"]
    assert found["tank/data/b"] == f"daily=2; {found['tank/data']}"
    assert "tank/data/a: this replaces its stored policy 'match=autosnap_*" in imported.said
    assert "tank/app: its stored policy 'hourly=24' stays" in imported.said
    assert "tank/data/b: the stored rules for zfstune's own" in imported.said


def test_checkpoints_are_spared_unless_a_pattern_names_them(
    engine: ImageEngine, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever prunes by `*` means the snapshots of other tools; the name alone is none."""
    engine.create("tank/a")
    zfstune.checkpoint("one", "tank/a", engine=engine)
    for short in ("checkpoint-of-mine", "x1", "x2"):
        engine.take_snapshots([f"tank/a@{short}"])
    engine.close()

    def run(*argv: str) -> tuple[int, str, str]:
        status = main(["--image", os.fspath(file), *argv])
        return status, *capsys.readouterr()

    status, out, err = run("prune", "tank/a", "--keep", "1", "--match", "*", "-v")
    assert (status, err) == (0, "")
    [kept] = [line for line in out.splitlines() if "tank/a@checkpoint-one" in line]
    assert "zfstune checkpoint drop" in kept
    assert out.endswith("tank/a: destroyed 2, kept 2\n")
    status, out, _ = run("snapshots", "tank/a", "--json")
    assert {s["name"] for s in json.loads(out)["snapshots"]} == {
        "tank/a@checkpoint-one",
        "tank/a@x2",
    }
    named = ("--keep", "0", "--all-of-them", "--regex", "^checkpoint-.*")
    assert run("prune", "tank/a", *named)[1] == "tank/a: destroyed 1, kept 1\n"


def test_policies_below_are_named(
    engine: ImageEngine, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A policy that is stored does not count where another one is stored below."""
    for name in ("tank/a", "tank/a/b", "tank/a/c"):
        engine.create(name)
    engine.close()

    def run(*argv: str) -> tuple[int, str, str]:
        status = main(["--image", os.fspath(file), *argv])
        return status, *capsys.readouterr()

    assert run("policy", "set", "tank/a/b", "keep=2")[2] == ""
    status, _, err = run("policy", "set", "tank/a", "keep=3")
    assert status == 0
    assert "have policies of their own, and follow those: tank/a/b\n" in err
    assert "hint: to have them follow this one: zfstune policy clear tank/a/b\n" in err
