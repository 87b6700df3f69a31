"""Paths walked name by name: links followed, directories made, obstacles found."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zfstune.host import walk
from zfstune.values.state import Place

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make everything on the way count as root's own."""
    monkeypatch.setattr(walk, "_is_roots_alone", lambda _: True)
    monkeypatch.setattr(walk, "_ROOT", os.getuid())


def opened(path: Path | str, *, make: bool = False) -> str:
    """Return the path of the directory that was opened."""
    directory = walk.open_directory(os.fspath(path), make=make)
    try:
        return str(Path(f"/proc/self/fd/{directory}").readlink())
    finally:
        os.close(directory)


def refused(path: Path, *, make: bool = True) -> tuple[int | None, str]:
    """Return the errno of a refusal, and the path of the obstacle."""
    with pytest.raises(OSError) as caught:
        walk.open_directory(os.fspath(path), make=make)
    return caught.value.errno, caught.value.filename


def test_what_is_missing_is_made_when_asked(tmp_path: Path) -> None:
    """All of the path is made, and existing directories stay as they are."""
    path = tmp_path / "a" / "b"
    assert refused(path, make=False) == (errno.ENOENT, str(tmp_path / "a"))
    assert opened(path, make=True) == str(path)
    path.chmod(0o700)
    assert opened(path, make=True) == str(path)
    assert path.stat().st_mode & 0o777 == 0o700


def test_odd_ways_to_write_a_path(tmp_path: Path) -> None:
    """Doubled slashes and dots are ignored; "/" is a directory."""
    (tmp_path / "a").mkdir()
    assert opened(f"/{tmp_path}//./a/") == str(tmp_path / "a")
    assert opened(f"{tmp_path}/a/../a") == str(tmp_path / "a")
    assert opened("/") == "/"
    above, name = walk.open_parent(f"{tmp_path}/a")
    assert str(Path(f"/proc/self/fd/{above}").readlink()) == str(tmp_path)
    assert name == "a"
    os.close(above)


@pytest.mark.usefixtures("trusted")
def test_links_of_root_are_followed(tmp_path: Path) -> None:
    """Links are followed: absolute, relative, through "..", and links to links."""
    (tmp_path / "real").mkdir()
    (tmp_path / "absolute").symlink_to(tmp_path / "real")
    (tmp_path / "relative").symlink_to("real")
    (tmp_path / "up").symlink_to("real/../relative")
    for name in ("absolute", "relative", "up"):
        assert opened(tmp_path / name / "x", make=True) == str(tmp_path / "real" / "x")
        assert walk.look(f"{tmp_path}/{name}/y").real == f"{tmp_path}/real/y"


def test_links_of_others_are_not(tmp_path: Path) -> None:
    """Below a directory that anybody may write to, no link is followed."""
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    assert refused(link) == (errno.ELOOP, str(link))
    assert refused(link / "x") == (errno.ELOOP, str(link))
    assert not (tmp_path / "real" / "x").exists()
    assert walk.look(str(link)) == Place(str(link), str(link), "link", str(link))


def test_a_link_that_is_not_roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that is not root's is not followed, even in a directory that is root's."""
    monkeypatch.setattr(walk, "_is_roots_alone", lambda _: True)
    monkeypatch.setattr(walk, "_ROOT", os.getuid() + 1)
    (tmp_path / "link").symlink_to(tmp_path)
    assert refused(tmp_path / "link") == (errno.ELOOP, str(tmp_path / "link"))


@pytest.mark.parametrize(
    ("uid", "mode", "alone"),
    [
        (0, 0o755, True),
        (0, 0o700, True),
        (1000, 0o755, False),
        (0, 0o775, False),
        (0, 0o757, False),
        (0, 0o1777, False),
    ],
)
def test_whose_directories_are_trusted(uid: int, mode: int, *, alone: bool) -> None:
    """Only directories of root that nobody else may write to are trusted, sticky or not."""
    facts = os.stat_result((0o040000 | mode, 1, 1, 2, uid, 0, 0, 0, 0, 0))
    assert walk._is_roots_alone(facts) is alone


@pytest.mark.usefixtures("trusted")
def test_links_that_lead_nowhere(tmp_path: Path) -> None:
    """A dangling link is never filled in, and a circle ends."""
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "gone" / "x")
    assert refused(dangling / "y") == (errno.ENOENT, str(dangling))
    assert not (tmp_path / "gone").exists()
    seen = walk.look(f"{dangling}/y")
    assert (seen.obstacle, seen.obstacle_path) == ("dangling", str(dangling))
    circle = tmp_path / "circle"
    circle.symlink_to("circle")
    assert refused(circle)[0] == errno.ELOOP


def test_what_is_no_directory(tmp_path: Path) -> None:
    """A file in the way is found, at the end of the path or on it."""
    file = tmp_path / "file"
    file.touch()
    assert refused(file) == (errno.EEXIST, str(file))
    assert refused(file / "x" / "y") == (errno.ENOTDIR, str(file))
    assert walk.look(f"{file}/x").obstacle == "file"
    os.mkfifo(tmp_path / "pipe")
    assert walk.look(f"{tmp_path}/pipe").obstacle == "file"


def _file(folder: Path) -> None:
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "f").touch()


def _link(folder: Path) -> None:
    (folder / "l").symlink_to("nowhere")


def _many(folder: Path) -> None:
    for number in range(walk._MOST_ENTRIES + 1):
        (folder / str(number)).mkdir()


def _deep(folder: Path) -> None:
    folder.joinpath(*["d"] * (walk._MOST_DEEP + 2)).mkdir(parents=True)


@pytest.mark.parametrize(
    ("fill", "held"),
    [
        (lambda _: None, ""),
        (lambda folder: (folder / "a" / "b").mkdir(parents=True), ""),
        (_file, "a/b/f"),
        (_link, "l"),
    ],
)
def test_what_a_directory_holds(
    tmp_path: Path, fill: Callable[[Path], None], held: str
) -> None:
    """Empty directories are no content; anything else is, and is named."""
    fill(tmp_path)
    assert walk.look(str(tmp_path)) == Place(str(tmp_path), str(tmp_path), holds=held)


@pytest.mark.parametrize("fill", [_many, _deep])
def test_more_than_can_be_looked_at(tmp_path: Path, fill: Callable[[Path], None]) -> None:
    """A tree too large to walk through is not said to be empty."""
    fill(tmp_path)
    assert walk.look(str(tmp_path)).holds


def test_what_is_mounted_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filesystem mounted below counts as content, even an empty one."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    inside = (tmp_path / "a" / "b").stat().st_ino
    fstat = os.fstat

    def other(directory: int) -> os.stat_result:
        at = fstat(directory)
        device = at.st_dev + (at.st_ino == inside)
        return os.stat_result((at.st_mode, at.st_ino, device, *at[3:]))

    monkeypatch.setattr(os, "fstat", other)
    assert walk.look(str(tmp_path)).holds == "a/b"


def test_a_place_that_is_not_there_yet(tmp_path: Path) -> None:
    """A path that does not exist has no obstacle, and looking does not make it."""
    path = str(tmp_path / "x" / "y")
    assert walk.look(path) == Place(path, path)
    assert not (tmp_path / "x").exists()


def test_a_place_on_a_read_only_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a read-only file system no directory can be made; an existing one can be used."""

    class Flags:
        f_flag = os.ST_RDONLY

    monkeypatch.setattr(os, "fstatvfs", lambda _: Flags)
    seen = walk.look(f"{tmp_path}/x")
    assert (seen.obstacle, seen.obstacle_path) == ("read-only", str(tmp_path))
    assert walk.look(str(tmp_path)).obstacle == ""


def test_a_place_out_of_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place that this user may not look at is denied, and counts as empty."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    seen = walk.look(str(tmp_path))
    assert (seen.obstacle, seen.holds) == ("denied", "")
    monkeypatch.setattr(os, "stat", refuse)
    assert walk.look(str(tmp_path)).obstacle == "denied"


def test_nothing_stays_open(tmp_path: Path) -> None:
    """No walk leaves a descriptor behind, whether it succeeds or fails."""
    _file(tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for path in (tmp_path, tmp_path / "a/b/f", tmp_path / "gone", tmp_path / "a/b/f/x"):
        walk.look(str(path))
        try:
            os.close(walk.open_directory(str(path)))
        except OSError:
            continue
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_directory_below_another_one(tmp_path: Path) -> None:
    """It can be read, and the one above stays open."""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/f").touch()
    above = walk.open_directory(str(tmp_path))
    for names, found in (((), ["a"]), (("a", "b"), ["f"])):
        below = walk.open_below(above, names)
        assert os.listdir(below) == found  # noqa: PTH208 (a descriptor)
        os.close(below)
    os.close(above)


@pytest.mark.parametrize("target", ["a", "/etc", "..", "none"])
def test_below_a_directory_no_link_is_followed(tmp_path: Path, target: str) -> None:
    """Be it root's, for the directory is the root of somebody else's files."""
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to(target)
    above = walk.open_directory(str(tmp_path))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for names in (("link",), ("link", "a"), ("a", "..", "link")):
        with pytest.raises(OSError, match="Not a directory"):
            walk.open_below(above, names)
    with pytest.raises(FileNotFoundError):
        walk.open_below(above, ["gone"])
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    os.close(above)


def test_below_a_directory_no_mount_is_entered() -> None:
    """What is mounted in an image is no part of it."""
    above = walk.open_directory("/")
    with pytest.raises(OSError, match="cross-device link"):
        walk.open_below(above, ["proc"])
    os.close(above)
