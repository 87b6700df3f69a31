"""The bases of replication that go with snapshots and bookmarks of a dataset.

The next stream to a target builds on the newest snapshot that both sides have. A dataset
that is sent keeps a bookmark of it for each target, so that the snapshot may go; a
rollback takes the bookmark, too. A copy needs the snapshot itself, its newest one.
"""

from __future__ import annotations

from zfstune.values.marks import REPLICA_PROPERTY
from zfstune.values.replication_marks import marks_by_target, noted_places, read_replica
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from zfstune.values.replication_marks import BaseMark
    from zfstune.values.state import Bookmark, Dataset, Snapshot

__all__ = ["BASES", "lost_by_destroying", "lost_by_going_back", "lost_with_dataset"]

# The word that consents to the loss of bases.
BASES = "bases"


def lost_by_going_back(
    dataset: Dataset,
    snapshots: Sequence[Snapshot],
    bookmarks: Collection[Bookmark],
    createtxg: int,
) -> tuple[str, ...]:
    """Name those whose next stream loses its base once a dataset goes back.

    Args:
        dataset: The dataset with its properties.
        snapshots: All of its snapshots.
        bookmarks: All of its bookmarks.
        createtxg: That of the snapshot that it goes back to; what is newer goes.
    """
    newer = any(s.createtxg > createtxg for s in snapshots)
    lost = []
    for label, marks in _targets(dataset, bookmarks):
        confirmed = [b.createtxg for b, mark in marks if not mark.tentative]
        # Where nothing is known to have arrived, any snapshot may be the base.
        gone = max(confirmed) > createtxg if confirmed else newer
        if gone:
            lost.append(f"{label}, the target of {dataset.name}")
    return (*lost, *(_of_a_copy(dataset) if newer else ()))


def lost_by_destroying(
    dataset: Dataset,
    snapshots: Sequence[Snapshot],
    bookmarks: Collection[Bookmark],
    victims: Collection[str],
) -> tuple[str, ...]:
    """Name those whose next stream may lose its base with snapshots of a dataset.

    Args:
        dataset: The dataset with its properties.
        snapshots: All of its snapshots.
        bookmarks: All of its bookmarks; they stay.
        victims: Full names of the snapshots that are destroyed.
    """
    newest = max(snapshots, key=lambda s: s.createtxg, default=None)
    lost = [
        f"{label}, the target of {dataset.name}"
        for label, marks in _targets(dataset, bookmarks)
        if not marks
    ]
    if newest is not None and newest.name in victims:
        lost += _of_a_copy(dataset)
    return tuple(lost)


def lost_with_dataset(dataset: Dataset, bookmarks: Collection[Bookmark]) -> tuple[str, ...]:
    """Name those between which no stream runs any more once a dataset is destroyed.

    Args:
        dataset: The dataset with its properties.
        bookmarks: All of its bookmarks.
    """
    targets = [
        f"{label}, the target of {dataset.name}"
        for label, _ in _targets(dataset, bookmarks)
    ]
    return (*targets, *_of_a_copy(dataset))


def _targets(
    dataset: Dataset, bookmarks: Collection[Bookmark]
) -> Iterator[tuple[str, list[tuple[Bookmark, BaseMark]]]]:
    """Yield each target that a dataset is sent to, in words, and the bookmarks for it."""
    places = noted_places(dataset)
    marked = marks_by_target(dataset, bookmarks)
    for identity in (*places, *(marked.keys() - places.keys())):
        place = shown(places.get(identity, "")) or f"number {identity:016x}"
        yield place, marked.get(identity, [])


def _of_a_copy(dataset: Dataset) -> tuple[str, ...]:
    """Name a copy that still takes streams."""
    role = read_replica(dataset.local(REPLICA_PROPERTY) or "")
    is_copy = role is not None and not role.live
    return (f"{dataset.name}, which is a copy",) if is_copy else ()
