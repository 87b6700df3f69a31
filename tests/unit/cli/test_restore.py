"""``zfstune restore``: the plan first, the place of what stood in the way, JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mounted_folder import MountedFolder
from zfstune.engine import open as opening

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MountedFolder:
    """Give a dataset with a file that has changed since its snapshot."""
    engine = MountedFolder(tmp_path)
    (engine.take("monday") / "note").write_text("old")
    (engine.path / "note").write_text("newer")
    monkeypatch.setattr(opening, "open_engine", lambda *_, **__: engine)
    return engine


def test_the_plan_and_what_was_done(run: Run, home: MountedFolder) -> None:
    """A dry run says "would"; a run says where each thing is."""
    status, out, err = run("restore", "tank/home@monday", "note", "-n")
    assert (status, err) == (0, "")
    first, second = out.splitlines()
    assert first == f"would restore {home.path}/note from tank/home@monday: 3 bytes"
    assert second.startswith(f"  would keep what is there now as {home.path}/note.before-")
    assert (home.path / "note").read_text() == "newer"
    status, out, err = run("restore", "tank/home@monday", "note")
    assert (status, err) == (0, "")
    assert out.splitlines()[-1] == f"restored {home.path}/note"
    assert (home.path / "note").read_text() == "old"
    status, out, err = run("restore", "tank/home@monday", f"{home.path}/note")
    assert (status, err) == (0, "")
    assert out == f"nothing to do: {home.path}/note is as tank/home@monday has it\n"


def test_as_json(run: Run, home: MountedFolder, tmp_path: Path) -> None:
    """One document, which says whether it was a dry run."""
    words = ("tank/home@monday", "note", "--to", str(tmp_path), "--json")
    status, out, _ = run("restore", *words, "-n")
    planned = json.loads(out)
    assert (status, planned["done"], planned["dry_run"]) == (0, False, True)
    status, out, _ = run("restore", *words)
    done = json.loads(out)
    assert (status, done["done"], done["target"]) == (0, True, f"{tmp_path}/note")


def test_what_a_killed_run_kept_is_told(run: Run, home: MountedFolder) -> None:
    """The next run puts it beside the file, and says where."""
    left = home.path / ".zfstune-restore.0123456789abcdef"
    left.mkdir(0o700)
    (left / "note").write_text("of an earlier day")
    status, _, err = run("restore", "tank/home@monday", "note")
    assert status == 0
    assert "which an earlier run that was killed had put aside" in err
    kept = [path.read_text() for path in home.path.glob("note.before-restore-*")]
    assert sorted(kept) == ["newer", "of an earlier day"]


def test_what_it_does_not_have(run: Run, home: MountedFolder) -> None:
    """The error has the name that was meant."""
    status, out, err = run("restore", "tank/home@monday", "notes")
    assert (status, out) == (1, "")
    assert "hint: did you mean 'note'?" in err
    status, _, err = run("restore", "tank/home@mondey", "note")
    assert status == 1
    assert "did you mean 'monday'?" in err
