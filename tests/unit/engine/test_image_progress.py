"""Whether what is written to an image's file gets on: bytes beside new uberblocks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from zfstune.engine import _image_progress
from zfstune.engine._image_progress import Progress

if TYPE_CHECKING:
    from pathlib import Path

SIZE_BYTES = (1 << 20) + 1000  # the labels at the end begin at a multiple of 256 KiB
UBERBLOCK_AT = (128 << 10, 384 << 10, 640 << 10, 896 << 10)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give a file that is as long as four labels and a bit more."""
    path = tmp_path / "a.zpool"
    path.write_bytes(bytes(SIZE_BYTES))
    return path


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let a test say how much the process has written."""
    count = [5]
    monkeypatch.setattr(_image_progress, "_written_bytes", lambda: count[0])
    return count


def test_more_than_the_file_without_an_uberblock(file: Path, written: list[int]) -> None:
    """As many bytes as the file has may be one transaction group, and no more."""
    progress = Progress(str(file))
    assert not progress.is_stuck()
    written[0] += SIZE_BYTES
    assert not progress.is_stuck()
    written[0] += 1
    assert progress.is_stuck()


@pytest.mark.parametrize("offset", UBERBLOCK_AT)
def test_an_uberblock_in_any_label_is_progress(
    file: Path, written: list[int], offset: int
) -> None:
    """A label that cannot be written does not matter; the count begins again."""
    progress = Progress(str(file))
    assert not progress.is_stuck()
    with file.open("r+b") as opened:
        os.pwrite(opened.fileno(), b"x", offset)
    written[0] += 3 * SIZE_BYTES
    assert not progress.is_stuck()
    written[0] += SIZE_BYTES
    assert not progress.is_stuck()
    written[0] += 1
    assert progress.is_stuck()


def test_restart(file: Path, written: list[int]) -> None:
    """Bytes that went elsewhere do not count."""
    progress = Progress(str(file))
    assert not progress.is_stuck()
    written[0] += 9 * SIZE_BYTES
    progress.restart()
    assert not progress.is_stuck()
    written[0] += SIZE_BYTES
    assert not progress.is_stuck()


def test_the_bytes_of_this_process(tmp_path: Path) -> None:
    """The kernel counts each write that succeeds."""
    before = _image_progress._written_bytes()
    (tmp_path / "some").write_bytes(bytes(12345))
    assert _image_progress._written_bytes() - before >= 12345
