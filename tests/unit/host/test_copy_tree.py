"""Trees copied with all that belongs to them, and compared."""

from __future__ import annotations

import errno
import os
import socket
from typing import TYPE_CHECKING

import pytest

from zfstune.host import copy_tree
from zfstune.host.attributes import read_attributes
from zfstune.host.copy_tree import Copier, CopyError, Tree, count_tree, same_tree
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from zfstune.host.attributes import Attributes


@pytest.fixture
def places(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Give the open folder of a tree `x`, and an open empty folder."""
    fill(tmp_path / "from" / "x")
    (tmp_path / "to").mkdir()
    opened = [os.open(tmp_path / name, os.O_RDONLY) for name in ("from", "to")]
    yield opened[0], opened[1]
    for fd in opened:
        os.close(fd)


def fill(tree: Path) -> None:
    """Make a tree with a bit of everything that this user may make."""
    (tree / "a" / "deep\n\udcff").mkdir(parents=True)
    file = tree / "a" / "file"
    with file.open("wb") as opened:
        opened.write(b"begin")
        opened.truncate(1 << 20)
        opened.seek(1 << 19)
        opened.write(b"middle")
    os.setxattr(file, "user.note", b"text\0")
    file.chmod(0o4750)
    (tree / "a" / "deep\n\udcff" / "again").hardlink_to(file)
    (tree / "b").write_bytes(b"other")
    (tree / "link").symlink_to("nowhere at all")
    os.mkfifo(tree / "pipe", 0o640)
    for name in ("a/file", "b", "a/deep\n\udcff", "a"):
        os.utime(tree / name, ns=(1_000_000_001, 1_234_567_890_123_456_789))
    os.utime(tree / "link", ns=(5, 6), follow_symlinks=False)


def test_everything_is_copied(tmp_path: Path, places: tuple[int, int]) -> None:
    """Content, holes, modes, times, attributes, links of both kinds and pipes."""
    source, target = places
    before = (tmp_path / "from/x/a/file").stat()
    passed: list[int] = []
    Copier(passed.append).copy(source, "x", target, "new")
    copy = tmp_path / "to" / "new"
    assert (copy / "a" / "file").stat().st_atime_ns == before.st_atime_ns
    assert same_tree(source, "x", target, "new")
    file, again = copy / "a" / "file", copy / "a" / "deep\n\udcff" / "again"
    assert file.stat().st_ino == again.stat().st_ino
    assert file.read_bytes() == (tmp_path / "from/x/a/file").read_bytes()
    assert sum(passed) < file.stat().st_size  # the hole was not read
    assert file.stat().st_mtime_ns == 1_234_567_890_123_456_789
    assert os.getxattr(file, "user.note") == b"text\0"
    assert (copy / "link").readlink().name == "nowhere at all"
    assert (copy / "link").lstat().st_mtime_ns == 6
    assert (copy / "a").stat().st_mtime_ns == 1_234_567_890_123_456_789
    assert count_tree(source, "x") == count_tree(target, "new")
    assert count_tree(target, "new") == Tree(5, 3, 2 * (1 << 20) + 5)


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda tree: os.pwrite(os.open(tree / "b", os.O_WRONLY), b"OTHER", 0),
    "mode": lambda tree: (tree / "b").chmod(0o600),
    "time": lambda tree: os.utime(tree / "b", ns=(1, 2)),
    "attribute": lambda tree: os.setxattr(tree / "a", "user.more", b"1"),
    "another name": lambda tree: (tree / "b").rename(tree / "c"),
    "one more": lambda tree: (tree / "a" / "more").touch(),
    "link": lambda tree: relink(tree / "link"),
    "no hard link": lambda tree: separate(tree / "a" / "deep\n\udcff" / "again"),
    "kind": lambda tree: (tree / "b").replace(tree / "pipe"),
}


def relink(link: Path) -> None:
    """Have a link of the same length and time lead elsewhere."""
    link.unlink()
    link.symlink_to("nowhere at ALL")
    os.utime(link, ns=(5, 6), follow_symlinks=False)


def separate(file: Path) -> None:
    """Turn one of two names of a file into a file of the same content and attributes."""
    before, content = file.stat(), file.read_bytes()
    file.unlink()
    file.write_bytes(content)
    os.setxattr(file, "user.note", b"text\0")
    file.chmod(before.st_mode & 0o7777)
    times = (before.st_atime_ns, before.st_mtime_ns)
    os.utime(file, ns=times)
    os.utime(file.parent, ns=times)


@pytest.mark.parametrize("change", CHANGES)
def test_each_difference_is_seen(
    tmp_path: Path, places: tuple[int, int], change: str
) -> None:
    """A tree that differs in one thing alone is not the same, seen from either side."""
    source, target = places
    Copier().copy(source, "x", target, "new")
    kept = {
        folder: (folder.stat().st_atime_ns, folder.stat().st_mtime_ns)
        for folder in (tmp_path / "to/new", tmp_path / "to/new/a", tmp_path / "to/new/b")
    }
    CHANGES[change](tmp_path / "to" / "new")
    for folder, times in kept.items():
        if change != "time" and folder.exists():
            os.utime(folder, ns=times)
    assert not same_tree(source, "x", target, "new")
    assert not same_tree(target, "new", source, "x")


def test_a_socket_is_copied(tmp_path: Path, places: tuple[int, int]) -> None:
    """What is no file, folder or link is made anew and never opened."""
    source, target = places
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"/proc/self/fd/{source}/sock")
    Copier().copy(source, "sock", target, "sock")
    assert same_tree(source, "sock", target, "sock")
    assert (tmp_path / "to/sock").is_socket()


def test_the_error_has_the_path(places: tuple[int, int]) -> None:
    """It names the file below the tree that could not be copied."""
    source, target = places

    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    with pytest.raises(CopyError) as caught:
        Copier(refuse).copy(source, "x", target, "new")
    assert caught.value.path in {"a/file", "a/deep\n\udcff/again"}
    assert caught.value.error.errno == errno.ENOSPC
    with pytest.raises(CopyError) as caught:
        Copier().copy(source, "nosuch", target, "other")
    assert caught.value.path == ""


def test_flags_that_forbid_changes_come_last(
    places: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An immutable file can have links and times, and is immutable in the end."""
    source, target = places
    flags = (0x8).to_bytes(4, "little") + bytes(24)
    originals: set[tuple[int, int]] = set()
    for _, _, files, folder in os.fwalk("x", dir_fd=source):
        for below in (".", *files):
            facts = os.stat(below, dir_fd=folder, follow_symlinks=False)
            originals.add((facts.st_dev, facts.st_ino))
    written: list[tuple[str, bytes]] = []

    def immutable(file: int) -> Attributes:
        facts = os.fstat(file)
        is_original = (facts.st_dev, facts.st_ino) in originals
        return replace(
            read_attributes(file), flags=flags if is_original else bytes(28), dos=b""
        )

    monkeypatch.setattr(copy_tree, "read_attributes", immutable)
    monkeypatch.setattr(
        copy_tree, "write_attributes", lambda _, a: written.append(("early", a.flags))
    )
    monkeypatch.setattr(
        copy_tree, "write_flags", lambda _, a: written.append(("late", a.flags))
    )
    copier = Copier()
    copier.copy(source, "x", target, "draft")
    assert written == [("early", bytes(28))] * 5
    os.rename("draft", "x", src_dir_fd=target, dst_dir_fd=target)
    copier.seal(target, "x")
    assert written[5:] == [("late", flags)] * 5


@pytest.mark.parametrize(
    ("source_has", "copy_has", "ends_with"),
    [
        (b"", b"\x08" + bytes(7), b"\x08" + bytes(7)),
        (b"\x01" + bytes(7), b"", b""),
        (b"\x01" + bytes(7), b"\x08" + bytes(7), b"\x01" + bytes(7)),
    ],
)
def test_what_one_filesystem_does_not_know(
    tmp_path: Path, source_has: bytes, copy_has: bytes, ends_with: bytes
) -> None:
    """Flags that the source cannot have stay as the copy has them, and count for none."""
    (tmp_path / "file").write_bytes(b"")
    file = os.open(tmp_path / "file", os.O_RDONLY)
    try:
        plain = read_attributes(file)
    finally:
        os.close(file)
    wanted = replace(plain, flags=source_has, dos=source_has)
    there = replace(plain, flags=copy_has, dos=copy_has)
    found = copy_tree._fitting(wanted, there)
    assert (found.flags, found.dos) == (ends_with, ends_with)


def test_into_a_folder_that_is_there(tmp_path: Path) -> None:
    """Folders that are there take the content of their counterparts, and attributes."""
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "wal").mkdir(parents=True)
    (source / "wal" / "1").write_bytes(b"log")
    os.link(source / "wal" / "1", source / "same")
    source.chmod(0o750)
    (target / "wal").mkdir(parents=True)
    before = source.stat()
    here, there = os.open(source, os.O_RDONLY), os.open(target, os.O_RDONLY)
    above = os.open(tmp_path, os.O_RDONLY)
    try:
        copier = Copier()
        copier.copy_into(here, there)
        copier.seal(above, "target")
        assert same_tree(above, "source", above, "target")
    finally:
        for fd in (here, there, above):
            os.close(fd)
    assert (target / "same").stat().st_ino == (target / "wal" / "1").stat().st_ino
    assert target.stat().st_mode & 0o7777 == 0o750
    assert target.stat().st_mtime_ns == before.st_mtime_ns


def test_into_a_folder_where_a_file_is(tmp_path: Path) -> None:
    """A file that is there is never written over."""
    for name in ("source", "target"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text(name)
    here, there = (os.open(tmp_path / n, os.O_RDONLY) for n in ("source", "target"))
    try:
        with pytest.raises(CopyError) as caught:
            Copier().copy_into(here, there)
    finally:
        os.close(here)
        os.close(there)
    assert caught.value.path == "a"
    assert (tmp_path / "target" / "a").read_text() == "target"


def test_an_empty_filesystem_in_the_copy_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not count; an empty folder does, and so does what is in the filesystem."""
    for name in ("source", "target"):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (5, 5))
    extra = tmp_path / "target" / "extra"
    extra.mkdir()
    os.utime(tmp_path / "target", (5, 5))
    above = os.open(tmp_path, os.O_RDONLY)
    inode, real = extra.stat().st_ino, os.stat

    def stat(name: str, **more: object) -> os.stat_result:
        facts = real(name, **more)  # type: ignore[arg-type]
        if facts.st_ino != inode:
            return facts
        return os.stat_result([*facts[:2], facts.st_dev + 1, *facts[3:]])

    try:
        assert not same_tree(above, "source", above, "target")
        monkeypatch.setattr(os, "stat", stat)
        assert same_tree(above, "source", above, "target")
        assert not same_tree(above, "target", above, "source")
        (extra / "file").touch()
        assert not same_tree(above, "source", above, "target")
    finally:
        os.close(above)
