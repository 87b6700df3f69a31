"""A sample of the files of a mounted filesystem, with their block sizes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from zfstune.host.file_sample import sample_files

if TYPE_CHECKING:
    from pathlib import Path


def test_the_walk(tmp_path: Path) -> None:
    """Plain files that are not empty are looked at, below folders too, but no snapshot."""
    (tmp_path / "a").write_bytes(b"x" * 5000)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b").write_bytes(b"x")
    (tmp_path / "sub" / "empty").touch()
    (tmp_path / ".zfs").mkdir()
    (tmp_path / ".zfs" / "c").write_bytes(b"x")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "loop").symlink_to(".")
    os.mkfifo(tmp_path / "fifo")
    sample = sample_files(os.fspath(tmp_path))
    assert sample.complete
    block = (tmp_path / "a").stat().st_blksize
    assert sorted((f.path, f.size_bytes, f.block_bytes) for f in sample.files) == [
        (f"{tmp_path}/a", 5000, block),
        (f"{tmp_path}/sub/b", 1, block),
    ]


def test_the_walk_ends(tmp_path: Path) -> None:
    """The walk ends at its limit of files or seconds, and says that it was not complete."""
    for number in range(5):
        (tmp_path / str(number)).write_bytes(b"x")
    sample = sample_files(os.fspath(tmp_path), most=3)
    assert (len(sample.files), sample.complete) == (3, False)
    sample = sample_files(os.fspath(tmp_path), seconds=-1)
    assert (sample.files, sample.complete) == ((), False)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """A folder that does not exist is an error, unlike one below it that cannot be read."""
    with pytest.raises(OSError, match="No such file"):
        sample_files(os.fspath(tmp_path / "gone"))
