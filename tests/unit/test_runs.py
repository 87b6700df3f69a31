"""Notes of runs, and the lock that dies with its holder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.errors import PlanError
from zfstune.run_record import LastRun
from zfstune.runs import last_run, last_runs, locked, note, state_folder, write_file

if TYPE_CHECKING:
    from pathlib import Path

RUN = LastRun("tank/a", "prune", 1, 2, "", 0, 3, 1)
HOLD = """
import sys, time
from zfstune.runs import locked
with locked(sys.argv[1], "prune", "tank/a") as ours:
    print(ours, flush=True)
    time.sleep(60)
"""


def test_notes_go_round(tmp_path: Path) -> None:
    """One a job and dataset, the last that was written, listed by name."""
    folder = os.fspath(tmp_path)
    assert last_run(folder, "prune", "tank/a") is None
    assert last_runs(os.fspath(tmp_path / "none")) == []
    note(folder, LastRun("tank/a", "prune", 0, 1, "cannot: why"))
    note(folder, RUN)
    other = LastRun("tank/a b", "snapshot", 1, 2, "", 5)
    note(folder, other)
    assert last_run(folder, "prune", "tank/a") == RUN
    assert last_runs(folder) == [RUN, other]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o644}


@given(st.text(max_size=60))
def test_what_is_no_note_is_none(text: str) -> None:
    """Whatever lies there, reading it fails on nothing."""
    assert LastRun.from_json(text) is None


def test_a_note_with_wrong_types_is_none() -> None:
    """A text where a number belongs, a key too few, a list."""
    good = RUN.to_json()
    assert LastRun.from_json(good) == RUN
    for bad in (good.replace('"began": 1', '"began": "1"'), '{"dataset": "x"}', "[]", "3"):
        assert LastRun.from_json(bad) is None


def test_a_second_run_is_told_at_once(tmp_path: Path) -> None:
    """While one holds the lock another gets none; of another job or dataset it does."""
    folder = os.fspath(tmp_path / "made")
    with locked(folder, "prune", "tank/a") as first:
        assert first
        with locked(folder, "prune", "tank/a") as second:
            assert not second
        with locked(folder, "snapshot", "tank/a") as other:
            assert other
        with locked(folder, "prune", "tank/b") as another:
            assert another
    with locked(folder, "prune", "tank/a") as again:
        assert again


def test_the_lock_dies_with_its_holder(tmp_path: Path) -> None:
    """A kill that nobody can catch leaves no lock behind."""
    folder = os.fspath(tmp_path)
    argv = [sys.executable, "-c", HOLD, folder]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with locked(folder, "prune", "tank/a") as ours:
            assert not ours
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with locked(folder, "prune", "tank/a") as ours:
        assert ours


def test_a_folder_that_cannot_be_had_is_an_error(tmp_path: Path) -> None:
    """It is named, with what may help."""
    file = tmp_path / "file"
    file.write_text("")
    with (
        pytest.raises(PlanError, match="cannot lock") as no,
        locked(os.fspath(file), "prune", "tank/a"),
    ):
        pass
    assert "--state" in no.value.hint
    with pytest.raises(PlanError, match="cannot write"):
        note(os.fspath(file), RUN)


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """A reader that has it open goes on reading the old one; no draft is left."""
    path = tmp_path / "x.prom"
    write_file(os.fspath(path), "old\n")
    with path.open(encoding="utf-8") as reader:
        write_file(os.fspath(path), "new\n", mode=0o600)
        assert reader.read() == "old\n"
    assert path.read_text(encoding="utf-8") == "new\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
    (tmp_path / "folder").mkdir()
    with pytest.raises(PlanError, match="cannot write"):
        write_file(os.fspath(tmp_path / "folder"), "text")
    assert len(list(tmp_path.iterdir())) == 2


def test_where_the_notes_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """As told, as systemd says, or where that would put them."""
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    assert state_folder() == "/var/lib/zfstune"
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/private/zfstune:/other")
    assert state_folder() == "/var/lib/private/zfstune"
    assert state_folder("/here") == "/here"
