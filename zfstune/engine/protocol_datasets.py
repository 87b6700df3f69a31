"""The calls of an engine for filesystems and volumes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Protocol

    from zfstune.values.key import Key
    from zfstune.values.state import Dataset
else:
    Protocol = object  # only a type checker looks at it; see zfstune/values/frozen.py

__all__ = ["DatasetCalls"]


class DatasetCalls(Protocol):
    """Calls for filesystems and volumes: read, create, set, rename, clone, destroy."""

    def exists(self, name: str) -> bool:
        """Tell whether a dataset or snapshot of that name exists."""

    def dataset(self, name: str) -> Dataset:
        """Return one filesystem or volume with all its properties."""

    def datasets(self, root: str, *, recursive: bool = True) -> list[Dataset]:
        """Return `root` and all below it (or `root` alone), parents before children.

        A recursive listing has datasets that are damaged on disk too, with the reason
        in ``Dataset.damaged``.
        """

    def create(
        self,
        name: str,
        *,
        properties: Mapping[str, str] | None = None,
        volume: bool = False,
        parents: bool = False,
        key: Key | None = None,
    ) -> None:
        """Create a filesystem, or a volume of the size that ``volsize`` gives.

        Args:
            name: The dataset.
            properties: Its properties. With ``keyformat`` it is encrypted by a key of
                its own, else by its parent's if that is encrypted.
            volume: Create a volume.
            parents: Create the datasets above it that do not exist.
            key: Its key; None: the file has it that ``keylocation`` names.
        """

    def set(self, name: str, properties: Mapping[str, str]) -> None:
        """Set properties, in one transaction where ZFS allows it."""

    def inherit(self, name: str, prop: str, *, received: bool = False) -> None:
        """Remove a local value, so that the parent's counts.

        With `received`, go back to the value that a stream brought, or else to the
        default: of ``quota``, ``canmount`` and the like too, which no child inherits.
        """

    def destroy(self, name: str) -> None:
        """Destroy one filesystem or volume that has no children and no snapshots."""

    def rename(self, old: str, new: str) -> None:
        """Rename a dataset or, within its dataset, a snapshot."""

    def clone(
        self, snapshot: str, name: str, *, properties: Mapping[str, str] | None = None
    ) -> None:
        """Make a dataset out of a snapshot; the two share their blocks."""

    def clone_all(
        self,
        snapshot: str,
        names: Iterable[str],
        *,
        properties: Mapping[str, str] | None = None,
        on_made: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Make many clones of one snapshot, each with the same properties.

        Each waits for a transaction group of the pool; many of them wait together. The
        first error ends it, and clones that were made by then stay.

        Args:
            snapshot: The snapshot.
            names: Names of the clones.
            properties: Property to value, to set on each.
            on_made: Called with the name of each that was made, from any thread.
        """

    def promote(self, name: str) -> None:
        """Turn a clone into the owner of the snapshot it came from."""
