"""What is to become of the files that a killed run left in its folder."""

from __future__ import annotations

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.measurement.retuning.found_file import FoundFile, Names
    from zfstune.measurement.retuning.spare_name import SpareName

__all__ = ["KEEP", "REMOVE", "REVERT", "Settlement", "SpareEntry", "settle"]

REMOVE = "remove"  # the entries go: what they hold is in its place under all names
REVERT = "revert"  # names that have the copy get the original back; then as above
KEEP = "keep"  # somebody changed something: a person has to look


@frozen
class SpareEntry:
    """One entry of the folder.

    Attributes:
        name: Its name.
        inode: The file behind it: the original, or the copy.
        size_bytes: The size of that file now.
        modified_ns: Its time of change now.
        links: How many names that file has, the entries of the folder among them.
    """

    name: SpareName
    inode: int
    size_bytes: int
    modified_ns: int
    links: int

    @property
    def is_original(self) -> bool:
        """Whether it is the original."""
        return self.inode == self.name.inode

    @property
    def is_copy(self) -> bool:
        """Whether it is the copy."""
        return self.inode == self.name.copy_inode

    @property
    def is_unchanged(self) -> bool:
        """Whether the file has size and time of the original as it was copied."""
        return (self.size_bytes, self.modified_ns) == (
            self.name.size_bytes,
            self.name.modified_ns,
        )


@frozen
class Settlement:
    """What is to become of the entries of one original.

    Attributes:
        action: REMOVE, REVERT or KEEP.
        entries: The entries.
        exchanges: For REVERT: a name in the dataset, and the entry that has the original.
    """

    action: str
    entries: tuple[SpareEntry, ...]
    exchanges: tuple[tuple[Names, SpareEntry], ...] = ()


def settle(entries: Iterable[SpareEntry], copy: FoundFile | None) -> Settlement:
    """Decide what becomes of the entries of one original and one copy.

    ======================  ==========================================================
    entries                 the run was killed
    ======================  ==========================================================
    copies alone            before the exchange: the original has all of its names
    originals alone         after it: the copy has all of them
    some of each            half way, with several names: those of the copy go back
    ======================  ==========================================================

    Args:
        entries: All entries whose names have the inodes of these two.
        copy: The copy as the walk found it in the dataset; None: it was not found.
    """
    found = tuple(entries)
    originals = tuple(entry for entry in found if entry.is_original)
    copies = tuple(entry for entry in found if entry.is_copy)
    if len(originals) + len(copies) < len(found):  # a file that somebody put there
        return Settlement(KEEP, found)
    if not originals:
        return Settlement(REMOVE, found)
    if not all(entry.is_unchanged for entry in originals):
        return Settlement(KEEP, found)
    if not copies:
        return Settlement(REMOVE, found)
    placed = () if copy is None else copy.names
    if not placed:  # a link was made first, and nothing moved yet
        reached = originals[0].links > len(originals)
        return Settlement(REMOVE if reached else KEEP, found)
    unchanged = all(entry.is_unchanged for entry in copies)
    if not unchanged or len(placed) > len(originals):
        return Settlement(KEEP, found)
    return Settlement(REVERT, found, tuple(zip(placed, originals, strict=False)))
