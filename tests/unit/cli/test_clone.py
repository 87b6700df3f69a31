"""``zfstune clone``: the plan, the clones, and the status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from clone_engine import CloneEngine
from zfstune.engine import open as opening

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CloneEngine:
    """Let the command open a pool with a dataset and its snapshot."""
    engine = CloneEngine(tmp_path)
    engine.add("tank/a")
    engine.take_snapshots(["tank/a@1"])
    monkeypatch.setattr(opening, "open_engine", lambda *_, **__: engine)
    return engine


def test_clones_are_made(run: Run, tank: CloneEngine) -> None:
    """A line each; the second time they are there already."""
    words = ("clone", "tank/a@1", "tank/x", "tank/y", "-o", "atime=off")
    assert run(*words, "-n")[0] == 0
    assert tank.origins == {}
    assert run(*words) == (
        0,
        "clone tank/a@1 as tank/x (atime=off)\nclone tank/a@1 as tank/y (atime=off)\n",
        "",
    )
    assert sorted(tank.mounted) == ["tank/x", "tank/y"]
    assert run(*words)[1] == "tank/x is there already\ntank/y is there already\n"


def test_an_interruption(run: Run, tank: CloneEngine) -> None:
    """The clones that were made are printed, and the next run goes on."""
    tank.left, tank.end = 1, KeyboardInterrupt
    status, out, err = run("clone", "tank/a@1", "tank/x", "tank/y")
    assert (status, out) == (130, "clone tank/a@1 as tank/x\n")
    assert "interrupted; clones that were made stay" in err
    tank.left = None
    assert run("clone", "tank/a@1", "tank/x", "tank/y")[1].splitlines() == [
        "clone tank/a@1 as tank/y",
        "tank/x is there already",
    ]


def test_json(run: Run, tank: CloneEngine) -> None:
    """One document, with what was made."""
    _, out, _ = run("clone", "tank/a@1", "tank/x", "--json", "--no-mount")
    assert json.loads(out)["new"] == ["tank/x"]
    assert tank.mounted == {}


def test_errors(run: Run, tank: CloneEngine) -> None:
    """On stderr, with a hint and status 1."""
    status, out, err = run("clone", "tank/a@1", "tank/x", "tank/no/y")
    assert (status, out) == (1, "")
    assert err.splitlines()[0].endswith("'tank/no/y' has no parent 'tank/no'")
    assert tank.origins == {}
