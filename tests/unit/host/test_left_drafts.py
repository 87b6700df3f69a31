"""Drafts beside their places: their names, and those that nobody writes any more."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from killed_child import kill_at_each_change
from zfstune.host.files import replace_file
from zfstune.host.left_drafts import draft_name, new_draft

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_name_cannot_be_guessed() -> None:
    """Two drafts of a file have two names, which begin and end as drafts do."""
    one, other = draft_name("x"), draft_name("x")
    assert one != other
    assert one.startswith(".x.")
    assert one.endswith(".new")


def test_a_file_is_never_left_half_made(tmp_path: Path) -> None:
    """Killed before each change, a run leaves the old text or the new, and one draft.

    The next run leaves none.
    """
    path = tmp_path / "note"
    path.write_text("old\n")
    seen: set[tuple[str, int]] = set()

    def after() -> None:
        drafts = [file for file in tmp_path.iterdir() if file != path]
        seen.add((path.read_text(), len(drafts)))
        replace_file(os.fspath(path), "old\n")
        assert list(tmp_path.iterdir()) == [path]

    kills = kill_at_each_change(lambda: replace_file(os.fspath(path), "new\n"), after)
    assert kills > 3
    assert seen == {("old\n", 0), ("old\n", 1), ("new\n", 0)}


def test_a_draft_that_is_written_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as its writer has it locked, and where it is another user's."""
    draft = tmp_path / draft_name("note")
    with draft.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        new_draft(os.fspath(tmp_path / "note"))
        assert draft.exists()
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        new_draft(os.fspath(tmp_path / "note"))
        assert draft.exists()
    new_draft(os.fspath(tmp_path / "note"))
    assert not draft.exists()


def test_a_draft_that_was_taken_away_before_its_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its writer begins again: another run took it for one that was left."""
    path, flock, taken = tmp_path / "note", fcntl.flock, list[int]()

    def late(descriptor: int, operation: int) -> None:
        if not taken:
            taken.append(descriptor)
            new_draft(os.fspath(path))
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    replace_file(os.fspath(path), "text")
    assert path.read_text() == "text"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_listed(tmp_path: Path) -> None:
    """A draft gets its name there all the same; the writer hears what is wrong."""
    assert new_draft(os.fspath(tmp_path / "none" / "note")).startswith(
        os.fspath(tmp_path / "none")
    )
