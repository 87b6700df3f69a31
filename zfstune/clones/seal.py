"""What makes a dataset a golden image, and a clone one of its stamps: their marks.

An image is a dataset with a sealed snapshot: zfstune holds that snapshot, and the mark on
the dataset has its guid. A clone that is stamped from it carries the same guid. A mark
counts only where it was set on this system.
"""

from __future__ import annotations

from types import MappingProxyType

from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.marks import GOLDEN_PROPERTY, STAMP_PROPERTY
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zfstune.values.state import Dataset, Snapshot

__all__ = [
    "HOLD_TAG",
    "SEALED",
    "SHORT_NAME",
    "GoldenImage",
    "Seal",
    "StampMark",
    "check_usable",
    "is_sealed",
    "read_seal",
    "read_stamp",
]

# The sealed snapshot, unless the user names another one; its hold; and its own mark.
SHORT_NAME = "golden"
HOLD_TAG = "zfstune-golden"
SEALED = "sealed"

_RETIRED = "retired"
_UNFINISHED = "unfinished"
_MOST_DIGITS = 20  # of a number of 64 bits


@frozen
class Seal:
    """The mark on a golden image.

    Attributes:
        guid: Guid of the sealed snapshot.
        retired: Whether no further clone is stamped from it.
    """

    guid: int
    retired: bool = False

    @property
    def text(self) -> str:
        """The mark as it stands in the property."""
        return f"{self.guid} {_RETIRED}" if self.retired else str(self.guid)


@frozen
class StampMark:
    """The mark on a clone that was stamped from an image.

    Attributes:
        guid: Guid of the snapshot that it was stamped from.
        unfinished: Whether it may still have the identity of the image.
    """

    guid: int
    unfinished: bool = False

    @property
    def text(self) -> str:
        """The mark as it stands in the property."""
        return f"{self.guid} {_UNFINISHED}" if self.unfinished else str(self.guid)


@frozen
class GoldenImage:
    """A golden image as it is now.

    Attributes:
        name: The dataset.
        kind: ``filesystem`` or ``volume``.
        seal: Its mark.
        snapshot: Full name of the sealed snapshot; empty: it is gone.
        held: Whether zfstune holds that snapshot.
        clones: Names of its clones, stamped or not, sorted.
        referenced_bytes: Size of its content on disk.
        used_bytes: Space that destroying it would free, clones aside.
        unfinished: Names of the clones that a stamp made and has yet to finish; only a
            list of images has them.
        lineage: Name of each clone, or clone of a clone, that has clones of its own, to
            their names, sorted; only a list of images has them.
    """

    name: str
    kind: str
    seal: Seal
    snapshot: str
    held: bool
    clones: tuple[str, ...]
    referenced_bytes: int
    used_bytes: int
    unfinished: tuple[str, ...] = ()
    lineage: Mapping[str, tuple[str, ...]] = MappingProxyType({})

    def descendants(self) -> Iterator[tuple[int, str]]:
        """Yield each clone below the one that it is a clone of, with its depth from 1."""
        left = [(1, name) for name in reversed(self.clones)]
        while left:
            depth, name = left.pop()
            yield depth, name
            left += [(depth + 1, own) for own in reversed(self.lineage.get(name, ()))]

    @property
    def state(self) -> str:
        """One word: ``sealed``, ``retired``, or the fault: ``gone``, ``unheld``."""
        if not self.snapshot:
            return "gone"
        if self.seal.retired:
            return _RETIRED
        return SEALED if self.held else "unheld"


def read_seal(dataset: Dataset) -> Seal | None:
    """Read the mark of a golden image; None: it is none, or has a mark of another form."""
    parsed = _parse(dataset.local(GOLDEN_PROPERTY), _RETIRED)
    return None if parsed is None else Seal(*parsed)


def read_stamp(dataset: Dataset) -> StampMark | None:
    """Read the mark of a stamped clone; None: nobody stamped it."""
    parsed = _parse(dataset.local(STAMP_PROPERTY), _UNFINISHED)
    return None if parsed is None else StampMark(*parsed)


def _parse(text: str | None, word: str) -> tuple[int, bool] | None:
    """Read a guid, and whether a word follows it."""
    number, blank, rest = (text or "").partition(" ")
    if not (number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS):
        return None
    if blank and rest != word:
        return None
    return int(number), bool(blank)


def check_usable(image: GoldenImage, verb: str) -> None:
    """Refuse to use an image that is retired, or not whole: a run that made it was killed.

    Raises:
        PlanError: It says why, and how to bring the image back.
    """
    name = for_shell(image.name)
    if not image.snapshot:
        raise PlanError(
            f"cannot {verb} '{image.name}': its sealed snapshot is gone",
            hint=f"seal it anew: zfstune golden create {name}",
        )
    if image.seal.retired:
        raise PlanError(
            f"cannot {verb} '{image.name}': it is retired",
            hint=f"to take it back: zfstune golden create {name}",
        )
    if not image.held:
        raise PlanError(
            f"cannot {verb} '{image.name}': nothing holds its sealed snapshot",
            hint="run again what made it; to hold it as it is: zfstune golden create "
            f"{name}",
        )


def is_sealed(snapshot: Snapshot) -> bool:
    """Tell whether a snapshot, read with its properties, was taken to be sealed."""
    return snapshot.local(GOLDEN_PROPERTY) == SEALED
