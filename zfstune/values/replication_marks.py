"""The marks of replication: on the source, and on a target that a first send made.

Source and target know each other by a number, the target's identity. A bookmark on the
source is called ``zfstune-base-TARGET-SNAPSHOT``, or
``zfstune-tentative-TARGET-SNAPSHOT`` until the target has confirmed that this snapshot
arrived. TARGET is the target's identity and SNAPSHOT the guid of the snapshot that the
bookmark was made of, both in 16 lowercase digits of base 16. A bookmark counts as
zfstune's only where its own guid is the one in its name; nobody can choose the guid of a
bookmark.

A user property on the source, ``org.zfstune:replica-target-TARGET``, tells a reader where
that target is. A property on the target, ``org.zfstune:replica``, has its identity, as
in ``plain:TARGET`` or ``raw:TARGET``, with ``:live`` once it has taken over; on a
dataset that was put aside, so that a new target could take its place, it is ``aside``.
"""

from __future__ import annotations

import re

from zfstune.values.errors import InvalidName
from zfstune.values.frozen import frozen
from zfstune.values.marks import REPLICA_PROPERTY, TARGET_PREFIX
from zfstune.values.names import MAX_NAME_BYTES, check_bookmark
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.values.state import Bookmark, Dataset

__all__ = [
    "ASIDE",
    "MOST_SOURCE_BYTES",
    "UNSENT",
    "BaseMark",
    "Replica",
    "marks_by_target",
    "noted_places",
    "noted_target",
    "notes_on",
    "read_mark",
    "read_replica",
    "target_property",
]

# The value of ``org.zfstune:replica`` on a dataset that a new target took the place of.
ASIDE = "aside"

# The value of ``org.zfstune:replicate-to`` on a dataset that is sent with no tree.
UNSENT = "none"

_CONFIRMED = "zfstune-base"
_TENTATIVE = "zfstune-tentative"
# The longest name of a source: the longest bookmark, a tentative one, still fits.
MOST_SOURCE_BYTES = MAX_NAME_BYTES - len(f"#{_TENTATIVE}-") - 16 - len("-") - 16
_RAW = "raw"
_PLAIN = "plain"
_LIVE = ":live"
_REPLICA = re.compile(rf"({_RAW}|{_PLAIN}):([0-9a-f]{{16}})({_LIVE})?")
_TARGET = re.compile(rf"{re.escape(TARGET_PREFIX)}([0-9a-f]{{16}})")
_MARK = re.compile(rf"({_CONFIRMED}|{_TENTATIVE})-([0-9a-f]{{16}})-([0-9a-f]{{16}})")


@frozen
class BaseMark:
    """The meaning of the name of a bookmark that zfstune made.

    Attributes:
        target: The identity of the target that it is kept for.
        snapshot: Guid of the snapshot.
        tentative: Whether the snapshot is on its way, and may not have arrived.
    """

    target: int
    snapshot: int
    tentative: bool = False

    @property
    def short_name(self) -> str:
        """The part of the bookmark's name behind the ``#``."""
        word = _TENTATIVE if self.tentative else _CONFIRMED
        return f"{word}-{self.target:016x}-{self.snapshot:016x}"

    def on(self, dataset: str) -> str:
        """Return the full name of this bookmark on a dataset of the source.

        Raises:
            InvalidName: The name of the dataset is too long for a bookmark on it.
        """
        length = len(dataset.encode(errors="surrogateescape"))
        if length > MOST_SOURCE_BYTES:
            raise InvalidName(
                f"cannot send '{dataset}': its name has {length} bytes, and a bookmark on "
                f"it, which keeps the base, leaves room for {MOST_SOURCE_BYTES}",
                hint="rename it, or, of a tree, leave it out: --exclude "
                f"{for_shell(dataset)}",
            )
        return check_bookmark(f"{dataset}#{self.short_name}", creating=True)


def read_mark(bookmark: Bookmark) -> BaseMark | None:
    """Read the name of a bookmark; None: it is not zfstune's."""
    match = _MARK.fullmatch(bookmark.name.partition("#")[2])
    if match is None:
        return None
    mark = BaseMark(int(match[2], 16), int(match[3], 16), match[1] == _TENTATIVE)
    return mark if mark.snapshot == bookmark.guid and mark.target else None


@frozen
class Replica:
    """The mark of a dataset that zfstune made by a first send, or that stands by.

    Attributes:
        identity: The number by which bookmarks on the source name this target. It is
            chosen before the send, when the target has no guid yet.
        raw: Whether that send was raw. Every later one has to be of the same kind.
        live: Whether it has taken over from its source: it takes no stream any more.
    """

    identity: int
    raw: bool
    live: bool = False

    @property
    def text(self) -> str:
        """The value of the user property ``org.zfstune:replica``."""
        kind = _RAW if self.raw else _PLAIN
        return f"{kind}:{self.identity:016x}{_LIVE if self.live else ''}"


def read_replica(text: str) -> Replica | None:
    """Read the value of ``org.zfstune:replica``; None: zfstune did not write it."""
    match = _REPLICA.fullmatch(text)
    if match is None or not int(match[2], 16):
        return None
    return Replica(int(match[2], 16), match[1] == _RAW, bool(match[3]))


def target_property(identity: int) -> str:
    """Return the name of the property on a source that says where a target is."""
    return f"{TARGET_PREFIX}{identity:016x}"


def noted_target(name: str) -> int:
    """Return the identity in the name of such a property; 0: it is another property."""
    match = _TARGET.fullmatch(name)
    return 0 if match is None else int(match[1], 16)


def noted_places(dataset: Dataset) -> dict[int, str]:
    """Return the places of targets that properties of the source tell, by identity.

    A property that was inherited or received is another dataset's.
    """
    return {
        identity: place
        for name in dataset.properties
        if (identity := noted_target(name)) and (place := dataset.local(name))
    }


def marks_by_target(
    dataset: Dataset, bookmarks: Iterable[Bookmark]
) -> dict[int, list[tuple[Bookmark, BaseMark]]]:
    """Return the bookmarks that a source keeps for each target, by its identity.

    A copy may have been the source before roles were changed. The bookmarks that it has
    from that time, of targets of which no property tells, are for the way back. So is
    the one that a dataset which took over keeps under its own number.

    Args:
        dataset: The source with its properties.
        bookmarks: All of its bookmarks.

    Returns:
        For each target its bookmarks, oldest snapshot first, with their meanings.
    """
    places = noted_places(dataset)
    role = read_replica(dataset.local(REPLICA_PROPERTY) or "")
    kept: dict[int, list[tuple[Bookmark, BaseMark]]] = {}
    for bookmark in sorted(bookmarks, key=lambda b: (b.createtxg, b.name)):
        mark = read_mark(bookmark)
        if mark is None or (
            role is not None
            and mark.target not in places
            and (not role.live or mark.target == role.identity)
        ):
            continue
        kept.setdefault(mark.target, []).append((bookmark, mark))
    return kept


def notes_on(dataset: Dataset) -> tuple[str, ...]:
    """Return the names of the properties on a source that say where its targets are."""
    noted = (name for name in dataset.properties if noted_target(name))
    return tuple(name for name in noted if dataset.local(name) is not None)
