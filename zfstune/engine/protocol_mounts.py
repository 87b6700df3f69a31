"""The calls of an engine that mount."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    from zfstune.values.state import Mount, Place
else:
    Protocol = object  # only a type checker looks at it; see zfstune/values/frozen.py

__all__ = ["MountCalls"]


class MountCalls(Protocol):
    """Calls for mounts and the places where they lie."""

    def mounts(self) -> dict[str, Mount]:
        """Return the mounted filesystems of this mount namespace by dataset."""

    def places(self, paths: Iterable[str]) -> dict[str, Place]:
        """Return where paths lead, and the obstacles to a mount there."""

    def mount(self, name: str, *, hide: bool = True) -> str:
        """Mount a filesystem where its properties say; return the path.

        Args:
            name: The filesystem.
            hide: Mount over a directory that is not empty, where ``overlay`` is on.
        """

    def give(
        self,
        name: str,
        *,
        uid: int | None = None,
        gid: int | None = None,
        mode: int | None = None,
    ) -> None:
        """Give the root directory of a mounted filesystem its owner and mode."""

    def remount(self, name: str) -> str:
        """Make a mount follow its properties as they are now; return the path."""

    def unmount(self, name: str, *, force: bool = False) -> None:
        """Unmount a filesystem."""
