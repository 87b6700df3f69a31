"""The folder of a copy: what stands in the way changes places with it, and is kept."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from zfstune.snapshots import restore_folder
from zfstune.snapshots.restore_folder import (
    COPY_DRAFT,
    RestoreFolder,
    left_folders,
    move_new,
    stands,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def here(tmp_path: Path) -> Iterator[int]:
    """Give an open, empty folder."""
    directory = os.open(tmp_path, os.O_RDONLY)
    yield directory
    os.close(directory)


def draft(folder: RestoreFolder, text: str) -> None:
    """Make a draft of a file."""
    file = os.open(COPY_DRAFT, os.O_WRONLY | os.O_CREAT, dir_fd=folder.fd)
    os.write(file, text.encode())
    os.close(file)


@pytest.mark.parametrize("exchange", ["at once", "in steps"])
def test_what_stands_in_the_way_is_kept(
    tmp_path: Path, here: int, monkeypatch: pytest.MonkeyPatch, exchange: str
) -> None:
    """With and without an exchange of names, a file or a folder that is there stays."""
    if exchange == "in steps":
        monkeypatch.setattr(restore_folder, "exchange_names", lambda *_: False)
    (tmp_path / "file").write_text("old")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inside").write_text("old")
    for name in ("file", "folder", "new"):
        with RestoreFolder.made(here) as folder:
            draft(folder, "new")
            assert folder.put_in_place(name, f"{name}.aside") is (name != "new")
        assert (tmp_path / name).read_text() == "new"
    assert (tmp_path / "file.aside").read_text() == "old"
    assert (tmp_path / "folder.aside" / "inside").read_text() == "old"
    assert sorted(os.listdir(here)) == [
        "file",
        "file.aside",
        "folder",
        "folder.aside",
        "new",
    ]


def test_nothing_is_replaced(tmp_path: Path, here: int) -> None:
    """A name that something has got meanwhile is that one's, for files and for folders."""
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    (tmp_path / "folder").mkdir()
    for name in ("a", "folder"):
        with pytest.raises(FileExistsError):
            move_new(here, name, here, "b")
    assert [(tmp_path / n).read_text() for n in "ab"] == ["a", "b"]
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        move_new(here, "a", here, "link")
    assert stands(here, "link")
    assert not stands(here, "nowhere")
    move_new(here, "link", here, "moved")
    assert (tmp_path / "moved").is_symlink()


def test_a_filesystem_without_hard_links(
    tmp_path: Path, here: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is moved all the same, and replaces nothing."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    with pytest.raises(FileExistsError):
        move_new(here, "a", here, "b")
    move_new(here, "a", here, "c")
    assert (tmp_path / "c").read_text() == "a"
    assert (tmp_path / "b").read_text() == "b"


def test_a_draft_goes_and_all_else_stays(tmp_path: Path, here: int) -> None:
    """A run that fails leaves no draft; a folder with more in it is found again."""
    with RestoreFolder.made(here) as folder:
        (tmp_path / folder.name / COPY_DRAFT / "below").mkdir(parents=True)
    assert os.listdir(here) == []
    with RestoreFolder.made(here) as folder:
        draft(folder, "kept")
        os.rename(COPY_DRAFT, "name", src_dir_fd=folder.fd, dst_dir_fd=folder.fd)
        assert left_folders(here) == []  # it is in use
    [left] = left_folders(here)
    with left:
        assert (tmp_path / left.name / "name").exists()
        assert (tmp_path / left.name).stat().st_mode & 0o777 == 0o700
        left.remove("name")
        left.remove("nosuch")
    assert os.listdir(here) == []


def test_a_folder_of_somebody_else(tmp_path: Path, here: int) -> None:
    """A folder that others may enter is none of ours, nor is one of another name."""
    others = tmp_path / ".zfstune-restore.0123456789abcdef"
    others.mkdir()
    others.chmod(0o755)
    (tmp_path / ".zfstune-restore.x").mkdir(0o700)
    (tmp_path / ".zfstune-restore.fedcba9876543210").symlink_to(tmp_path)
    assert left_folders(here) == []
    with pytest.raises(PermissionError):
        RestoreFolder(here, others.name)
