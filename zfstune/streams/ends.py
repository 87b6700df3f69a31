"""The two ends of a replication: what one side has of one dataset.

Much of it may come from another machine, so :func:`end_of` checks whatever the rules of
a transfer go by: names, guids and the order of snapshots.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from zfstune.values.errors import InvalidValue
from zfstune.values.frozen import frozen, replace
from zfstune.values.inert import lacking
from zfstune.values.marks import REPLICA_PROPERTY, REPLICATE_PROPERTY
from zfstune.values.names import check_bookmark, check_dataset, check_snapshot, pool_of
from zfstune.values.replication_marks import (
    ASIDE,
    UNSENT,
    Replica,
    noted_target,
    read_replica,
)
from zfstune.values.state import damage_of
from zfstune.values.text import shown
from zfstune.values.whole_number import MAX_WHOLE, NumberError, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zfstune.values.state import (
        Bookmark,
        Dataset,
        Partial,
        PropertyValue,
        Snapshot,
    )

__all__ = [
    "MAX_GUID",
    "End",
    "Replica",
    "end_of",
    "missing_end",
    "placeholder_mark",
    "read_placeholder",
    "read_replica",
]

MAX_GUID = (1 << 64) - 1

_PLACEHOLDER = "placeholder"
_STANDS_FOR = re.compile(rf"{_PLACEHOLDER}:([0-9a-f]{{16}})")


def placeholder_mark(guid: int) -> str:
    """Return the value of ``org.zfstune:replica`` for a placeholder.

    That is a target without data, which stands for a source without a snapshot, so that
    the copies below it have a parent. It knows its source by that one's guid.
    """
    return f"{_PLACEHOLDER}:{guid:016x}"


def read_placeholder(text: str) -> int:
    """Return the guid in such a value; 0: it is another one."""
    match = _STANDS_FOR.fullmatch(text)
    return 0 if match is None else int(match[1], 16)


@frozen
class End:
    """One side's state of one dataset.

    Attributes:
        name: Full name of the dataset, which need not exist.
        exists: Whether it does.
        guid: Guid of the dataset; 0 where it does not exist.
        kind: ``filesystem`` or ``volume``; :data:`~zfstune.values.marks.BEGUN`: its first
            stream broke off before there was anything; empty where it does not exist.
        snapshots: Its snapshots, oldest first by createtxg. The property ``ivsetguid``
            of an encrypted one tells whether a copy of it came raw.
        bookmarks: Its bookmarks, oldest first by createtxg.
        origin: The snapshot that it is a clone of, or None.
        encrypted: Whether its blocks are encrypted.
        written_bytes: The bytes written to it since its newest snapshot.
        partial: The part of a stream that waits there to be completed, or None.
        replica: The mark of the first send that made it, or None.
        stands_for: Guid of the source that it is a placeholder for; 0: it is none, or
            somebody can have written to it.
        available_bytes: The space that it may still fill.
        createtxg: Transaction group of its creation: older snapshots in it were moved
            there by a promotion.
        aside: Whether it was put aside, so that a new target could take its place.
        unsent: Whether it says itself that no replication of a tree takes it along.
        places: Where its targets are, by their identities, as it was noted on it.
        own: The properties that were set on it or came in a stream, as far as a copy may
            take them; read only where the caller asks for that.
        key_root: Name of the dataset whose key opens it: itself, one above it, or, after a
            promotion, another one; empty: it is not encrypted.
        key_salt: The number that makes a key of its passphrase; the same on two datasets
            that one key opens. 0: it has none, or a key that is no passphrase.
        lacking: Names of properties that would make it inert, and do not.
        damaged: The reason why it could not be read; only its name counts then.
    """

    name: str
    exists: bool
    guid: int = 0
    kind: str = ""
    snapshots: tuple[Snapshot, ...] = ()
    bookmarks: tuple[Bookmark, ...] = ()
    origin: Snapshot | None = None
    encrypted: bool = False
    written_bytes: int = 0
    partial: Partial | None = None
    replica: Replica | None = None
    stands_for: int = 0
    available_bytes: int = 0
    createtxg: int = 0
    aside: bool = False
    unsent: bool = False
    places: Mapping[int, str] = MappingProxyType({})
    own: Mapping[str, PropertyValue] = MappingProxyType({})
    key_root: str = ""
    key_salt: int = 0
    lacking: tuple[str, ...] = ()
    damaged: str = ""

    @property
    def identity(self) -> int:
        """The number by which bookmarks on the source name it: its mark's, or its guid.

        A target that another tool made has no mark. 0: it does not exist.
        """
        return self.guid if self.replica is None else self.replica.identity

    @property
    def live(self) -> bool:
        """Whether it was a copy and has taken over from its source."""
        return self.replica is not None and self.replica.live

    @property
    def placeholder(self) -> bool:
        """Whether it is a placeholder, which the first stream may replace."""
        return bool(self.stands_for)

    @property
    def newest(self) -> Snapshot | None:
        """The newest snapshot, or None where there is none."""
        return self.snapshots[-1] if self.snapshots else None

    def renamed(self, name: str) -> End:
        """Return the same dataset under another name."""
        return replace(
            self,
            name=name,
            snapshots=tuple(
                replace(s, name=f"{name}@{s.short_name}") for s in self.snapshots
            ),
            bookmarks=tuple(
                replace(mark, name=f"{name}#{mark.name.partition('#')[2]}")
                for mark in self.bookmarks
            ),
        )


def missing_end(name: str) -> End:
    """Return the end of a dataset that does not exist.

    Raises:
        InvalidName: No dataset can have that name.
    """
    return End(check_dataset(name, creating=True), exists=False)


def end_of(
    dataset: Dataset,
    snapshots: Iterable[Snapshot],
    bookmarks: Iterable[Bookmark] = (),
    *,
    origin: Snapshot | None = None,
    partial: Partial | None = None,
) -> End:
    """Put together what an engine, or another host, says about a dataset.

    Args:
        dataset: The dataset with its properties.
        snapshots: All of its snapshots, in any order.
        bookmarks: All of its bookmarks, in any order.
        origin: The snapshot that it is a clone of.
        partial: The content of its ``receive_resume_token``.

    Raises:
        Damaged: The dataset could not be read.
        InvalidValue: A name or a guid in it cannot be right.
    """
    if dataset.damaged:
        raise damage_of(dataset)
    name = check_dataset(dataset.name)
    listed = sorted(snapshots, key=lambda snapshot: snapshot.createtxg)
    marks = sorted(bookmarks, key=lambda mark: (mark.createtxg, mark.name))
    for snapshot in listed:
        _check_belongs(name, check_snapshot(snapshot.name), "@")
    for mark in marks:
        _check_belongs(name, check_bookmark(mark.name), "#")
    if origin is not None:
        check_snapshot(origin.name)
    origins = () if origin is None else (origin,)
    _check_guids(name, (dataset, *listed, *marks, *origins))
    _check_unlike(name, listed)
    replica = dataset.local(REPLICA_PROPERTY) or ""
    return End(
        name=name,
        exists=True,
        guid=dataset.guid,
        kind=dataset.kind,
        snapshots=tuple(listed),
        bookmarks=tuple(marks),
        origin=origin,
        encrypted=dataset.value("encryption") not in (None, "off"),
        written_bytes=_bytes(dataset, "written"),
        partial=partial,
        replica=read_replica(replica),
        # What is written to a dataset that is not read-only would be lost in its place.
        stands_for=read_placeholder(replica) if dataset.local("readonly") == "on" else 0,
        available_bytes=_bytes(dataset, "available"),
        createtxg=dataset.createtxg,
        aside=replica == ASIDE,
        unsent=dataset.local(REPLICATE_PROPERTY) == UNSENT,
        places=_places(dataset),
        key_root=_key_root(dataset),
        key_salt=_number(dataset, "pbkdf2salt"),
        lacking=lacking(dataset),
    )


def _key_root(dataset: Dataset) -> str:
    root = dataset.value("encryptionroot") or ""
    if root and pool_of(check_dataset(root)) != pool_of(dataset.name):
        raise _unusable(dataset.name, f"'{shown(root)}' is said to have its key")
    return root


def _places(dataset: Dataset) -> dict[int, str]:
    noted = {noted_target(name): dataset.local(name) for name in dataset.properties}
    return {identity: place for identity, place in noted.items() if identity and place}


def _bytes(dataset: Dataset, name: str) -> int:
    return _number(dataset, name, MAX_WHOLE)


def _number(dataset: Dataset, name: str, most: int = MAX_GUID) -> int:
    text = dataset.value(name) or "0"
    try:
        return read_whole(text, most)
    except NumberError as error:
        reason = f"its property '{name}' is '{shown(text)}': {error.reason}"
        raise _unusable(dataset.name, reason) from None


def _check_guids(dataset: str, items: Iterable[Dataset | Snapshot | Bookmark]) -> None:
    for item in items:
        if not 0 < item.guid <= MAX_GUID:
            raise _unusable(dataset, f"'{item.name}' has the guid {item.guid}")


def _check_belongs(dataset: str, name: str, delimiter: str) -> None:
    if name.partition(delimiter)[0] != dataset:
        raise _unusable(dataset, f"'{name}' belongs to another dataset")


def _check_unlike(dataset: str, snapshots: Iterable[Snapshot]) -> None:
    """Refuse two snapshots with one guid, one name or one createtxg."""
    seen: set[tuple[str, object]] = set()
    for snapshot in snapshots:
        for what, value in (
            ("guid", snapshot.guid),
            ("name", snapshot.name),
            ("createtxg", snapshot.createtxg),
        ):
            if (what, value) in seen:
                raise _unusable(dataset, f"two snapshots have the {what} {value}")
            seen.add((what, value))


def _unusable(dataset: str, reason: str) -> InvalidValue:
    return InvalidValue(f"cannot use what is listed of '{shown(dataset)}': {reason}")
