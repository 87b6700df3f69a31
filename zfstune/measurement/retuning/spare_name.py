"""Names of the folder that copies are made in, and of what lies in it.

The folder stands at the root of the dataset, for root alone. Others could neither read a
copy there before it has the access list of its original, nor put a file in its place, and
no program takes a half-made copy for mail or for a job. What a killed run left is told by
the names alone: they have the inodes of original and copy, and the size and the time of
the original as it was when it was copied.
"""

from __future__ import annotations

import re

from zfstune.values.frozen import frozen

__all__ = ["DRAFT", "FOLDER_PREFIX", "TRIAL", "SpareName", "is_spare_folder"]

FOLDER_PREFIX = ".zfstune-retune."
# A copy that is being written, which gets its name when it is complete; and an empty
# file, to try out what the release can do. No file of others is called so.
DRAFT = "zfstune-draft"
TRIAL = "zfstune-trial"
_FOLDER = re.compile(re.escape(FOLDER_PREFIX) + "[0-9a-f]{16}")
_ENTRY = re.compile(
    r"([1-9][0-9]{0,19})\.([1-9][0-9]{0,19})\.([1-9][0-9]{0,19})\.(-?[0-9]{1,20})"
    r"\.(0|[1-9][0-9]{0,9})(\.old)?"
)


def is_spare_folder(name: str) -> bool:
    """Tell whether a name is one that a folder for copies gets."""
    return _FOLDER.fullmatch(name) is not None


@frozen
class SpareName:
    """The name of an entry: a copy before the exchange, the original after it.

    Attributes:
        inode: The original's.
        copy_inode: The copy's.
        size_bytes: The original's.
        modified_ns: The original's.
        number: The place of the name among those of the original.
        old: It is the original, which is about to change places with its copy on a
            release that cannot do so in one step.
    """

    inode: int
    copy_inode: int
    size_bytes: int
    modified_ns: int
    number: int
    old: bool = False

    def __str__(self) -> str:
        parts = (
            *(self.inode, self.copy_inode, self.size_bytes, self.modified_ns),
            self.number,
        )
        return ".".join(map(str, parts)) + ".old" * self.old

    @classmethod
    def parse(cls, text: str) -> SpareName | None:
        """Read a name; None: it is not one of ours."""
        match = _ENTRY.fullmatch(text)
        if match is None:
            return None
        inode, copy, size, modified, number = map(int, match.groups()[:5])
        found = cls(inode, copy, size, modified, number, old=match[6] is not None)
        return found if str(found) == text else None
