"""The walk through a folder that others change meanwhile."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from zfstune.host.walk import open_below
from zfstune.measurement.retuning import find
from zfstune.measurement.retuning.find import find_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    """Give the open folder."""
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def every(_: os.stat_result) -> bool:
    """Want each file."""
    return True


def test_names_and_facts(tmp_path: Path, root: int) -> None:
    """Each plain file is found with all its names; links, pipes and folders are none."""
    deep = tmp_path / "a\n" / "\udcff"
    deep.mkdir(parents=True)
    (deep / "file").write_bytes(b"x" * 5000)
    os.link(deep / "file", tmp_path / "link")
    (tmp_path / "soft").symlink_to("link")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "skipped").mkdir()
    (tmp_path / "skipped" / "file").touch()
    (tmp_path / ".zfs").mkdir()
    (tmp_path / ".zfs" / "file").touch()
    files, count = find_files(root, every, skip=["skipped"])
    assert count == 2
    [file] = files.values()
    assert set(file.names) == {("a\n", "\udcff", "file"), ("link",)}
    facts = (tmp_path / "link").stat()
    assert (file.inode, file.links, file.size_bytes) == (facts.st_ino, 2, 5000)
    assert (file.modified_ns, file.changed_ns) == (facts.st_mtime_ns, facts.st_ctime_ns)
    assert (file.block_bytes, file.used_bytes) == (facts.st_blksize, facts.st_blocks * 512)


def test_only_those_that_are_wanted(tmp_path: Path, root: int) -> None:
    """The others are counted."""
    (tmp_path / "small").write_bytes(b"x")
    (tmp_path / "large").write_bytes(b"x" * 10)
    files, count = find_files(root, lambda facts: facts.st_size > 5)
    assert [file.path for file in files.values()] == ["large"]
    assert count == 2


def swap_for_link(folder: Path, outside: Path) -> None:
    """Put a link to another place where a folder was."""
    folder.rename(folder.with_name("moved"))
    folder.symlink_to(outside)


def remove(folder: Path, _: Path) -> None:
    """Remove a folder."""
    for entry in folder.iterdir():
        entry.unlink()
    folder.rmdir()


def put_file(folder: Path, outside: Path) -> None:
    """Put a file where a folder was."""
    remove(folder, outside)
    folder.touch()


@pytest.mark.parametrize("change", [swap_for_link, remove, put_file])
def test_a_folder_changes_before_it_is_entered(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path, Path], None],
) -> None:
    """What took the place of a folder is not followed, and nothing of it is found."""
    inside, outside = tmp_path / "in", tmp_path / "out"
    (inside / "folder").mkdir(parents=True)
    outside.mkdir()
    (inside / "folder" / "file").touch()
    (outside / "secret").touch()

    def changed_first(root: int, names: tuple[str, ...]) -> int:
        if names:
            change(inside / "folder", outside)
        return open_below(root, names)

    monkeypatch.setattr(find, "open_below", changed_first)
    root = os.open(inside, os.O_RDONLY)
    assert find_files(root, every) == ({}, 0)
    os.close(root)


def test_a_file_that_vanishes(
    tmp_path: Path, root: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is gone before it is looked at was never there."""
    for name in ("a", "b"):
        (tmp_path / name).touch()
    real = os.listdir

    def listdir(place: int) -> list[str]:
        names = real(place)
        (tmp_path / "a").unlink()
        return names

    monkeypatch.setattr(os, "listdir", listdir)
    files, _ = find_files(root, every)
    assert [file.path for file in files.values()] == ["b"]
