"""Copy a file or a folder with all that belongs to it, and tell whether two are alike.

Everything is reached through open folders, name by name, and no link is followed: the
tree may be somebody else's, who may replace parts of it meanwhile. What is mounted below
is not entered.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager

from zfstune.host.attributes import read_attributes, write_attributes, write_flags
from zfstune.host.file_content import copy_content, same_content
from zfstune.values.frozen import frozen, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.host.attributes import Attributes

__all__ = ["Copier", "CopyError", "Tree", "count_tree", "same_tree"]

_TOP = (".",)  # the way to the folder itself
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class CopyError(Exception):
    """Something below a tree could not be copied.

    Attributes:
        path: Its path below the tree; empty: the tree itself.
        error: The system's error.
    """

    def __init__(self, path: str, error: OSError) -> None:
        super().__init__(path)
        self.path = path
        self.error = error


@frozen
class Tree:
    """What is in a tree.

    Attributes:
        files: How many files it has, links and devices among them.
        folders: How many folders, itself included where it is one.
        size_bytes: The length of all files.
    """

    files: int = 0
    folders: int = 0
    size_bytes: int = 0


def count_tree(directory: int, name: str) -> Tree:
    """Count what is in a tree.

    Args:
        directory: The open folder that it lies in.
        name: Its name there.

    Raises:
        OSError: It cannot be read.
    """
    facts = os.stat(name, dir_fd=directory, follow_symlinks=False)
    if not stat.S_ISDIR(facts.st_mode):
        return Tree(1, 0, facts.st_size if stat.S_ISREG(facts.st_mode) else 0)
    found = Tree(folders=1)
    with _opened(name, directory) as folder:
        for below in os.listdir(folder):
            inner = count_tree(folder, below)
            found = Tree(
                found.files + inner.files,
                found.folders + inner.folders,
                found.size_bytes + inner.size_bytes,
            )
    return found


class Copier:
    """Copies one tree; hard links among its files stay hard links.

    Flags of `chattr` and DOS attributes may forbid changes (immutable, append only), and
    so would forbid the rest of the work: :meth:`seal` sets them at the end.

    Args:
        passed: Is told how many bytes were copied, after each part.
    """

    def __init__(self, passed: Callable[[int], object] = lambda _: None) -> None:
        self._passed = passed
        self._merges = False
        self._first: dict[int, tuple[str, ...]] = {}
        self._sealed: list[tuple[tuple[str, ...], Attributes]] = []

    def copy(self, source: int, name: str, target: int, new_name: str) -> None:
        """Copy a file or a folder with all below it.

        Args:
            source: The open folder that it lies in.
            name: Its name there.
            target: The open folder for the copy, which nobody else may enter.
            new_name: A name there that nothing has yet.

        Raises:
            CopyError: Something cannot be copied; a part of the copy may be there.
        """
        self._root = target
        self._copy(source, name, target, (new_name,))

    def copy_into(self, source: int, target: int) -> None:
        """Copy all that is in a folder, and its attributes, into one that is there.

        A folder that the other one has already takes the content of its counterpart:
        another filesystem may be mounted there. A hard link cannot lead from one
        filesystem to another.

        Args:
            source: The open folder.
            target: The other one, in which there are folders alone.

        Raises:
            CopyError: Something cannot be copied; a part of the copy may be there.
        """
        self._root = target
        self._merges = True
        with _named(_TOP):
            self._fill(source, target, _TOP)

    def seal(self, directory: int, name: str) -> None:
        """Set flags and DOS attributes, once the copy is where it belongs.

        Args:
            directory: The open folder that the copy lies in now.
            name: Its name there.

        Raises:
            CopyError: They cannot be set.
        """
        for way, attributes in reversed(self._sealed):
            with _named(way), _reached(directory, (name, *way[1:])) as file:
                write_flags(file, attributes)

    def _copy(self, source: int, name: str, target: int, way: tuple[str, ...]) -> None:
        with _named(way):
            facts = os.stat(name, dir_fd=source, follow_symlinks=False)
            kind = stat.S_IFMT(facts.st_mode)
            if kind != stat.S_IFDIR and facts.st_nlink > 1:
                first = self._first.setdefault(facts.st_ino, way)
                if first != way:
                    self._link(first, target, way[-1])
                    return
            if kind == stat.S_IFREG:
                self._copy_file(source, name, target, way)
            elif kind == stat.S_IFDIR:
                self._copy_folder(source, name, target, way)
            else:
                _copy_special(source, name, target, way[-1], facts)

    def _link(self, first: tuple[str, ...], target: int, name: str) -> None:
        with _folder_of(self._root, first) as folder:
            os.link(
                first[-1], name, src_dir_fd=folder, dst_dir_fd=target, follow_symlinks=False
            )

    def _copy_file(self, source: int, name: str, target: int, way: tuple[str, ...]) -> None:
        file = os.open(name, _READ, dir_fd=source)
        try:
            facts = os.fstat(file)
            attributes = read_attributes(file)
            copy = os.open(way[-1], _NEW, 0o600, dir_fd=target)
            try:
                if not copy_content(file, copy, facts.st_size, self._passed):
                    raise OSError(errno.EBUSY, "it became shorter meanwhile")
                self._give(copy, attributes, way)
                os.utime(copy, ns=(facts.st_atime_ns, facts.st_mtime_ns))
            finally:
                os.close(copy)
        finally:
            os.close(file)

    def _copy_folder(
        self, source: int, name: str, target: int, way: tuple[str, ...]
    ) -> None:
        with _opened(name, source) as folder:
            if not (self._merges and _is_folder(target, way[-1])):
                os.mkdir(way[-1], 0o700, dir_fd=target)
            with _opened(way[-1], target) as copy:
                self._fill(folder, copy, way)

    def _fill(self, folder: int, copy: int, way: tuple[str, ...]) -> None:
        facts = os.fstat(folder)
        attributes = read_attributes(folder)
        for below in sorted(os.listdir(folder)):
            self._copy(folder, below, copy, (*way, below))
        self._give(copy, attributes, way)
        os.utime(copy, ns=(facts.st_atime_ns, facts.st_mtime_ns))

    def _give(self, copy: int, wanted: Attributes, way: tuple[str, ...]) -> None:
        """Give a copy its attributes, but for flags that it does not have yet."""
        there = read_attributes(copy)
        fitting = _fitting(wanted, there)
        early = replace(fitting, flags=there.flags, dos=there.dos)
        if early != fitting:
            self._sealed.append((way, fitting))
        write_attributes(copy, early)


def same_tree(directory: int, name: str, other_directory: int, other_name: str) -> bool:
    """Tell whether two trees are alike: names, content, attributes, times, hard links.

    The time of access does not count, and neither does an empty filesystem that is
    mounted in the other one alone.

    Args:
        directory: The open folder that the one lies in.
        name: Its name there.
        other_directory: The open folder that the other one lies in.
        other_name: Its name there.

    Raises:
        OSError: One of them cannot be read.
    """
    return _same(directory, name, other_directory, other_name, {})


def _same(
    directory: int,
    name: str,
    other_directory: int,
    other_name: str,
    met: dict[tuple[int, bool], int],
) -> bool:
    facts = os.stat(name, dir_fd=directory, follow_symlinks=False)
    other = os.stat(other_name, dir_fd=other_directory, follow_symlinks=False)
    if _seen(facts) != _seen(other):
        return False
    if stat.S_ISDIR(facts.st_mode):
        return _same_folder(directory, name, other_directory, other_name, met)
    pairs = ((facts.st_ino, False, other.st_ino), (other.st_ino, True, facts.st_ino))
    if any(met.setdefault((ino, side), mate) != mate for ino, side, mate in pairs):
        return False  # the names of one file here are those of two files there
    if stat.S_ISLNK(facts.st_mode):
        return os.readlink(name, dir_fd=directory) == os.readlink(
            other_name, dir_fd=other_directory
        )
    if not stat.S_ISREG(facts.st_mode):
        return facts.st_rdev == other.st_rdev
    file = os.open(name, _READ, dir_fd=directory)
    try:
        other_file = os.open(other_name, _READ, dir_fd=other_directory)
        try:
            return _same_attributes(file, other_file) and same_content(
                file, other_file, facts.st_size
            )
        finally:
            os.close(other_file)
    finally:
        os.close(file)


def _same_folder(
    directory: int,
    name: str,
    other_directory: int,
    other_name: str,
    met: dict[tuple[int, bool], int],
) -> bool:
    with (
        _opened(name, directory) as folder,
        _opened(other_name, other_directory) as other,
    ):
        names = sorted(os.listdir(folder))
        others = set(os.listdir(other))
        return (
            all(_is_empty_mount(other, below) for below in others.difference(names))
            and others.issuperset(names)
            and _same_attributes(folder, other)
            and all(_same(folder, below, other, below, met) for below in names)
        )


def _is_empty_mount(directory: int, name: str) -> bool:
    facts = os.stat(name, dir_fd=directory, follow_symlinks=False)
    if not stat.S_ISDIR(facts.st_mode) or facts.st_dev == os.fstat(directory).st_dev:
        return False
    with _opened(name, directory) as folder:
        return not os.listdir(folder)


def _seen(facts: os.stat_result) -> tuple[int, ...]:
    """Return what two trees must have in common before they are opened."""
    length = 0 if stat.S_ISDIR(facts.st_mode) else facts.st_size
    return (facts.st_mode, facts.st_uid, facts.st_gid, facts.st_mtime_ns, length)


def _same_attributes(file: int, other: int) -> bool:
    attributes, others = read_attributes(file), read_attributes(other)
    return _fitting(attributes, others) == others


def _is_folder(directory: int, name: str) -> bool:
    try:
        facts = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(facts.st_mode)


def _fitting(wanted: Attributes, there: Attributes) -> Attributes:
    """Return attributes with those of a copy in place of what one side does not know.

    The two may lie on filesystems of different kinds: tmpfs has no DOS attributes, and
    ZFS has them since 2.2, with an archive bit on each new file.
    """
    return replace(
        wanted,
        flags=wanted.flags if wanted.flags and there.flags else there.flags,
        dos=wanted.dos if wanted.dos and there.dos else there.dos,
    )


def _copy_special(
    source: int, name: str, target: int, new_name: str, facts: os.stat_result
) -> None:
    """Copy a link, a pipe, a socket or a device, none of which is opened."""
    if stat.S_ISLNK(facts.st_mode):
        os.symlink(os.readlink(name, dir_fd=source), new_name, dir_fd=target)
    else:
        kind = stat.S_IFMT(facts.st_mode)
        os.mknod(new_name, 0o600 | kind, facts.st_rdev, dir_fd=target)
    os.chown(new_name, facts.st_uid, facts.st_gid, dir_fd=target, follow_symlinks=False)
    path, copy = f"/proc/self/fd/{source}/{name}", f"/proc/self/fd/{target}/{new_name}"
    if not stat.S_ISLNK(facts.st_mode):
        os.chmod(copy, stat.S_IMODE(facts.st_mode))
    for attribute in os.listxattr(path, follow_symlinks=False):
        value = os.getxattr(path, attribute, follow_symlinks=False)
        os.setxattr(copy, attribute, value, follow_symlinks=False)
    times = (facts.st_atime_ns, facts.st_mtime_ns)
    os.utime(new_name, ns=times, dir_fd=target, follow_symlinks=False)


@contextmanager
def _opened(name: str, directory: int) -> Iterator[int]:
    folder = os.open(name, _FOLDER, dir_fd=directory)
    try:
        yield folder
    finally:
        os.close(folder)


@contextmanager
def _folder_of(directory: int, way: tuple[str, ...]) -> Iterator[int]:
    """Open the folder that the last name of a way lies in."""
    here = os.open(".", _FOLDER, dir_fd=directory)
    try:
        for name in way[:-1]:
            below = os.open(name, _FOLDER, dir_fd=here)
            os.close(here)
            here = below
        yield here
    finally:
        os.close(here)


@contextmanager
def _reached(directory: int, way: tuple[str, ...]) -> Iterator[int]:
    """Open the file or folder at the end of a way."""
    with _folder_of(directory, way) as folder:
        file = os.open(way[-1], _READ, dir_fd=folder)
        try:
            yield file
        finally:
            os.close(file)


@contextmanager
def _named(way: tuple[str, ...]) -> Iterator[None]:
    """Name the path at which an error of the system arose."""
    try:
        yield
    except OSError as error:
        raise CopyError("/".join(way[1:]), error) from error
