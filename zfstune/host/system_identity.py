"""The files that make a system the one that it is, and how a copy of it forgets them.

The list is that of https://systemd.io/BUILDING_IMAGES/ and, for the keys of the host, of
sshd(8). The host name is left: a node's own setup gives it one.

The content of a copy is untrusted. Each name is opened in the directory before it, no
link is followed, and nothing is written to a file that was there: a file is removed and,
where an empty one belongs, made anew.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress

from zfstune.host.left_drafts import draft_name
from zfstune.host.walk import open_below, open_directory
from zfstune.values.errors import EngineError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["reset_identity"]

# machine-id(5): an empty file in an image is filled at the first boot, while a file that
# is missing could not be made in a read-only /etc.
_EMPTIED = ("etc", "machine-id")
_REMOVED = (
    ("var", "lib", "dbus", "machine-id"),
    ("var", "lib", "systemd", "random-seed"),
    ("var", "lib", "systemd", "credential.secret"),
)
_KEY_FOLDER = ("etc", "ssh")
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_MODE = 0o444  # of /etc/machine-id, as systemd makes it


def reset_identity(path: str, clone: str) -> tuple[str, ...]:
    """Empty or remove the files by which a system is known.

    A second call finds nothing left to do.

    Args:
        path: Where the clone is mounted, out of everybody else's reach.
        clone: The clone, for messages.

    Returns:
        The files, below `path`, that were emptied or removed.

    Raises:
        EngineError: A file could not be reset, such as one behind a link.
    """
    done: list[str] = []
    try:
        root = open_directory(path)
    except OSError as error:
        raise _failed(clone, [], error) from None
    try:
        done += _forget(root, _EMPTIED, clone, emptied=True)
        for names in _REMOVED:
            done += _forget(root, names, clone)
        with _folder(root, _KEY_FOLDER, clone) as folder:
            keys = sorted(filter(_is_host_key, os.listdir(folder))) if folder >= 0 else []
        for key in keys:
            done += _forget(root, (*_KEY_FOLDER, key), clone)
    finally:
        os.close(root)
    return tuple(done)


def _is_host_key(name: str) -> bool:
    """Tell whether a file in ``/etc/ssh`` is a key of the host, private or public."""
    return name.startswith("ssh_host_") and name.endswith(("_key", "_key.pub"))


def _forget(
    root: int, names: Sequence[str], clone: str, *, emptied: bool = False
) -> list[str]:
    """Remove a file, or put an empty one in its place; return its path if it was there."""
    *above, name = names
    with _folder(root, above, clone) as folder:
        if folder < 0:
            return []
        try:
            facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if emptied and stat.S_ISREG(facts.st_mode) and not facts.st_size:
                return []
            if emptied:
                _replace(folder, name)
            else:
                os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _failed(clone, names, error) from None
        return ["/".join(names)]


def _replace(folder: int, name: str) -> None:
    """Put an empty file in the place of a file or link."""
    draft = draft_name(name)
    os.close(os.open(draft, _NEW, _MODE, dir_fd=folder))
    try:
        os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.unlink(draft, dir_fd=folder)
        raise


@contextmanager
def _folder(root: int, names: Sequence[str], clone: str) -> Iterator[int]:
    """Open a folder of the clone during a block; -1: the clone has none."""
    folder = -1
    try:
        with suppress(FileNotFoundError):
            folder = open_below(root, names)
    except OSError as error:
        raise _failed(clone, names, error) from None
    try:
        yield folder
    finally:
        if folder >= 0:
            os.close(folder)


def _failed(clone: str, names: Sequence[str], error: OSError) -> EngineError:
    path = shown("/" + "/".join(names))
    links = error.errno in (errno.ENOTDIR, errno.ELOOP)
    reason = "a link or no directory is on the way" if links else error.strerror
    return EngineError(
        operation="reset the identity of",
        target=clone,
        errno=error.errno or 0,
        reason=f"{path}: {reason}",
        hint="zfstune follows no link in an image; with --keep-identity it stays as it is",
    )
