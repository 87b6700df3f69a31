"""Each schema that ships is met by a document that a command prints here."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import zfstune
from checked_documents import faults
from source_tree import ROOT
from zfstune.cli.main import main
from zfstune.cli.schema import schema_names
from zfstune.profiles.template import new_profile

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from zfstune.engine.image import ImageEngine

SANOID = """\
[tank/a]
use_template = t
[template_t]
hourly = 24
autoprune = yes
autosnap = no
"""
# By the name of its document, a command that prints it; they run in this order. {} is the
# folder of the test.
COMMANDS = {
    "image-create": "image create {}/other.zpool --size 128M --pool other",
    "image-info": "image info {}/x.zpool",
    "plan": "plan logs",
    "apply": "apply logs",
    "verify": "verify --files 0",
    "status": "status",
    "doctor": "doctor",
    "explain": "explain postgres",
    "profiles": "profiles",
    "profile-show": "profile show logs",
    "profile-new": "profile new own",
    "profile-check": "profile check {}/own.toml",
    "roles": "roles",
    "list": "list",
    "snapshot": "snapshot tank/a --name one",
    "snapshots": "snapshots",
    "check": "check -w 1h -c 2h tank/a",
    "hold": "hold audit tank/a@one",
    "release": "release audit tank/a@one",
    "checkpoint-take": "checkpoint before tank/a",
    "checkpoint-list": "checkpoint list",
    "checkpoints": "checkpoints",
    "rollback": "rollback before",
    "checkpoint-drop": "checkpoint drop before",
    "diff": "diff tank/a@old tank/a@one",
    "compare": "compare tank/a@old tank/a@one",
    "compare-digest": "compare tank/a@one",
    "policy-set": "policy set tank/a hourly=48",
    "policy-show": "policy show",
    "policy-simulate": "policy simulate --keep-hourly 48 --every 1h --until 10d",
    "policy-clear": "policy clear tank/a",
    "schedule-set": "schedule set tank/a --every hourly",
    "schedule-show": "schedule show",
    "prune": "prune -n --keep 1 --match * tank/a",
    "replicate": "replicate tank/a tank/copy",
    "replicas": "replicas",
    "replicas-forget": "replicas tank/a --forget tank/copy",
    "failover": "failover tank/a --standby -n",
    "clone": "clone tank/a@one tank/c",
    "send": "send -n tank/a@one",
    "receive": "receive tank/r --input {}/stream",
    "schedule-run": "schedule run --once snapshot tank/a",
    "schedule-remove": "schedule remove tank/a --dir {} -n",
    "policy-import": "policy import sanoid {}/sanoid.conf",
    "measure-plan": "measure postgres -n",
    "golden-create": "golden create tank/g",
    "golden-list": "golden list",
    "golden-stamp": "golden stamp tank/g tank/s -n",
    "golden-export": "golden export tank/g {}/g",
    "golden-restore": "golden restore {}/g tank/h",
    "golden-retire": "golden retire tank/g",
    "unmanage": "unmanage tank/data/logs",
    "destroy": "destroy -n tank/a",
    "error": "list tank/nothing",
}


# Documents that take mounted files, timers, or minutes: the tests that print them are
# held to the schemas by the same check.
ELSEWHERE = {
    "apply-move-in": "unit/cli/test_move_directory_in.py",
    "checkpoints-drop-copies": "image/test_rollback.py",
    "measure": "unit/cli/test_measure.py",
    "measure-look": "unit/cli/test_look_at_trace.py",
    "progress": "unit/cli/test_progress_line.py",
    "receive-abort": "unit/cli/test_receive.py",
    "restore": "unit/cli/test_restore.py",
    "retune": "unit/cli/test_retune.py",
    "schedule-install": "unit/cli/test_schedule.py",
}


def test_each_schema_is_met(
    engine: ImageEngine, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the document of its name, which has no fault."""
    for name in ("tank/a", "tank/g"):
        engine.create(name)
    engine.take_snapshots(["tank/a@old"])
    with (tmp_path / "stream").open("wb") as stream:
        zfstune.send("tank/a@old", stream, engine=engine)
    engine.close()
    (tmp_path / "own.toml").write_text(new_profile("own"), encoding="utf-8")
    (tmp_path / "sanoid.conf").write_text(SANOID, encoding="utf-8")
    found = {}
    for name, line in COMMANDS.items():
        words = line.replace("{}", str(tmp_path)).split()
        main(["--image", os.fspath(file), *words, "--json"])
        text = capsys.readouterr().out
        found[name] = (json.loads(text.partition("\n{")[0])["format"], faults(text), text)
    wrong = {n: f for n, f in found.items() if f[:2] != (f"zfstune.{n}", [])}
    assert not wrong, wrong


def test_no_schema_is_left_out() -> None:
    """A schema without a command here names the test that prints its document."""
    assert set(schema_names()) == {*COMMANDS, *ELSEWHERE}
    for name, test in ELSEWHERE.items():
        text = (ROOT / "tests" / test).read_text(encoding="utf-8")
        assert "json" in text, name
