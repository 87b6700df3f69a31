"""The places of a restore: found in the snapshot, and made again where they are gone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mounted_folder import MountedFolder
from zfstune.snapshots.restore_places import (
    InSnapshot,
    make_folders,
    open_root,
    reach,
    real_path,
)
from zfstune.values.errors import NotFound, PlanError
from zfstune.values.state import Mount

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> MountedFolder:
    """Give a dataset with a snapshot that has a folder, a file and a link."""
    engine = MountedFolder(tmp_path)
    inside = engine.take("monday")
    (inside / "ann" / "letters").mkdir(parents=True)
    (inside / "ann" / "letters").chmod(0o710)
    os.utime(inside / "ann" / "letters", ns=(5, 6))
    (inside / "ann" / "thesis.odt").touch()
    (inside / "link").symlink_to("ann")
    return engine


@pytest.fixture
def root(home: MountedFolder) -> Iterator[int]:
    """Give its open root directory."""
    directory = open_root(str(home.path))
    yield directory
    os.close(directory)


def found(home: MountedFolder, root: int, *names: str) -> InSnapshot:
    """Find something in the snapshot."""
    return InSnapshot(root, "tank/home@monday", home.table, names)


def test_a_file_is_found(home: MountedFolder, root: int) -> None:
    """Its folder is open, and it has the path that it had."""
    source = found(home, root, "ann", "thesis.odt")
    assert real_path(source.folder) == f"{home.path}/.zfs/snapshot/monday/ann"
    assert (source.name, source.path) == ("thesis.odt", f"{home.path}/ann/thesis.odt")
    source.close()
    whole = found(home, root)
    assert (whole.name, whole.path) == (".", str(home.path))
    whole.close()


def test_what_is_missing_is_named(home: MountedFolder, root: int) -> None:
    """The first part that is missing is named, with the name that was meant."""
    with pytest.raises(NotFound) as caught:
        found(home, root, "anne", "thesis.odt")
    assert f"does not have '{home.path}/anne'" in str(caught.value)
    assert caught.value.hint == "did you mean 'ann'?"
    with pytest.raises(NotFound) as caught:
        found(home, root, "ann", "thesis.doc")
    assert caught.value.hint == "did you mean 'thesis.odt'?"


def test_a_dataset_below(home: MountedFolder, root: int) -> None:
    """A path that lies in a dataset mounted there is that one's."""
    path = f"{home.path}/bob"
    home.table["tank/home/bob"] = Mount("tank/home/bob", path, 0, 0, 0o755)
    with pytest.raises(NotFound) as caught:
        found(home, root, "bob", "file")
    assert "tank/home/bob@monday" in caught.value.hint


@pytest.mark.parametrize(
    ("names", "words", "hint"),
    [
        (("link", "thesis.odt"), "is a link", "it leads to 'ann'"),
        (("ann", "thesis.odt", "x"), "is no folder", ""),
    ],
)
def test_no_way_through(
    home: MountedFolder, root: int, names: tuple[str, ...], words: str, hint: str
) -> None:
    """A link is not followed, for it may lead out of the snapshot."""
    with pytest.raises(PlanError, match=words) as caught:
        found(home, root, *names)
    assert caught.value.hint.startswith(hint)


def test_folders_that_are_gone(home: MountedFolder, root: int) -> None:
    """They come back one by one, with what belongs to them; others stay as they are."""
    (home.path / "ann").mkdir(0o700)
    folder, count = reach(root, ("ann", "letters", "old"))
    assert (real_path(folder), count) == (f"{home.path}/ann", 1)
    os.close(folder)
    source = found(home, root, "ann", "letters")
    made = make_folders(source.top, ("ann", "letters"), root)
    assert real_path(made) == f"{home.path}/ann/letters"
    os.close(made)
    assert (home.path / "ann").stat().st_mode & 0o777 == 0o700
    assert (home.path / "ann/letters").stat().st_mode & 0o777 == 0o710
    again = make_folders(source.top, ("ann", "letters"), root)
    os.close(again)
    source.close()


def test_something_else_stands_on_the_way(home: MountedFolder, root: int) -> None:
    """A file where a folder was is not passed over."""
    (home.path / "ann").touch()
    with pytest.raises(NotADirectoryError):
        reach(root, ("ann", "letters"))
