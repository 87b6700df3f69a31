"""The targets of replication, as their source knows them by its marks.

A target is known by the bookmarks that keep its base, and by the property that says
where it is. Either may be missing: somebody destroyed the bookmarks, or set them by a
version that noted no places. The names and numbers of these marks are those of
:mod:`zfstune.values.replication_marks`.
"""

from __future__ import annotations

from zfstune.values.frozen import frozen
from zfstune.values.replication_marks import marks_by_target, noted_places
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zfstune.values.replication_marks import BaseMark
    from zfstune.values.state import Bookmark, Dataset, Snapshot

__all__ = [
    "NOWHERE",
    "KnownTarget",
    "Lag",
    "Replicated",
    "known_targets",
    "lag_of",
    "replicated_to_all",
]


@frozen
class KnownTarget:
    """A target of replication, as its source knows it.

    Attributes:
        identity: The number by which the source's bookmarks name it.
        place: Where it is, as in ``tank/copy`` or ``host:tank/copy``; empty: no property
            says so.
        base: The newest bookmark of a snapshot that has arrived there; None: no arrival
            was ever confirmed, or that bookmark is gone.
        bookmarks: All bookmarks that zfstune keeps for it, oldest snapshot first.
    """

    identity: int
    place: str
    base: Bookmark | None
    bookmarks: tuple[Bookmark, ...]

    @property
    def label(self) -> str:
        """Its place or, where that is not known, its number."""
        return f"'{shown(self.place)}'" if self.place else f"target {self.identity:016x}"


@frozen
class Lag:
    """The distance between a source and its target.

    Attributes:
        snapshots: The number of snapshots that are newer than the target's base.
        seconds: The time between the base and the newest snapshot; None: there is no
            base, or a time is not known.
    """

    snapshots: int
    seconds: int | None


@frozen
class Replicated:
    """The part of a dataset's snapshots that all of its targets have.

    Attributes:
        createtxg: The transaction group of the base of the target that lags most; 0:
            no snapshot is known to have arrived everywhere.
        label: That target; where `createtxg` is 0, the reason in words.
    """

    createtxg: int
    label: str


_NO_MARKS: list[tuple[Bookmark, BaseMark]] = []

NOWHERE = Replicated(0, "it was not replicated yet")


def known_targets(
    dataset: Dataset, bookmarks: Iterable[Bookmark]
) -> tuple[KnownTarget, ...]:
    """List the targets of a source, by place and identity.

    Args:
        dataset: The source with its properties.
        bookmarks: All of its bookmarks.
    """
    places = noted_places(dataset)
    kept = dict.fromkeys(places, _NO_MARKS) | marks_by_target(dataset, bookmarks)
    targets = [
        KnownTarget(
            identity,
            places.get(identity, ""),
            next((b for b, mark in reversed(marks) if not mark.tentative), None),
            tuple(bookmark for bookmark, _ in marks),
        )
        for identity, marks in kept.items()
    ]
    return tuple(sorted(targets, key=lambda target: (target.place, target.identity)))


def lag_of(target: KnownTarget, snapshots: Sequence[Snapshot]) -> Lag:
    """Measure how far a target is behind its source.

    Args:
        target: The target.
        snapshots: The snapshots of the source, with their times of creation.
    """
    base = target.base
    if base is None:
        return Lag(len(snapshots), None)
    newer = [s for s in snapshots if s.createtxg > base.createtxg]
    if not newer:
        return Lag(0, 0)
    newest = max(newer, key=lambda s: s.createtxg).creation
    return Lag(len(newer), None if newest is None else max(newest - base.creation, 0))


def replicated_to_all(targets: Iterable[KnownTarget]) -> Replicated:
    """Find out which snapshots have arrived at every target that is known.

    Where nothing is known to have arrived at one of them, none has.
    """
    furthest = NOWHERE
    for target in targets:
        if target.base is None:
            return Replicated(0, f"nothing is known to have arrived at {target.label}")
        if not furthest.createtxg or target.base.createtxg < furthest.createtxg:
            furthest = Replicated(target.base.createtxg, target.label)
    return furthest
