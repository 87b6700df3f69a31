"""``zfstune retune``: the plan, what was done, and the status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from retuned_folder import NAME, FolderEngine
from zfstune.engine import open as opening
from zfstune.measurement.retuning import retune as retuning

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderEngine:
    """Let the command open a dataset with two files."""
    (tmp_path / "a").write_bytes(b"a" * 50_000)
    (tmp_path / "b").write_bytes(b"b" * 50_000)
    made = FolderEngine(tmp_path)
    monkeypatch.setattr(opening, "open_engine", lambda *_, **__: made)
    monkeypatch.setattr(retuning, "refuse_users", lambda *_: None)
    return made


@pytest.mark.usefixtures("engine")
def test_the_plan_alone(run: Run) -> None:
    """It is shown by either option, as text or JSON, and nothing is pending by it."""
    for option in ("-n", "--plan"):
        status, out, err = run("retune", NAME, "--all", option)
        assert (status, err) == (0, "")
        assert "2 of 2 files to write anew" in out
        assert "written anew" not in out.replace("to write anew", "")
    status, out, _ = run("retune", NAME, "--all", "-n", "--json")
    assert (status, json.loads(out)["plan"]["files"]) == (0, 2)


def test_what_was_done(run: Run, engine: FolderEngine) -> None:
    """All done is 0, some left 3, no room 4; the plan comes first."""
    status, out, _ = run("retune", NAME, "--all")
    assert status == 0
    assert out.splitlines()[-1] == f"{NAME}: 2 files written anew, 97.7K"
    with (engine.folder / "a").open("rb"):
        status, out, _ = run("retune", NAME, "--all", "--json", "--rate", "100M")
    told = json.loads(out)
    assert (status, told["done"], told["left"][0]["path"]) == (3, 1, "a")
    [error] = told["errors"]
    assert (error["target"], error["reason"]) == ("a", told["left"][0]["reason"])
    engine.free_bytes = 1
    status, out, _ = run("retune", NAME, "--all", "--json")
    [error] = json.loads(out)["errors"]
    assert (status, error["operation"], error["target"]) == (4, "finish", NAME)
    status, out, _ = run("retune", NAME, "--all")
    assert status == 4
    assert out.splitlines()[-1].endswith("102G are to stay; still to do: 2 files")


@pytest.mark.usefixtures("engine")
def test_nothing_to_do(run: Run) -> None:
    """Without a stale file there is one line about it, and no result."""
    status, out, _ = run("retune", NAME)
    assert (status, out.splitlines()[1:]) == (0, ["  nothing to do: looked at 2 files"])


@pytest.mark.usefixtures("engine")
def test_what_makes_no_sense(run: Run) -> None:
    """A share of nothing is an error, two kinds of choice are a misuse."""
    assert run("retune", NAME, "--keep-free", "0%")[0] == 1
    assert run("retune", NAME, "--all", "--compression")[0] == 2
