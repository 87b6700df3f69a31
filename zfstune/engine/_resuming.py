"""What a resume token goes on with: its snapshot and its base, found by guid.

Between the send that broke off and the one that goes on, names may change: a dataset
is renamed, a clone takes a snapshot over, a snapshot lives on as a bookmark.
"""

from __future__ import annotations

from zfstune import names
from zfstune.errors import InvalidValue, NotFound
from zfstune.quoting import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.engine import Engine
    from zfstune.engine._token import ResumeState
    from zfstune.state import Snapshot

__all__ = ["find_sources"]


def find_sources(engine: Engine, state: ResumeState) -> tuple[str, str]:
    """Find the snapshot that a token is of, and the base of an incremental.

    Returns:
        Names as they are now: of a snapshot, and of a snapshot or bookmark; an empty
        base where the stream is a full one.

    Raises:
        InvalidValue: One of them is gone.
    """
    snapshot = _find_snapshot(engine, state)
    if snapshot is None:
        raise InvalidValue(
            f"cannot resume the send of '{shown(state.toname)}': that snapshot is gone",
            hint="abort the partial receive on the other side and send in full",
        )
    if not state.fromguid:
        return snapshot.name, ""
    for guid, name in _possible_bases(engine, snapshot):
        if guid == state.fromguid:
            return snapshot.name, name
    raise InvalidValue(
        f"cannot resume the send of '{snapshot.name}': its base is gone, and no bookmark "
        "of it is left",
        hint="abort the partial receive on the other side and send from another base",
    )


def _find_snapshot(engine: Engine, state: ResumeState) -> Snapshot | None:
    """Look where the token says first, then in all of its pool."""
    dataset = names.check_snapshot(state.toname).partition("@")[0]
    try:
        listed = engine.snapshots(dataset)
    except NotFound:
        listed = []
    found = _with_guid(listed, state.toguid)
    if found is not None:
        return found
    pool = names.pool_of(dataset)
    if pool not in engine.pools():
        return None
    for other in engine.datasets(pool):
        if other.name != dataset:
            found = _with_guid(engine.snapshots(other.name), state.toguid)
            if found is not None:
                return found
    return None


def _with_guid(snapshots: list[Snapshot], guid: int) -> Snapshot | None:
    return next((s for s in snapshots if s.guid == guid), None)


def _possible_bases(engine: Engine, snapshot: Snapshot) -> Iterator[tuple[int, str]]:
    """Give guid and name of all that came before a snapshot, snapshots first.

    A clone's history goes on in the dataset of its origin, up to that snapshot
    (dsl_dataset_is_before() in module/zfs/dsl_dataset.c).
    """
    dataset, last = snapshot.dataset, snapshot.createtxg
    seen: set[str] = set()
    while dataset not in seen:
        seen.add(dataset)
        for earlier in engine.snapshots(dataset):
            if earlier.createtxg <= last and earlier.guid != snapshot.guid:
                yield earlier.guid, earlier.name
        for mark in engine.bookmarks(dataset).values():
            if mark.createtxg <= last:
                yield mark.guid, mark.name
        origin = engine.dataset(dataset).value("origin")
        if not origin:
            return
        last = engine.snapshot(origin).createtxg
        dataset = origin.partition("@")[0]
