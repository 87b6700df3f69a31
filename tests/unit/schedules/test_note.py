"""Notes of runs, and the lock that dies with its holder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from zfstune.schedules.last_run import LastRun
from zfstune.schedules.note import last_run, locked, note, reported_run
from zfstune.values.errors import PlanError

if TYPE_CHECKING:
    from pathlib import Path


GUID = 2**64 - 1
RUN = LastRun("tank/a", "prune", 1, 2, "", 0, 3, 1, GUID)
MISSED = LastRun("tank/a", "prune", 3, 4, "cannot prune 'tank/a': it does not exist")
HOLD = """
import sys, time
from zfstune.schedules.note import locked
with locked(sys.argv[1], "prune", 1) as ours:
    print(ours, flush=True)
    time.sleep(60)
"""


def test_notes_go_round(tmp_path: Path) -> None:
    """Each job of a dataset has one note, the last that was written."""
    folder = os.fspath(tmp_path)
    assert last_run(folder, "prune", GUID) is None
    note(folder, LastRun("tank/a", "prune", 0, 1, "cannot: why", dataset_guid=GUID))
    note(folder, RUN)
    other = LastRun("tank/a", "snapshot", 1, 2, "", 5, dataset_guid=GUID)
    note(folder, other)
    assert last_run(folder, "prune", GUID) == RUN
    assert last_run(folder, "snapshot", GUID) == other
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o644}


def test_another_dataset_of_the_name_did_not_run(tmp_path: Path) -> None:
    """Another dataset of the same name has a note of its own."""
    folder = os.fspath(tmp_path)
    note(folder, RUN)
    assert last_run(folder, "prune", 7) is None
    assert reported_run(folder, "prune", "tank/a", 7) is None
    second = LastRun("tank/a", "prune", 5, 6, dataset_guid=7)
    note(folder, second)
    assert last_run(folder, "prune", 7) == second
    assert last_run(folder, "prune", GUID) == RUN
    # The file was copied or renamed.
    (tmp_path / f"prune@{GUID}.run.json").rename(tmp_path / "prune@8.run.json")
    assert last_run(folder, "prune", 8) is None


def test_a_renamed_dataset_keeps_its_notes(tmp_path: Path) -> None:
    """A renamed dataset keeps its notes."""
    note(os.fspath(tmp_path), RUN)
    assert reported_run(os.fspath(tmp_path), "prune", "tank/b", GUID) == RUN


def test_a_run_that_did_not_find_the_dataset_is_told_of(tmp_path: Path) -> None:
    """A run that never reached the dataset is reported until a later one did."""
    folder = os.fspath(tmp_path / "made")
    note(folder, MISSED)
    assert last_run(folder, "prune", GUID) is None
    assert reported_run(folder, "prune", "tank/a", GUID) == MISSED
    assert reported_run(folder, "snapshot", "tank/a", GUID) is None
    assert reported_run(folder, "prune", "tank/b", GUID) is None
    note(folder, RUN)
    assert reported_run(folder, "prune", "tank/a", GUID) == RUN
    assert [path.name for path in (tmp_path / "made").iterdir()] == [
        f"prune@{GUID}.run.json"
    ]
    note(folder, MISSED)
    assert reported_run(folder, "prune", "tank/a", GUID) == MISSED
    note(folder, LastRun("tank/a", "prune", 0, 1, "an older one"))
    assert reported_run(folder, "prune", "tank/a", GUID) == RUN


def test_a_note_that_is_of_another_name_is_not_told(tmp_path: Path) -> None:
    """A note under a wrong name, as after a copy, is ignored."""
    (tmp_path / "prune-tank-b.run.json").write_text(MISSED.to_json())
    assert reported_run(os.fspath(tmp_path), "prune", "tank/b", GUID) is None
    (tmp_path / "snapshot-tank-a.run.json").write_text(MISSED.to_json())
    assert reported_run(os.fspath(tmp_path), "snapshot", "tank/a", GUID) is None


def test_a_note_of_an_earlier_version_counts_for_nothing(tmp_path: Path) -> None:
    """A note without a guid is ignored, which costs one more run at most."""
    old = RUN.to_json().replace(f', "dataset_guid": "{GUID}"', "")
    (tmp_path / "prune-tank-a.run.json").write_text(old)
    assert LastRun.from_json(old) == LastRun("tank/a", "prune", 1, 2, "", 0, 3, 1)
    assert last_run(os.fspath(tmp_path), "prune", GUID) is None
    assert reported_run(os.fspath(tmp_path), "prune", "tank/a", GUID) is None


def test_a_second_run_is_told_at_once(tmp_path: Path) -> None:
    """A second run of a job on a dataset gets no lock while the first has it."""
    folder = os.fspath(tmp_path / "made")
    with locked(folder, "prune", 1) as first:
        assert first
        with locked(folder, "prune", 1) as second:
            assert not second
        with locked(folder, "snapshot", 1) as other:
            assert other
        with locked(folder, "prune", 2) as another:
            assert another
    with locked(folder, "prune", 1) as again:
        assert again


def test_the_lock_dies_with_its_holder(tmp_path: Path) -> None:
    """A killed process leaves no lock behind."""
    folder = os.fspath(tmp_path)
    argv = [sys.executable, "-c", HOLD, folder]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with locked(folder, "prune", 1) as ours:
            assert not ours
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with locked(folder, "prune", 1) as ours:
        assert ours


def test_a_folder_that_cannot_be_had_is_an_error(tmp_path: Path) -> None:
    """A folder that cannot be made or written is named, with advice."""
    file = tmp_path / "file"
    file.write_text("")
    with (
        pytest.raises(PlanError, match=r"cannot create .* for the notes on runs") as no,
        locked(os.fspath(file), "prune", 1),
    ):
        pass
    assert "--state" in no.value.hint
    with pytest.raises(PlanError, match="cannot write"):
        note(os.fspath(file), RUN)
    with pytest.raises(PlanError, match="cannot create"):
        note(os.fspath(file), MISSED)
    (tmp_path / "prune@1.lock").symlink_to(file)
    with (
        pytest.raises(PlanError, match="cannot lock") as no,
        locked(os.fspath(tmp_path), "prune", 1),
    ):
        pass
    assert "--state" in no.value.hint
