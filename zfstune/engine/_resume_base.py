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

__all__ = ["find_saved_base", "find_sources"]

_LAST = (1 << 64) - 1


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
        base = _base(engine, state, snapshot.dataset, snapshot.createtxg)
        if base:
            return snapshot.name, base
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


def find_saved_base(engine: Engine, dataset: str, state: ResumeState) -> str:
    """Find the base of the part of a stream that a receive kept; empty: it has none.

    Args:
        engine: The engine that received it.
        dataset: The dataset that the part waits in.
        state: The content of its token.

    Raises:
        InvalidValue: The base is gone.
    """
    base = _base(engine, state, dataset, _LAST) if state.fromguid else ""
    if state.fromguid and not base:
        raise InvalidValue(
            f"cannot send the saved part of '{dataset}': its base is gone, and no bookmark "
            "of it is left",
            hint="give it up on the side that receives, and send anew: "
            "zfstune receive --abort DATASET",
        )
    return base


def _base(engine: Engine, state: ResumeState, dataset: str, last_createtxg: int) -> str:
    """Return the name of a token's base as far as it lies before a txg; may be empty."""
    for guid, name in _possible_bases(engine, dataset, last_createtxg):
        if guid == state.fromguid:
            return name
    return ""


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


def _possible_bases(
    engine: Engine, dataset: str, last_createtxg: int
) -> Iterator[tuple[int, str]]:
    """Yield guid and name of all snapshots and bookmarks up to a txg, snapshots first.

    The history of a clone goes back beyond it, into the dataset of its origin
    (dsl_dataset_is_before() in module/zfs/dsl_dataset.c).
    """
    seen: set[str] = set()
    while dataset not in seen:
        seen.add(dataset)
        for earlier in engine.snapshots(dataset):
            if earlier.createtxg <= last_createtxg:
                yield earlier.guid, earlier.name
        for bookmark in engine.bookmarks(dataset).values():
            if bookmark.createtxg <= last_createtxg:
                yield bookmark.guid, bookmark.name
        origin = engine.dataset(dataset).value("origin")
        if not origin:
            return
        last_createtxg = engine.snapshot(origin).createtxg
        dataset = origin.partition("@")[0]
