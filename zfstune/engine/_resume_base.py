"""The snapshot and the base that a resume token goes on with, found by guid.

Between the send that broke off and the one that goes on, names may change: a dataset
is renamed, a clone takes a snapshot over, a snapshot lives on as a bookmark.
"""

from __future__ import annotations

from zfstune.values import names
from zfstune.values.errors import InvalidValue, NotFound
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.engine._resume_token import ResumeState
    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Snapshot

__all__ = ["find_sources"]


def find_sources(engine: Engine, state: ResumeState) -> tuple[str, str]:
    """Find the snapshot of a token, and the base where its stream is incremental.

    Returns:
        The present names of the snapshot and of its base, which may be a bookmark; the
        base is empty where the stream is a full one.

    Raises:
        InvalidValue: One of them is gone.
    """
    without_base: Snapshot | None = None
    for snapshot in _candidates(engine, state):
        if not state.fromguid:
            return snapshot.name, ""
        for guid, name in _possible_bases(engine, snapshot):
            if guid == state.fromguid:
                return snapshot.name, name
        without_base = without_base or snapshot
    if without_base is None:
        raise InvalidValue(
            f"cannot resume the send of '{shown(state.toname)}': that snapshot is gone",
            hint="abort the partial receive on the other side and send in full",
        )
    raise InvalidValue(
        f"cannot resume the send of '{without_base.name}': its base is gone, and no "
        "bookmark of it is left",
        hint="abort the partial receive on the other side and send from another base",
    )


def _candidates(engine: Engine, state: ResumeState) -> Iterator[Snapshot]:
    """Yield the snapshots with the token's guid: those of its dataset, then of its pool.

    There may be several, for a received copy has the guid of its original.
    """
    dataset = names.check_snapshot(state.toname).partition("@")[0]
    try:
        listed = engine.snapshots(dataset)
    except NotFound:
        listed = []
    yield from (s for s in listed if s.guid == state.toguid)
    pool = names.pool_of(dataset)
    others = engine.datasets(pool) if pool in engine.pools() else []
    for other in others:
        if other.name != dataset:
            listed = engine.snapshots(other.name)
            yield from (s for s in listed if s.guid == state.toguid)


def _possible_bases(engine: Engine, snapshot: Snapshot) -> Iterator[tuple[int, str]]:
    """Yield guid and name of all earlier snapshots and bookmarks, snapshots first.

    The history of a clone goes back beyond it, into the dataset of its origin
    (dsl_dataset_is_before() in module/zfs/dsl_dataset.c).
    """
    dataset, last_createtxg = snapshot.dataset, snapshot.createtxg
    seen: set[str] = set()
    while dataset not in seen:
        seen.add(dataset)
        for earlier in engine.snapshots(dataset):
            if earlier.createtxg <= last_createtxg and earlier.guid != snapshot.guid:
                yield earlier.guid, earlier.name
        for bookmark in engine.bookmarks(dataset).values():
            if bookmark.createtxg <= last_createtxg:
                yield bookmark.guid, bookmark.name
        origin = engine.dataset(dataset).value("origin")
        if not origin:
            return
        last_createtxg = engine.snapshot(origin).createtxg
        dataset = origin.partition("@")[0]
