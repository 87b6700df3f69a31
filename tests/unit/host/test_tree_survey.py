"""A walk through a folder: counts, links that lead out, users, and its state."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from zfstune.host.tree_survey import survey_tree, users_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zfstune.host.tree_survey import TreeSurvey


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with two files, one of which has a name outside."""
    folder = tmp_path / "there"
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "a").write_bytes(b"12345")
    (folder / "b").write_bytes(b"123")
    os.link(folder / "b", tmp_path / "outside")
    os.link(folder / "below" / "a", folder / "inside")
    (folder / "link").symlink_to("b")
    return folder


def survey(folder: Path) -> TreeSurvey:
    """Walk through a folder."""
    above = os.open(folder.parent, os.O_RDONLY)
    try:
        return survey_tree(above, folder.name)
    finally:
        os.close(above)


def test_what_is_in_it(folder: Path) -> None:
    """Names count, and a file with two names counts twice, as it is copied by name."""
    found = survey(folder)
    assert (found.files, found.folders, found.size_bytes) == (4, 2, 13)
    assert found.linked == ("b",)
    assert (folder / "below" / "a").stat().st_ino in found.inodes


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "b").write_bytes(b"456"),
        lambda folder: (folder / "below" / "a").chmod(0o600),
        lambda folder: (folder / "new").touch(),
        lambda folder: (folder / "link").unlink(),
        lambda folder: (folder / "b").rename(folder / "c"),
    ],
)
def test_each_change_is_seen(folder: Path, change: Callable[[Path], object]) -> None:
    """Content, attributes and names make up the state; the folder's own name does not."""
    before = survey(folder).state
    moved = folder.rename(folder.with_name("elsewhere"))
    assert survey(moved).state == before
    change(moved)
    assert survey(moved).state != before


def test_holes_take_no_space(folder: Path) -> None:
    """The length of a file with a hole is more than the space of its data."""
    with (folder / "sparse").open("wb") as file:
        file.truncate(1 << 30)
    found = survey(folder)
    assert found.size_bytes > 1 << 30
    assert found.space_bytes < 1 << 20


def test_users(folder: Path, tmp_path: Path) -> None:
    """An open file, one that was removed, and a working folder; others do not count."""
    proc = tmp_path / "proc"
    found = survey(folder)
    links = {
        "1": ("fd/3", folder / "b"),
        "2": ("cwd", folder / "below"),
        "3": ("cwd", tmp_path),
        "4": ("exe", tmp_path / "gone"),
        str(os.getpid()): ("cwd", folder),
    }
    for pid, (name, target) in links.items():
        link = proc / pid / name
        link.parent.mkdir(parents=True)
        link.symlink_to(target)
        (proc / pid / "comm").write_text(f"program{pid}\n")
    assert users_of(found, f"{folder}", proc=f"{proc}") == {1: "program1", 2: "program2"}


def test_a_real_user(folder: Path) -> None:
    """A file that was removed and is still open is found by the path that it had."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writer)
        kept = (folder / "b").open("rb")
        (folder / "b").unlink()
        (folder.parent / "outside").unlink()
        os.write(1, b"")
        (folder / "ready").touch()
        os.read(reader, 1)
        kept.close()
        os._exit(0)
    os.close(reader)
    try:
        while not (folder / "ready").exists():
            os.sched_yield()
        assert child in users_of(survey(folder), f"{folder}")
    finally:
        os.close(writer)
        os.waitpid(child, 0)
