"""The folder for copies, and an exchange that loses no file of others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zfstune.engine.exchange import exchange_names
from zfstune.measurement.retuning import spare as module
from zfstune.measurement.retuning.spare import Spare, spare_folders
from zfstune.measurement.retuning.spare_name import DRAFT, SpareName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENTRY = "entry"


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    """Give the open folder."""
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def spare(root: int, tmp_path: Path) -> Iterator[Spare]:
    """Give a new folder."""
    with Spare.made(root, idle=False) as made:
        yield made
        for path in (tmp_path / made.name).iterdir():
            path.unlink()


def test_it_is_roots_alone_and_goes_when_empty(tmp_path: Path, root: int) -> None:
    """The folder is private, is found again, and stays while something is in it."""
    with Spare.made(root, idle=False) as spare:
        assert (tmp_path / spare.name).stat().st_mode & 0o7777 == 0o700
        assert spare_folders(root) == (spare.name,)
        os.close(spare.create(DRAFT))
    assert spare_folders(root) == (spare.name,)
    with Spare(root, spare.name) as again:
        assert again.lock()
        again.remove(DRAFT)
        again.remove(DRAFT)
    assert spare_folders(root) == ()


def test_folders_of_others(tmp_path: Path, root: int) -> None:
    """A link, a file, an open folder and one of somebody else's are not taken for it."""
    names = [f".zfstune-retune.{n:016x}" for n in range(5)]
    (tmp_path / names[0]).symlink_to(tmp_path)
    (tmp_path / names[1]).touch()
    (tmp_path / names[2]).mkdir()
    (tmp_path / names[2]).chmod(0o750)
    (tmp_path / names[3]).mkdir()
    (tmp_path / names[3]).chmod(0o700)
    os.chown(tmp_path / names[3], 1234, 1234)
    (tmp_path / names[4]).mkdir(0o700)
    assert spare_folders(root) == (names[4],)


def test_one_run_at_a_time(root: int, spare: Spare) -> None:
    """A folder in use is locked."""
    with Spare(root, spare.name) as other:
        assert not other.lock()
    assert spare_folders(root) == (spare.name,)


def test_entries(tmp_path: Path, spare: Spare) -> None:
    """Entries are told by their names, with the facts of their files."""
    file = spare.create(DRAFT)
    name = SpareName(1, os.fstat(file).st_ino, 3, 4, 0)
    spare.link(DRAFT, str(name))
    os.write(file, b"abc")
    [entry] = spare.entries()
    assert (entry.name, entry.is_copy, entry.is_original) == (name, True, False)
    assert (entry.size_bytes, entry.links) == (3, 2)
    spare.remove_all_of(file)
    os.close(file)
    assert list((tmp_path / spare.name).iterdir()) == []


def prepared(tmp_path: Path, spare: Spare) -> int:
    """Put a file into the dataset and another one into the folder.

    The first has one more name, as a run has it open: its inode is not given away.
    """
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "file").write_text("original")
    (tmp_path / spare.name / ENTRY).write_text("copy")
    os.link(tmp_path / "below" / "file", tmp_path / "alive")
    return (tmp_path / "below" / "file").stat().st_ino


def test_exchange(tmp_path: Path, spare: Spare) -> None:
    """The expected file changes places with the entry; another one does not."""
    inode = prepared(tmp_path, spare)
    assert not spare.exchange(ENTRY, ("below", "file"), expected=inode + 1)
    assert spare.exchange(ENTRY, ("below", "file"), expected=inode)
    assert (tmp_path / "below" / "file").read_text() == "copy"
    assert spare.inode(ENTRY) == inode
    with pytest.raises(FileNotFoundError):
        spare.exchange(ENTRY, ("below", "gone"), expected=inode)
    (tmp_path / "link").symlink_to("below")
    with pytest.raises(OSError, match="directory"):
        spare.exchange(ENTRY, ("link", "file"), expected=inode)


@pytest.mark.parametrize("races", [1, 2, 3, 4, 5])
def test_a_file_that_is_replaced_meanwhile(
    tmp_path: Path, spare: Spare, monkeypatch: pytest.MonkeyPatch, races: int
) -> None:
    """However often others replace the file, the name has what they put there last."""
    inode = prepared(tmp_path, spare)
    target, real, left = tmp_path / "below" / "file", exchange_names, [races]

    def raced(*args: object) -> bool:
        if left[0]:
            newer = tmp_path / "newer"
            newer.write_text(f"{left[0]} more")
            newer.rename(target)
            left[0] -= 1
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "exchange_names", raced)
    assert not spare.exchange(ENTRY, ("below", "file"), expected=inode)
    assert target.read_text() == "1 more"


def test_a_release_without_exchange(
    tmp_path: Path, root: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several steps do the same where nothing else is there, and none where it may be."""
    monkeypatch.setattr(module, "exchange_names", lambda *_: False)
    for idle in (False, True):
        with Spare.made(root, idle=idle) as spare:
            os.close(spare.create("trial"))
            assert spare.can_exchange("trial", "trial") is idle
            spare.remove("trial")
            if not idle:
                inode = prepared(tmp_path, spare)
                with pytest.raises(PermissionError, match="cannot exchange"):
                    spare.exchange(ENTRY, ("below", "file"), expected=inode)
                spare.remove(ENTRY)
                continue
            (tmp_path / spare.name / ENTRY).write_text("copy")
            assert spare.exchange(ENTRY, ("below", "file"), expected=inode)
            assert (tmp_path / "below" / "file").read_text() == "copy"
            assert spare.inode(ENTRY) == inode
            assert [path.name for path in (tmp_path / spare.name).iterdir()] == [ENTRY]
            spare.remove(ENTRY)


def test_a_link_takes_the_place_of_the_file(
    tmp_path: Path, spare: Spare, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link is not followed, and stays where it is."""
    inode = prepared(tmp_path, spare)
    target, real = tmp_path / "below" / "file", exchange_names
    calls: list[Callable[[], None]] = [target.unlink, lambda: target.symlink_to("/etc")]

    def raced(*args: object) -> bool:
        while calls:
            calls.pop(0)()
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "exchange_names", raced)
    assert not spare.exchange(ENTRY, ("below", "file"), expected=inode)
    assert target.readlink() == Path("/etc")
