"""Open a directory by its path, without following a link that somebody else planted.

The owner of a directory may replace its entries by links at any moment, and root would
follow such a link. So a path is walked one name at a time, and each directory is opened
in the one before. A link is followed only if it and every directory on the way to it
belong to root, and nobody else may write to these directories: then root made the link,
as in ``/data -> /srv/real``.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress

from zfstune.values.state import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "first_held",
    "look",
    "make_private",
    "open_below",
    "open_directory",
    "open_parent",
]

_OPEN = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_LINKS = 40  # MAXSYMLINKS in include/linux/namei.h
_MOST_ENTRIES = 1000
_MOST_DEEP = 32
_ROOT = 0
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
# The obstacle on a path by the errno of its walk; see zfstune.values.state.Place.
_OBSTACLES = {
    errno.EEXIST: "file",
    errno.ENOTDIR: "file",
    errno.ENOENT: "dangling",
    errno.ELOOP: "link",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
}


def open_directory(path: str, *, make: bool = False) -> int:
    """Open a directory as a descriptor that names it and cannot be read (O_PATH).

    Args:
        path: The absolute path.
        make: Make the directories of the path that are missing.

    Raises:
        OSError: EEXIST: the path is no directory; ENOTDIR: a part of it is none; ELOOP:
            a link on the way is not root's; ENOENT: the directory is missing, or a link
            leads to nothing. The error's file name is the path of the obstacle.
    """
    way = _walk(path, make=make)
    if way.rest:
        os.close(way.fd)
        raise _error(errno.ENOENT, way.place(way.rest[-1]))
    return way.fd


def open_parent(path: str) -> tuple[int, str]:
    """Open the directory that a path lies in; return it and the last name of the path."""
    above, _, name = path.rstrip("/").rpartition("/")
    return open_directory(above or "/"), name


def open_below(directory: int, names: Iterable[str]) -> int:
    """Open a directory below another one, to be read; no link on the way is followed.

    Not even a link of root's: the directory is the root of a filesystem that somebody
    else made, and its links lead out of it. Nothing that is mounted in it is entered.

    Args:
        directory: An open directory.
        names: The names on the way to the other one.

    Raises:
        OSError: ENOENT: it is missing; ENOTDIR: a part of the way is a link or no
            directory; EXDEV: another filesystem is mounted there.
    """
    device = os.fstat(directory).st_dev
    here = os.open(".", _READ, dir_fd=directory)
    try:
        for name in names:
            below = os.open(name, _READ, dir_fd=here)
            os.close(here)
            here = below
            if os.fstat(here).st_dev != device:
                break
        else:
            return here
    except BaseException:
        os.close(here)
        raise
    os.close(here)
    raise _error(errno.EXDEV, name)


def make_private(path: str) -> None:
    """Make a directory that its owner alone may enter, with those above it.

    Raises:
        OSError: It cannot be made. EPERM: it is there, and is somebody else's or open to
            others.
    """
    os.close(open_directory(path.rpartition("/")[0], make=True))
    parent, name = open_parent(path)
    try:
        with suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=parent)
        facts = os.stat(name, dir_fd=parent, follow_symlinks=False)
    finally:
        os.close(parent)
    private = stat.S_ISDIR(facts.st_mode) and not facts.st_mode & _OTHERS
    if not private or facts.st_uid != os.geteuid():
        raise _error(errno.EPERM, path)


def look(path: str) -> Place:
    """Return the end of a path, and the obstacles that a mount there would meet."""
    try:
        way = _walk(path, make=False)
    except OSError as error:
        kind = _OBSTACLES.get(error.errno or 0, "denied")
        return Place(path, path, kind, error.filename or path)
    try:
        real = way.place(*reversed(way.rest))
        if way.rest:
            readonly = os.fstatvfs(way.fd).f_flag & os.ST_RDONLY
            obstacle = ("read-only", way.place()) if readonly else ("", "")
            return Place(path, real, *obstacle)
        try:
            return Place(path, real, holds=first_held(way.fd))
        except OSError:
            return Place(path, real, "denied", real)
    finally:
        os.close(way.fd)


def first_held(directory: int) -> str:
    """Return the path of something that a directory holds; empty: it holds nothing.

    A tree of nothing but empty directories holds nothing: other filesystems were
    mounted there. A filesystem that is still mounted there counts as something.

    Args:
        directory: An open directory.

    Raises:
        OSError: It cannot be read.
    """
    left = iter(range(_MOST_ENTRIES))
    return next(_held(directory, (".",), os.fstat(directory).st_dev, left), "")


def _held(
    above: int, path: tuple[str, ...], device: int, left: Iterator[int]
) -> Iterator[str]:
    """Yield the paths of entries that are no empty directories, or too deep to tell."""
    directory = os.open(path[-1], _READ, dir_fd=above)
    try:
        if os.fstat(directory).st_dev != device:
            yield "/".join(path[1:])
            return
        with os.scandir(directory) as entries:
            for entry in entries:
                here = (*path, entry.name)
                too_much = next(left, None) is None or len(path) > _MOST_DEEP
                if too_much or not entry.is_dir(follow_symlinks=False):
                    yield "/".join(here[1:])
                    return
                yield from _held(directory, here, device, left)
    finally:
        os.close(directory)


class _Way:
    """A walk along a path, as far as it has come.

    Attributes:
        fd: The last directory that exists, open.
        names: The names on the way to it, without links.
        rest: The names of the path that are left to walk, the next one last.
        trusted: Whether nobody but root can change the directories walked so far.
        links: How many links were followed.
        link: The link whose target is being walked; empty: none.
        after_link: How many names are left once that target has been walked.
    """

    __slots__ = ("after_link", "fd", "link", "links", "names", "rest", "trusted")

    def __init__(self, rest: list[str]) -> None:
        self.fd = -1
        self.names: list[str] = []
        self.rest = rest
        self.trusted = True
        self.links = 0
        self.link = ""
        self.after_link = 0
        self.enter("/")

    def place(self, *more: str) -> str:
        """Return the path so far, with more names below it."""
        return "/" + "/".join((*self.names, *more))

    def enter(self, name: str) -> None:
        """Open the next directory; ``/`` begins the walk anew."""
        above = self.fd
        if name == "/":
            below = os.open("/", _OPEN)
            self.names, self.trusted = [], True
        else:
            below = os.open(name, _OPEN, dir_fd=above)
            self.names = self.names[:-1] if name == ".." else [*self.names, name]
        if above >= 0:
            os.close(above)
        self.fd = below
        self.trusted = self.trusted and _is_roots_alone(os.fstat(below))

    def step(self, *, make: bool) -> bool:
        """Take the next name; return whether it exists or was made."""
        if len(self.rest) <= self.after_link:
            self.link = ""
        name = self.rest[-1]
        try:
            facts = os.stat(name, dir_fd=self.fd, follow_symlinks=False)
        except FileNotFoundError:
            if self.link:
                raise _error(errno.ENOENT, self.link) from None
            if make:
                with suppress(FileExistsError):  # the next step looks at it
                    os.mkdir(name, 0o755, dir_fd=self.fd)
            return make
        self.rest.pop()
        if stat.S_ISLNK(facts.st_mode):
            self.follow(name, facts)
        elif stat.S_ISDIR(facts.st_mode):
            self.enter(name)
        else:
            raise _error(errno.ENOTDIR if self.rest else errno.EEXIST, self.place(name))
        return True

    def follow(self, name: str, facts: os.stat_result) -> None:
        """Go on to the target of a link, if root made the link."""
        self.links += 1
        if facts.st_uid != _ROOT or not self.trusted or self.links > _MOST_LINKS:
            raise _error(errno.ELOOP, self.place(name))
        if not self.link:
            self.link, self.after_link = self.place(name), len(self.rest)
        leads_to = os.readlink(name, dir_fd=self.fd)
        if leads_to.startswith("/"):
            self.enter("/")
        self.rest += _names(leads_to)


def _is_roots_alone(facts: os.stat_result) -> bool:
    """Tell whether nobody but root can change the entries of a directory."""
    return facts.st_uid == _ROOT and not facts.st_mode & _OTHERS_WRITE


def _walk(path: str, *, make: bool) -> _Way:
    """Walk a path as far as its directories exist or are made."""
    way = _Way(_names(path))
    try:
        while way.rest and way.step(make=make):
            pass
    except BaseException:
        os.close(way.fd)
        raise
    return way


def _names(path: str) -> list[str]:
    """Return the names that a path is made of, the first one last."""
    return [name for name in reversed(path.split("/")) if name not in ("", ".")]


def _error(code: int, path: str) -> OSError:
    return OSError(code, os.strerror(code), path)
