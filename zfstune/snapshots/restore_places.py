"""The two places of a restore: in the snapshot, and where the copy goes.

Both are reached from the root of the dataset, name by name and without following links.
"""

from __future__ import annotations

import os
import stat

from zfstune.host.attributes import read_attributes, write_attributes
from zfstune.host.walk import open_below, open_directory
from zfstune.values.errors import NotFound, PlanError
from zfstune.values.frozen import replace
from zfstune.values.text import did_you_mean, for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zfstune.values.state import Mount

__all__ = ["InSnapshot", "make_folders", "open_root", "reach", "real_path"]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def open_root(path: str) -> int:
    """Open a folder by its path, to be read.

    Raises:
        OSError: It cannot be opened; see :func:`zfstune.host.walk.open_directory`.
    """
    place = open_directory(path)
    try:
        return os.open(".", _FOLDER, dir_fd=place)
    finally:
        os.close(place)


def real_path(folder: int) -> str:
    """Return the path of an open folder, without links."""
    return os.readlink(f"/proc/self/fd/{folder}")


class InSnapshot:
    """A file or a folder in a snapshot, and the open folder that it lies in.

    Args:
        root: The open root directory of the mounted dataset.
        snapshot: Full name.
        mounts: The mount of each mounted filesystem; that of the dataset is among them.
        names: The names on the way to it; none: all of the snapshot.

    Attributes:
        top: The open root directory of the snapshot.
        folder: The open folder that the last name lies in.
        name: That name.
        path: The path that it has in the dataset itself.

    Raises:
        NotFound: The snapshot does not have it.
        PlanError: A link stands on the way.
        OSError: The snapshot cannot be read.
    """

    def __init__(
        self,
        root: int,
        snapshot: str,
        mounts: Mapping[str, Mount],
        names: Sequence[str],
    ) -> None:
        self._snapshot = snapshot
        self._mounts = mounts
        dataset, _, short = snapshot.partition("@")
        self._mountpoint = mounts[dataset].path
        self.name = names[-1] if names else "."
        self.path = os.path.join(self._mountpoint, *names)
        # The dot at the end has the kernel mount the snapshot.
        self.top = os.open(f".zfs/snapshot/{short}/.", _FOLDER, dir_fd=root)
        self.folder = -1
        try:
            self.folder = self._walk(names)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close both folders."""
        for fd in (self.top, self.folder):
            if fd >= 0:
                os.close(fd)

    def _walk(self, names: Sequence[str]) -> int:
        here = os.open(".", _FOLDER, dir_fd=self.top)
        try:
            for number, name in enumerate(names, 1):
                where = os.path.join(self._mountpoint, *names[:number])
                self._check(here, name, where, last=number == len(names))
                if number < len(names):
                    below = os.open(name, _FOLDER, dir_fd=here)
                    os.close(here)
                    here = below
        except BaseException:
            os.close(here)
            raise
        return here

    def _check(self, folder: int, name: str, where: str, *, last: bool) -> None:
        """Refuse a name that is not there, or leads nowhere."""
        try:
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        except FileNotFoundError:
            raise self._missing(where, os.listdir(folder)) from None
        if last or stat.S_ISDIR(mode):
            return
        reason, hint = f"'{shown(where)}' is no folder in '{self._snapshot}'", ""
        if stat.S_ISLNK(mode):
            reason = f"'{shown(where)}' is a link in '{self._snapshot}'"
            leads_to = os.readlink(name, dir_fd=folder)
            hint = f"it leads to '{shown(leads_to)}': name the file by that"
        raise PlanError(f"cannot restore '{shown(self.path)}': {reason}", hint=hint)

    def _missing(self, where: str, beside: Sequence[str]) -> NotFound:
        dataset, _, short = self._snapshot.partition("@")
        hint = did_you_mean(os.path.basename(where), map(shown, beside))
        above = [
            mount
            for mount in self._mounts.values()
            if f"{where}/".startswith(f"{mount.path.rstrip('/')}/")
        ]
        owner = max(above, key=lambda mount: len(mount.path)).dataset
        if owner != dataset:
            other = for_shell(f"{owner}@{short}")
            hint = f"'{owner}' is mounted there, which has snapshots of its own: {other}"
        return NotFound(
            operation="restore",
            target=shown(self.path),
            reason=f"'{self._snapshot}' does not have '{shown(where)}'",
            hint=hint,
        )


def reach(root: int, names: Sequence[str]) -> tuple[int, int]:
    """Open the last folder on a way that is there; nothing mounted is entered.

    Args:
        root: An open directory.
        names: The names of folders on the way.

    Returns:
        The open folder, and how many of the names lead to it.

    Raises:
        OSError: ENOTDIR: something on the way is no folder; EXDEV: another filesystem is
            mounted there.
    """
    for number in range(len(names), -1, -1):
        try:
            return open_below(root, names[:number]), number
        except FileNotFoundError:
            if not number:
                raise
    raise AssertionError("the root itself was opened")


def make_folders(top: int, names: Sequence[str], root: int) -> int:
    """Make the folders of a way that are gone, each with the attributes that it had.

    Args:
        top: The open root directory of the snapshot.
        names: The names of folders on the way.
        root: The open root directory of the dataset.

    Returns:
        The last folder, open.

    Raises:
        OSError: One of them cannot be made.
    """
    here, count = reach(root, names)
    try:
        for number in range(count, len(names)):
            model = open_below(top, names[: number + 1])
            try:
                os.mkdir(names[number], 0o700, dir_fd=here)
                below = os.open(names[number], _FOLDER, dir_fd=here)
                os.close(here)
                here = below
                now = read_attributes(here)
                # A flag that forbids changes would keep out what is to come back.
                wanted = replace(read_attributes(model), flags=now.flags, dos=now.dos)
                write_attributes(here, wanted)
            finally:
                os.close(model)
    except BaseException:
        os.close(here)
        raise
    return here
