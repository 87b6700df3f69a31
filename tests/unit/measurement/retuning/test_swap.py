"""Originals and copies change places, under the eyes of others."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from zfstune.measurement.retuning import swap as module
from zfstune.measurement.retuning.copy import Settled, copy_file
from zfstune.measurement.retuning.find import find_files
from zfstune.measurement.retuning.found_file import LeftAlone
from zfstune.measurement.retuning.spare import Spare
from zfstune.measurement.retuning.swap import (
    drop_originals,
    put_back,
    put_in_place,
    watch,
)
from zfstune.streams.meter import Meter
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from zfstune.measurement.retuning.copy import Copied


@pytest.fixture
def swapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Spare, Copied]]:
    """Give the copy of a file with two names."""
    monkeypatch.setattr(module, "_LINGER_S", 0.1)
    (tmp_path / "a").write_text("text")
    os.link(tmp_path / "a", tmp_path / "b")
    root = os.open(tmp_path, os.O_RDONLY)
    with Spare.made(root, idle=False) as spare:
        [file] = find_files(root, lambda _: True, skip=[spare.name])[0].values()
        copied = copy_file(spare, file, Meter(1, 1), Settled(lambda: None), 4096)
        yield spare, copied
        copied.close()
    os.close(root)


def numbers(tmp_path: Path) -> set[int]:
    """Give the inodes of the names."""
    return {(tmp_path / name).stat().st_ino for name in ("a", "b")}


def test_there_and_back(tmp_path: Path, swapped: tuple[Spare, Copied]) -> None:
    """Both names lead to the copy, or to the original again."""
    spare, copied = swapped
    put_in_place(spare, copied, [])
    assert numbers(tmp_path) == {copied.copy_inode}
    assert put_back(spare, copied)
    assert numbers(tmp_path) == {copied.file.inode}
    assert put_back(spare, copied)


def test_originals_go(tmp_path: Path, swapped: tuple[Spare, Copied]) -> None:
    """An original that nobody asked for goes."""
    spare, copied = swapped
    put_in_place(spare, copied, [])
    assert list(watch([copied])) == []
    drop_originals(spare, copied)
    assert spare.entries() == []
    assert os.fstat(copied.source).st_nlink == 0
    assert numbers(tmp_path) == {copied.copy_inode}


def test_one_of_its_names_is_gone(tmp_path: Path, swapped: tuple[Spare, Copied]) -> None:
    """Where one name cannot be exchanged, the others go back."""
    spare, copied = swapped
    (tmp_path / copied.file.names[1][0]).rename(tmp_path / "kept")
    (tmp_path / "new").write_text("new")
    (tmp_path / "new").rename(tmp_path / copied.file.names[1][0])
    now = os.fstat(copied.source).st_ctime_ns
    copied.file = replace(copied.file, changed_ns=now)
    with pytest.raises(LeftAlone, match="another file has its name"):
        put_in_place(spare, copied, [])
    assert (tmp_path / copied.file.names[0][0]).stat().st_ino == copied.file.inode
    assert (tmp_path / copied.file.names[1][0]).read_text() == "new"
    assert copied.exchanged == 0


def test_who_wants_the_copy_gets_it(tmp_path: Path, swapped: tuple[Spare, Copied]) -> None:
    """An open() of the new file is held up for a moment only, and undoes nothing."""
    spare, copied = swapped
    put_in_place(spare, copied, [])
    read: list[str] = []
    thread = threading.Thread(target=lambda: read.append((tmp_path / "a").read_text()))
    thread.start()
    assert list(watch([copied])) == []
    thread.join()
    assert read == ["text"]
    drop_originals(spare, copied)


def test_who_wants_the_original_gets_it(
    tmp_path: Path, swapped: tuple[Spare, Copied]
) -> None:
    """An open() of the old file is told at once, and brings it back."""
    spare, copied = swapped
    looked_up = os.open(tmp_path / "a", os.O_PATH)
    put_in_place(spare, copied, [])
    path = f"/proc/self/fd/{looked_up}"
    with pytest.raises(BlockingIOError):
        os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    assert list(watch([copied])) == [copied]
    with pytest.raises(LeftAlone, match="a program opened it"):
        drop_originals(spare, copied)
    assert numbers(tmp_path) == {copied.file.inode}
    os.close(looked_up)


def test_a_name_that_was_removed_meanwhile(
    tmp_path: Path, swapped: tuple[Spare, Copied]
) -> None:
    """Where a name of the copy is gone, the original stays in the folder, and is named."""
    spare, copied = swapped
    looked_up = os.open(tmp_path / "a", os.O_PATH)
    put_in_place(spare, copied, [])
    (tmp_path / copied.file.names[1][0]).unlink()
    with pytest.raises(BlockingIOError):
        os.open(f"/proc/self/fd/{looked_up}", os.O_WRONLY | os.O_NONBLOCK)
    with pytest.raises(LeftAlone, match=r"its old content is kept in \.zfstune-retune"):
        drop_originals(spare, copied)
    assert {entry.is_original for entry in spare.entries()} == {True}
    os.close(looked_up)


def test_who_opens_it_during_the_comparison(
    tmp_path: Path, swapped: tuple[Spare, Copied], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open() ends the comparison at once, and the file is as it was."""
    spare, copied = swapped

    def ask_and_check(_: Copied, after_part: Callable[[], object]) -> None:
        with pytest.raises(BlockingIOError):
            os.open(tmp_path / "a", os.O_RDONLY | os.O_NONBLOCK)
        after_part()

    monkeypatch.setattr(module, "check_copy", ask_and_check)
    with pytest.raises(LeftAlone, match="while it was compared"):
        put_in_place(spare, copied, [])
    assert numbers(tmp_path) == {copied.file.inode}
