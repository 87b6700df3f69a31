"""One file copied: only as it was found, settled, and with nothing left on an error."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from zfstune.measurement.retuning import copy as module
from zfstune.measurement.retuning.copy import (
    Settled,
    check_copy,
    copy_file,
    open_found,
)
from zfstune.measurement.retuning.find import found
from zfstune.measurement.retuning.found_file import LeftAlone
from zfstune.measurement.retuning.spare import Spare
from zfstune.streams.meter import Meter
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zfstune.measurement.retuning.copy import Copied
    from zfstune.measurement.retuning.found_file import FoundFile


@pytest.fixture
def spare(tmp_path: Path) -> Iterator[Spare]:
    """Give a folder for copies, and a file beside it."""
    (tmp_path / "file").write_bytes(os.urandom(30_000))
    root = os.open(tmp_path, os.O_RDONLY)
    with Spare.made(root, idle=False) as made:
        yield made
        assert list((tmp_path / made.name).iterdir()) == []
    os.close(root)


def file_of(tmp_path: Path, name: str = "file") -> FoundFile:
    """Give the file as the walk finds it."""
    return found((tmp_path / name).stat(), (name,))


def copied(spare: Spare, file: FoundFile) -> Copied:
    """Copy a file."""
    settled = Settled(lambda: None)
    return copy_file(spare, file, Meter(1, 1), settled, record_bytes=4096)


def test_settled() -> None:
    """A change counts as settled once the pool was synced after it, by the clock's tick."""
    synced: list[int] = []
    settled = Settled(lambda: synced.append(time.time_ns()))
    changed = time.time_ns()
    assert not settled.reached(changed)
    settled.settle()
    assert settled.reached(changed)
    assert not settled.reached(synced[0])


def test_a_copy(tmp_path: Path, spare: Spare) -> None:
    """The copy has a name for each name of the file, and content and times of it."""
    os.link(tmp_path / "file", tmp_path / "other")
    os.utime(tmp_path / "file", ns=(5, 1_234_567_890_123_456_789))
    one = copied(spare, file_of(tmp_path).with_name(("other",)))
    assert [entry.links for entry in spare.entries()] == [2, 2]
    assert all(e.is_copy and e.is_unchanged for e in spare.entries())
    parts: list[int] = []
    check_copy(one, lambda: parts.append(1))
    assert parts == [1]
    assert os.fstat(one.copy).st_atime_ns == 5
    os.pwrite(one.copy, b"\0\0", 17)
    with pytest.raises(LeftAlone, match="its copy differs"):
        check_copy(one, lambda: None)
    spare.remove_all_of(one.copy)
    one.close()


def test_another_file_by_now(tmp_path: Path, spare: Spare) -> None:
    """A name that leads elsewhere, or nowhere, opens nothing."""
    file = file_of(tmp_path)
    for wrong, reason in [
        (replace(file, inode=file.inode + 1), "another file has its name"),
        (replace(file, names=(("gone",),)), "it is gone"),
        (replace(file, names=(("file", "x"),)), "took the place of its folder"),
        (replace(file, names=(("link",),)), "a link took its place"),
    ]:
        (tmp_path / "link").unlink(missing_ok=True)
        (tmp_path / "link").symlink_to("file")
        with pytest.raises(LeftAlone, match=reason):
            open_found(spare.root, wrong)


def test_one_name_more_or_less(tmp_path: Path, spare: Spare) -> None:
    """A file that got a name since the walk is left."""
    file = file_of(tmp_path)
    os.link(tmp_path / "file", tmp_path / "new")
    with pytest.raises(LeftAlone, match="got or lost a name"):
        copied(spare, file)


def test_immutable(tmp_path: Path, spare: Spare, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that nobody may change is left before it is read."""
    monkeypatch.setattr(module, "is_unchangeable", lambda _: True)
    with pytest.raises(LeftAlone, match=r"chattr \+i"):
        copied(spare, file_of(tmp_path))


@pytest.mark.parametrize(
    ("code", "reason"), [(122, "would exceed a quota"), (5, "Input/output error")]
)
def test_errors(
    tmp_path: Path,
    spare: Spare,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    reason: str,
) -> None:
    """An error while a file is copied leaves the file, and nothing of the copy."""

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(module, "write_attributes", fail)
    with pytest.raises(LeftAlone, match=reason):
        copied(spare, file_of(tmp_path))


def test_no_space(tmp_path: Path, spare: Spare, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full pool is not about one file."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "copy_content", fail)
    with pytest.raises(OSError, match="No space left"):
        copied(spare, file_of(tmp_path))
