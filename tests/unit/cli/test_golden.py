"""``zfstune golden``: what its verbs print, and how they end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from clone_engine import CloneEngine
from zfstune.clones import finish
from zfstune.clones.create import create
from zfstune.engine import open as opening

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CloneEngine:
    """Let the command open a pool with two images."""
    engine = CloneEngine(tmp_path)
    monkeypatch.setattr(finish, "_PRIVATE", str(tmp_path / "run" / "clones"))
    engine.add("tank/node")
    engine.add("tank/disk", size=65536)
    for name in ("tank/node", "tank/disk"):
        create(name, engine=engine.zfs)
    monkeypatch.setattr(opening, "open_engine", lambda *_, **__: engine)
    return engine


def test_create(run: Run, tank: CloneEngine, tmp_path: Path) -> None:
    """A plan is shown by -n, and else each step that was done."""
    tank.add("tank/b")
    assert run("golden", "create", "tank/b", "--writable", "-n")[1].splitlines() == [
        "take tank/b@golden",
        "hold tank/b@golden",
        "mark tank/b as a golden image",
    ]
    disk = tmp_path / "x.raw"
    disk.write_bytes(b"x" * 16384)
    _, out, _ = run("golden", "create", "tank/v", "--disk", str(disk), "--json")
    assert json.loads(out)["steps"][1] == "hold tank/v@golden"


@pytest.mark.parametrize("left", range(4))
def test_after_an_error_the_printed_steps_were_done(
    run: Run, tank: CloneEngine, left: int
) -> None:
    """And no other one."""
    tank.add("tank/b")
    before, tank.left, tank.end = len(tank.changes), left, KeyboardInterrupt
    status, out, err = run("golden", "create", "tank/b")
    assert status == 130
    assert len(out.splitlines()) == left == len(tank.changes) - before
    assert "the steps that are printed were done" in err


def test_a_disk_that_is_damaged_is_not_printed(
    run: Run, tank: CloneEngine, tmp_path: Path
) -> None:
    """Nothing was made of it."""
    disk = tmp_path / "x.raw"
    disk.write_bytes(b"x" * 16384)
    tank.left, tank.end = 0, KeyboardInterrupt
    status, out, err = run("golden", "create", "tank/v", "--disk", str(disk))
    assert (status, out) == (130, "")
    assert "interrupted; no part of tank/v stays; run this again" in err


def test_stamp_prints_what_was_done(run: Run, tank: CloneEngine) -> None:
    """The clones that were made, and the identity of those alone that were finished."""
    tank.left, tank.end = 1, KeyboardInterrupt
    status, out, err = run("golden", "stamp", "tank/node", "tank/x", "tank/y")
    assert (status, out) == (130, "clone tank/node@golden as tank/x\n")
    assert "clones that were made stay, and the next run finishes them" in err
    tank.left, tank.mountable = None, False
    status, out, _ = run("golden", "stamp", "tank/node", "tank/x", "tank/y")
    assert (status, out) == (3, "clone tank/node@golden as tank/y\n")
    tank.mountable = True
    status, out, _ = run("golden", "stamp", "tank/node", "tank/x", "--keep-identity")
    assert out.splitlines() == [
        "finish tank/x, which a run left unfinished",
        "in each: keep the identity of the image",
    ]


def test_stamp_and_list(run: Run, tank: CloneEngine) -> None:
    """Clones stand below their image."""
    status, out, err = run(
        "golden", "stamp", "tank/node", "tank/x", "-o", "mountpoint=none"
    )
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == "clone tank/node@golden as tank/x (mountpoint=none)"
    _, out, _ = run("golden", "list")
    assert [line.split() for line in out.splitlines()] == [
        ["NAME", "SNAPSHOT", "STATE", "REFER", "USED", "CLONES"],
        ["tank/disk", "golden", "sealed", "0", "0", "0"],
        ["tank/node", "golden", "sealed", "0", "0", "1"],
        ["tank/x", "-", "clone", "-", "-", "-"],
    ]
    _, out, _ = run("golden", "list", "tank/node", "--json")
    (image,) = json.loads(out)["images"]
    assert (image["state"], image["clones"]) == ("sealed", ["tank/x"])
    assert image["unfinished"] == []
    header = "NAME  SNAPSHOT  STATE  REFER  USED  CLONES\n"
    assert run("golden", "list", "tank/x") == (0, header, "")
    first, _, last = run("golden", "list", "-H")[1].splitlines()
    assert first == "tank/disk\tgolden\tsealed\t0\t0\t0"
    assert last == "tank/x\t-\tclone\t-\t-\t-"
    assert tank.local["tank/x"]["mountpoint"] == "none"
    tank.local["tank/x"]["org.zfstune:stamp"] += " unfinished"
    _, out, _ = run("golden", "list", "tank/node")
    assert out.splitlines()[-1].split()[2] == "unfinished"
    _, out, _ = run("golden", "list", "tank/node", "--json")
    assert json.loads(out)["images"][0]["unfinished"] == ["tank/x"]


def test_a_list_of_clones_of_clones(run: Run, tank: CloneEngine) -> None:
    """They stand below the clone that they are of, and JSON has them by its name."""
    run("clone", "tank/node@golden", "tank/x", "--no-mount")
    tank.take_snapshots(["tank/x@1"])
    run("clone", "tank/x@1", "tank/y")
    rows = run("golden", "list", "tank/node")[1].splitlines()
    assert [row.partition("  -")[0].rstrip() for row in rows[2:]] == [
        "  tank/x",
        "    tank/y",
    ]
    (image,) = json.loads(run("golden", "list", "tank/node", "--json")[1])["images"]
    assert image["lineage"] == {"tank/x": ["tank/y"]}


def test_what_is_left_is_an_error_of_its_own(run: Run, tank: CloneEngine) -> None:
    """Status 3, and each clone with its reason."""
    tank.mountable = False
    status, out, err = run("golden", "stamp", "tank/node", "tank/x", "tank/y", "--json")
    assert status == 3
    assert sorted(json.loads(out)["left"]) == ["tank/x", "tank/y"]
    assert err.count("zfstune: cannot finish") == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--owner", "nobody-here"), "cannot use 'nobody-here' as an owner: no such user"),
        (("--owner", "0:nobody-here"), "no such group"),
        (("--mode", "9"), "cannot use '9' as a mode"),
        (("--mode", "-1"), "cannot use '-1' as a mode"),
        (("--mode", "10000"), "cannot use '10000' as a mode"),
    ],
)
def test_owners_that_cannot_be(
    run: Run, tank: CloneEngine, words: tuple[str, str], said: str
) -> None:
    """They are refused before anything is made."""
    status, _, err = run("golden", "stamp", "tank/node", "tank/x", "=".join(words))
    assert status == 1
    assert said in err
    assert tank.origins == {}


@pytest.mark.usefixtures("tank")
def test_owners(run: Run) -> None:
    """By name or number; either half alone, or the mode alone."""
    for words in (
        ("--owner", "root"),
        ("--owner", "5:6"),
        ("--owner", ":0"),
        ("--mode", "0750"),
    ):
        status, _, err = run("golden", "stamp", "tank/node", "tank/x", *words, "-n")
        assert (status, err) == (0, "")


def test_export_and_restore(run: Run, tank: CloneEngine, tmp_path: Path) -> None:
    """There and back, and as a disk."""
    folder, disk = str(tmp_path / "out"), str(tmp_path / "disk.raw")
    status, out, _ = run("golden", "export", "tank/disk", folder)
    assert (status, out.split(" (")[0]) == (0, "exported tank/disk")
    assert run("golden", "export", "tank/disk", "--disk", disk) == (
        0,
        f"exported the disk of tank/disk (64K) to {disk}\n",
        "",
    )
    _, out, _ = run("golden", "export", "tank/disk", f"{folder}2", "--json")
    assert json.loads(out)["manifest"]["kind"] == "volume"
    status, out, _ = run("golden", "restore", folder, "tank/back")
    assert out.splitlines()[-1] == "hold tank/back@golden"
    _, out, _ = run("golden", "restore", folder, "tank/back", "--json")
    assert json.loads(out)["hold"] is False
    assert "tank/back" in tank.kinds


def test_export_takes_one_target(run: Run, tank: CloneEngine) -> None:
    """A folder or a file."""
    assert run("golden", "export", "tank/disk")[0] == 2
    assert tank.changes[-1].startswith("set")


def test_retire(run: Run, tank: CloneEngine) -> None:
    """While clones keep it the status is 4; then each victim is shown and goes."""
    run("golden", "stamp", "tank/node", "tank/x")
    status, out, _ = run("golden", "retire", "tank/node", "--lose", "image")
    assert status == 4
    assert out.splitlines()[-1] == "kept by its clone tank/x"
    assert run("golden", "retire", "tank/node")[0] == 0
    _, out, _ = run("golden", "retire", "tank/disk", "--lose", "image", "--json")
    assert json.loads(out)["destroy"] == ["tank/disk@golden", "tank/disk"]
    assert "tank/disk" not in tank.kinds
