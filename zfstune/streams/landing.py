"""Where the datasets of a stream are received: below the target, or as the target itself.

The three choices are those of ``zfs receive`` without an option, with -d and with -e.
"""

from __future__ import annotations

from zfstune.values.errors import InvalidName
from zfstune.values.frozen import frozen
from zfstune.values.names import check_dataset, check_snapshot

__all__ = ["ALL_BUT_POOL", "AS_TARGET", "LAST_PART", "Landing"]

AS_TARGET = "target"
ALL_BUT_POOL = "path"
LAST_PART = "last"


@frozen
class Landing:
    """The way from the sender's names to those of a receive.

    Attributes:
        target: The dataset that the caller names; with `AS_TARGET` it may be the full
            name of the one snapshot that is received.
        keep: The part of the sender's names that is kept: `AS_TARGET`: none of the first
            dataset's, which becomes the target; `ALL_BUT_POOL`: all but the pool, below
            the target; `LAST_PART`: the last part of the first dataset's.
    """

    target: str
    keep: str = AS_TARGET

    def __post_init__(self) -> None:
        if "@" not in self.target:
            check_dataset(self.target, creating=True)
            return
        check_snapshot(self.target, creating=True)
        if self.keep != AS_TARGET:
            raise InvalidName(
                f"cannot receive below '{self.target}': it is the name of a snapshot",
                hint="name a dataset, below which the others are received",
            )

    def of_dataset(self, root: str, name: str) -> str:
        """Return the name here of a dataset.

        Args:
            root: The first dataset of the stream, by its name on the sender.
            name: That dataset, or one below it.

        Raises:
            InvalidName: No dataset can have that name.
        """
        below = name[len(root) :]
        if self.keep == AS_TARGET:
            kept = below
        elif self.keep == ALL_BUT_POOL:
            kept = root[len(root.partition("/")[0]) :] + below
        else:
            kept = "/" + root.rpartition("/")[2] + below
        return check_dataset(self.target.partition("@")[0] + kept, creating=True)

    def snapshot_name(self, short: str) -> str:
        """Return the short name here of a snapshot with that short name on the sender."""
        return self.target.partition("@")[2] or short
