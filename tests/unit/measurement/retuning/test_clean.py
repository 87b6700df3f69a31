"""What killed runs left on a real filesystem, settled."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from zfstune.measurement.retuning.clean import clean, count_leftovers
from zfstune.measurement.retuning.spare import Spare, spare_folders
from zfstune.measurement.retuning.spare_name import DRAFT, TRIAL, SpareName

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEFT = "a killed run left it, and it was changed or is open since: compare it with the file"


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    """Give the open folder."""
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def killed(folder: Path, root: int, *, names: int, exchanged: int) -> list[Path]:
    """Leave what a run leaves that is killed after so many exchanges; give the entries."""
    original, copy = folder / "0", folder / "copy"
    original.write_text("text")
    copy.write_text("text")
    os.utime(copy, ns=(0, original.stat().st_mtime_ns))
    facts = original.stat()
    spare = Spare.made(root, idle=False)
    entries = []
    for number in range(names):
        if number:
            os.link(original, folder / str(number))
        name = SpareName(facts.st_ino, copy.stat().st_ino, 4, facts.st_mtime_ns, number)
        entries.append(folder / spare.name / str(name))
        os.link(copy, entries[-1])
    copy.unlink()
    for number, entry in enumerate(entries[:exchanged]):
        assert spare.exchange(entry.name, (str(number),), expected=facts.st_ino)
    os.close(spare.fd)
    return entries


@pytest.mark.parametrize("exchanged", [0, 1, 2, 3])
def test_each_stage(tmp_path: Path, root: int, exchanged: int) -> None:
    """All names lead to one file again, and nothing is left."""
    killed(tmp_path, root, names=3, exchanged=exchanged)
    assert count_leftovers(root) == 3
    assert clean(root) == (3, ())
    assert spare_folders(root) == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1", "2"]
    assert len({(tmp_path / name).stat().st_ino for name in "012"}) == 1
    assert (tmp_path / "0").read_text() == "text"


@pytest.mark.parametrize("names", [1, 2])
def test_an_original_that_was_written_to(tmp_path: Path, root: int, names: int) -> None:
    """What somebody wrote into the original after the exchange stays, and is named."""
    [entry, *_] = killed(tmp_path, root, names=names, exchanged=1)
    entry.write_text("more text")
    removed, left = clean(root)
    assert removed == 0
    assert str(entry.relative_to(tmp_path)) in {each.path for each in left}
    assert {each.reason for each in left} == {LEFT}
    assert entry.read_text() == "more text"
    assert clean(root) == (0, left)


def test_a_copy_that_was_written_to(tmp_path: Path, root: int) -> None:
    """A name whose copy was written to keeps it."""
    killed(tmp_path, root, names=2, exchanged=1)
    (tmp_path / "0").write_text("more text")
    removed, left = clean(root)
    assert (removed, len(left)) == (0, 2)
    assert ((tmp_path / "0").read_text(), (tmp_path / "1").read_text()) == (
        "more text",
        "text",
    )


def test_somebody_has_it_open(tmp_path: Path, root: int) -> None:
    """An original that somebody has open stays until it is closed."""
    [entry] = killed(tmp_path, root, names=1, exchanged=1)
    with entry.open("rb"):
        assert clean(root)[0] == 0
    assert clean(root) == (1, ())


def test_a_file_of_somebody_else(tmp_path: Path, root: int) -> None:
    """A file that was caught in an exchange is kept."""
    [entry] = killed(tmp_path, root, names=1, exchanged=0)
    entry.rename(tmp_path / "alive")
    entry.write_text("caught")
    assert clean(root)[0] == 0
    assert entry.read_text() == "caught"


def test_drafts_and_trials(root: int) -> None:
    """Half-made copies go; a folder of a run that is under way is left to it."""
    with Spare.made(root, idle=False) as spare:
        for name in (DRAFT, TRIAL):
            os.close(spare.create(name))
        with pytest.raises(BlockingIOError):
            clean(root)
    assert clean(root) == (2, ())
    assert spare_folders(root) == ()
