"""The parts of a file that hold data."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from zfstune.host.sparse_file import data_parts

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20


@pytest.fixture
def file(tmp_path: Path) -> int:
    """Give a file of 4 MiB with data in the second and third."""
    fd = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    os.ftruncate(fd, 4 * MIB)
    os.pwrite(fd, b"x" * 2 * MIB, MIB)
    return fd


def test_holes_are_left_out(file: int) -> None:
    """At the beginning, at the end, and of a file that holds nothing else."""
    assert list(data_parts(file, 4 * MIB)) == [(MIB, 3 * MIB)]
    assert list(data_parts(file, 2 * MIB)) == [(MIB, 2 * MIB)]
    os.ftruncate(file, 0)
    os.ftruncate(file, MIB)
    assert list(data_parts(file, MIB)) == []


def test_a_device_has_no_holes(file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel cannot tell where data lie on it, which is not the same as none."""
    monkeypatch.setattr(stat, "S_ISREG", lambda _: False)
    assert list(data_parts(file, 4 * MIB)) == [(0, 4 * MIB)]


def test_a_file_that_cannot_be_read(file: int) -> None:
    """It is an error, and no hole."""
    os.close(file)
    with pytest.raises(OSError, match="Bad file descriptor"):
        list(data_parts(file, 4 * MIB))
