"""A file of a dataset, and the reason why it is written anew."""

from __future__ import annotations

from zfstune.health.block_sizes import is_stale
from zfstune.values.frozen import frozen, replace
from zfstune.values.state import FileSize

__all__ = ["FoundFile", "LeftAlone", "Names", "has_old_blocks", "links_outside"]

# The names on the way from the root of the dataset to a file.
Names = tuple[str, ...]


class LeftAlone(Exception):  # noqa: N818 (no error: the file is as it was)
    """A file stays as it is; the text is the reason."""


@frozen
class FoundFile:
    """A plain file, as the walk through its dataset saw it.

    Attributes:
        inode: Its number.
        size_bytes: Its length.
        block_bytes: The size of its blocks (``st_blksize``). ZFS gives that of the file's
            dnode (zfs_getattr_fast() in module/os/linux/zfs/zfs_vnops_os.c), and the
            recordsize of today where nothing was ever written.
        used_bytes: The space it takes, as ``du`` counts.
        links: How many names it has, wherever they are.
        modified_ns: When its content changed last.
        changed_ns: When content or attributes changed last (``st_ctime``).
        names: Its names that the walk came by.
    """

    inode: int
    size_bytes: int
    block_bytes: int
    used_bytes: int
    links: int
    modified_ns: int
    changed_ns: int
    names: tuple[Names, ...]

    @property
    def path(self) -> str:
        """One of its paths, below the root of the dataset."""
        return "/".join(self.names[0])

    def with_name(self, names: Names) -> FoundFile:
        """Return the file with one more name."""
        return replace(self, names=(*self.names, names))


def has_old_blocks(size_bytes: int, block_bytes: int, record_bytes: int) -> bool:
    """Tell whether a file would have blocks of another size if it were written anew.

    A file of one block that is smaller than a record is as it would be: its block has the
    size of the file, and grows with it. A hole or nothing at all has no blocks.
    """
    return bool(size_bytes) and is_stale(
        FileSize("", size_bytes, block_bytes), record_bytes
    )


def links_outside(file: FoundFile) -> str:
    """Return why a file cannot be moved with all of its names; empty: it can."""
    missing = file.links - len(file.names)
    if missing <= 0:
        return ""
    return (
        f"{missing} of its {file.links} names {'is' if missing == 1 else 'are'} out of "
        f"reach: hidden by a mount, or made or moved while the dataset was looked through"
    )
