"""``zfstune schedule`` on an image that stands for the host's pool."""

from __future__ import annotations

import json
import os
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.cli import schedule, schedule_show
from zfstune.cli.main import main
from zfstune.retention.policy_text import parse_policy
from zfstune.retention.store import set_policy
from zfstune.schedules.schedule import scheduled
from zfstune.schedules.store import set_schedule
from zfstune.values.marks import POLICY_PROPERTY, SCHEDULE_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zfstune.engine.image import ImageEngine

    Command = Callable[..., tuple[int, str, str]]


def test_the_command_installs(
    engine: ImageEngine,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing with -n, then files and the property, then nothing again."""
    for module in (schedule, schedule_show):
        monkeypatch.setattr(module, "open_zfs", lambda _: nullcontext(engine))
    monkeypatch.setattr(schedule, "uses_kernel", lambda _: True)
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
    [line, *_] = call("install", "tank/shop", "--every", "4h", "--no-prune", "-n")
    assert line == "set org.zfstune:schedule=4h on tank/shop"
    assert engine.dataset("tank/shop").local(SCHEDULE_PROPERTY) is None
    assert call("install", "tank/shop", "--every", "4h", "--no-prune")[0] == line
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
    said = call("remove", "tank/shop")
    assert said[0] == "set org.zfstune:schedule=none on tank/shop"
    assert {line.split()[0] for line in said[1:]} == {"remove"}
    assert engine.dataset("tank/shop").local(SCHEDULE_PROPERTY) == "none"
    assert call("remove", "tank/shop")[0].startswith("nothing to do")
    capsys.readouterr()
    assert main(["schedule", "remove", "tank/shpo", "--dir", os.fspath(units)]) == 3
    said_of_it = capsys.readouterr().err
    assert "left 'tank/shpo': there is no such dataset, and no unit" in said_of_it
    assert "hint: did you mean 'tank/shop'?" in said_of_it
    call("remove", "--all")
    assert [path.name for path in units.iterdir()] == ["timers.target.wants"]
    assert scheduled(engine) == []


@pytest.fixture
def command(
    engine: ImageEngine,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Command:
    """Give the command, as on a host whose ZFS is the image's pool."""
    for module in (schedule, schedule_show):
        monkeypatch.setattr(module, "open_zfs", lambda _: nullcontext(engine))
    monkeypatch.setattr(schedule, "uses_kernel", lambda _: True)
    units = os.fspath(tmp_path / "units")

    def call(action: str, *words: str) -> tuple[int, str, str]:
        code = main(["schedule", action, *words, "--dir", units])
        return code, *capsys.readouterr()

    return call


def test_a_policy_that_does_not_fit_is_told(engine: ImageEngine, command: Command) -> None:
    """When it is installed and when it is shown, with the policy that would."""
    engine.create("tank/my data")
    set_policy(engine, "tank/my data", parse_policy("daily=30"))
    told = (
        "zfstune: 'tank/my data': the policy 'daily=30' does not fit the schedule "
        "'hourly': of 24 snapshots taken in 24h, 23 go at the next prune\n"
        "hint: zfstune policy set 'tank/my data' hourly=24 daily=30\n"
    )
    assert command("install", "tank/my data", "--every", "hourly")[::2] == (0, told)
    assert command("show")[2] == told
    set_policy(engine, "tank/my data", parse_policy("hourly=24 daily=30"))
    assert command("show")[2] == ""
    set_policy(engine, "tank/my data", parse_policy("match=autosnap_* daily=30"))
    assert "snapshots pile up\nhint: zfstune policy set" in command("show")[2]


def test_a_policy_of_what_is_taken_along_is_told_too(
    engine: ImageEngine, command: Command
) -> None:
    """It is what keeps those snapshots, or does not speak of them."""
    engine.create("tank/a/b/c", parents=True)
    set_policy(engine, "tank/a", parse_policy("hourly=48"))
    set_policy(engine, "tank/a/b", parse_policy("daily=3"))
    code, _, error = command("install", "tank/a", "--every", "hourly")
    assert (code, error.count("does not fit the schedule 'hourly'")) == (0, 1)
    assert "hint: zfstune policy set tank/a/b hourly=24 daily=3\n" in error
    set_policy(engine, "tank/a/b", parse_policy("match=autosnap_* daily=3"))
    code, _, error = command("install", "tank/a", "--every", "hourly")
    assert code == 2
    assert "cannot schedule 'tank/a/b': its snapshots would pile up" in error
    assert command("install", "tank/a", "--every", "hourly", "--no-prune")[0] == 0
    engine.set("tank/a/b", {POLICY_PROPERTY: "hourly=many"})  # a prune says what is wrong
    assert command("install", "tank/a", "--every", "hourly")[::2] == (0, "")
    set_schedule(engine, "tank/a/b", "none")
    set_policy(engine, "tank/a/b", parse_policy("match=autosnap_* daily=3"))
    assert command("install", "tank/a", "--every", "hourly")[::2] == (0, "")


def test_a_role_leaves_to_others_what_they_take_along(
    engine: ImageEngine, command: Command
) -> None:
    """A dataset above has a schedule, and the profile's was not stored for that reason."""
    engine.create("tank/data")
    set_schedule(engine, "tank/data", "daily")
    set_policy(engine, "tank/data", parse_policy("daily=7"))
    zfstune.apply("web", owner=False, engine=engine)
    code, out, error = command("install", "--role", "web")
    assert (code, out) == (0, "nothing to do: no units, and no schedule to change\n")
    assert error == (
        "zfstune: left 'tank/data/www' to the schedule of 'tank/data', which takes it "
        "along\n"
    )
    code, _, error = command("install", "tank/data/www")
    assert code == 2
    assert "the schedule of 'tank/data' takes it along" in error
    code, out, _ = command("install", "--role", "web", "--every", "daily")
    assert code == 0
    assert out.startswith("set org.zfstune:schedule=daily on tank/data/www\nwrite ")


def test_removing_says_what_it_stores(engine: ImageEngine, command: Command) -> None:
    """Also where there were no units, and where a dataset above has the schedule."""
    engine.create("tank/a/b", parents=True)
    set_schedule(engine, "tank/a", "daily")
    said = "set org.zfstune:schedule=none on tank/a/b\n"
    assert command("remove", "tank/a/b", "-n") == (0, said, "")
    assert engine.dataset("tank/a/b").local(SCHEDULE_PROPERTY) is None
    assert command("remove", "tank/a/b") == (0, said, "")
    assert engine.dataset("tank/a/b").local(SCHEDULE_PROPERTY) == "none"
    said = json.loads(command("remove", "tank/a", "--json")[1])["schedules"]
    assert said == [{"dataset": "tank/a", "every": "none"}]
    assert command("remove", "tank/a")[1].startswith("nothing to do")


def test_timers_of_an_earlier_version_are_told(
    engine: ImageEngine, command: Command, tmp_path: Path
) -> None:
    """With the command that writes them anew, and it does."""
    engine.create("tank/a")
    set_policy(engine, "tank/a", parse_policy("daily=30 tz=Europe/Berlin"))
    hook = ("--on-failure", "alert@%n.service")
    command("install", "tank/a", "--every", "daily@02:05", "--no-prune", *hook)
    assert command("show")[2] == ""
    [timer] = (tmp_path / "units").glob("zfstune-snapshot-*.timer")
    old = "OnCalendar=*-*-* 02:05:00 Europe/Berlin\n"
    lines = timer.read_text().splitlines(keepends=True)
    timer.write_text(old + "".join(x for x in lines if not x.startswith("OnCal")))
    assert command("show")[2] == ""  # without the mark it is somebody else's
    kept = [line for line in lines if not line.startswith("OnCalendar=")]
    timer.write_text("".join(kept).replace("[Timer]\n", f"[Timer]\n{old}"))
    told = (
        "zfstune: the timers of 'tank/a' are outdated: install would write others\n"
        "hint: zfstune schedule install --on-failure alert@%n.service --no-prune tank/a\n"
    )
    assert command("show")[2] == told
    [row] = json.loads(command("show", "--json")[1])["schedules"]
    assert row["outdated"] == ["snapshot"]
    command("install", "--no-prune", *hook, "tank/a")
    assert timer.read_text() == "".join(lines)
    assert command("show")[2] == ""


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


def test_the_command_installs_replication(
    engine: ImageEngine,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The targets are stored, shown, kept by a later install, and removed with the rest."""
    for module in (schedule, schedule_show):
        monkeypatch.setattr(module, "open_zfs", lambda _: nullcontext(engine))
    monkeypatch.setattr(schedule, "uses_kernel", lambda _: True)
    engine.create("tank/shop")
    set_policy(engine, "tank/shop", parse_policy("hourly=48 unreplicated"))
    units = tmp_path / "units"

    def call(*words: str) -> list[str]:
        assert main(["schedule", *words, "--dir", os.fspath(units)]) == 0
        return capsys.readouterr().out.splitlines()

    def sending() -> list[str]:
        return sorted(path.name for path in units.glob("zfstune-replicate-*"))

    install = ("install", "tank/shop", "--every", "hourly")
    said = call(*install, "--replicate", "tank/copy", "--replicate", "host:back/shop")
    assert said[1] == ("set org.zfstune:replicate-to=tank/copy,host:back/shop on tank/shop")
    names = ["zfstune-replicate-tank-shop.service", "zfstune-replicate-tank-shop.timer"]
    assert sending() == names
    assert {line.split()[0] for line in call(*install)} == {"keep"}
    cells = call("show", "-H", "--state", os.fspath(tmp_path))[0].split("\t")
    assert cells[3:5] == ["tank/copy,host:back/shop", "snapshot,replicate,prune"]
    dropped = "inherit org.zfstune:replicate-to on tank/shop"
    assert call(*install, "--no-replicate")[0] == dropped
    assert sending() == []
    options = ("--properties", "--exclude-property", "com.example:backup=no")
    said = call(*install, "--replicate", "tank/copy", *options)
    stored = f"org.zfstune:replicate-with={' '.join(options)} on tank/shop"
    assert f"set {stored}" in said
    assert {line.split()[0] for line in call(*install)} == {"keep"}
    removed = call("remove", "tank/shop")
    assert dropped in removed
    assert "inherit org.zfstune:replicate-with on tank/shop" in removed
    assert list(units.glob("zfstune-*")) == []
    assert dropped not in call("remove", "tank/shop")
    engine.create("tank/other")
    with pytest.raises(SystemExit):
        main(["schedule", "install", "tank/shop", "tank/other", "--every", "hourly",
              "--no-prune", "--replicate", "x"])  # fmt: skip
    assert "--replicate goes with one DATASET" in capsys.readouterr().err
