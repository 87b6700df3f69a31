"""Compare the content of two snapshots."""

from __future__ import annotations

import contextlib
import queue
import threading
from itertools import chain

from zfstune.snapshots.look_up import look_up
from zfstune.streams.comparison import Comparison, check_kinds, differing, needs_raw
from zfstune.streams.content import ContentHash
from zfstune.streams.digest import read_objects, sending
from zfstune.values.errors import EngineError
from zfstune.values.frozen import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import Self

    from zfstune.engine.protocol import Engine
    from zfstune.streams.comparison import ObjectDifference
    from zfstune.streams.content import Digest, ObjectDigest, StreamKind

__all__ = ["compare", "compare_with_stream"]

# Objects that differ and are listed; the others are counted.
_MOST_LISTED = 1000
# Lists of objects that one side may be ahead of the other.
_AHEAD = 16
_LOOK_S = 0.2


def compare(
    engine_a: Engine,
    snapshot_a: str,
    engine_b: Engine,
    snapshot_b: str,
    *,
    raw: bool = False,
    most: int = _MOST_LISTED,
    paths: bool = True,
) -> Comparison:
    """Compare the content of two snapshots, read in full on both sides.

    The two may lie in different pools and on different engines, and differ in ashift,
    recordsize, compression and holes. What counts is each object's type, attributes and
    bytes. Memory does not grow with the snapshots.

    Args:
        engine_a: The engine that has the first snapshot.
        snapshot_a: Its full name.
        engine_b: The engine that has the second snapshot; it may be the same.
        snapshot_b: Its full name.
        raw: Compare ciphertext, which takes no key: only a raw copy has the same. Two
            snapshots with the same guid are compared so in any case where a key that
            is not loaded leaves no other way.
        most: List at most so many objects that differ, and count the others.
        paths: Ask for the paths of objects that differ, as ``zfs diff`` does. OpenZFS
            trusts the directories of the dataset then (zfs_obj_to_path_impl() in
            module/zfs/zfs_znode.c), so do without where somebody may have made them up.

    Returns:
        Whether they are equal, and else the objects that differ, with their paths.

    Raises:
        PlanError: The two cannot be compared, as plain content with ciphertext.
        EngineError: A snapshot cannot be read or sent, or is redacted.
    """
    first = look_up(engine_a, snapshot_a, operation="compare")
    second = look_up(engine_b, snapshot_b, operation="compare")
    raw = raw or needs_raw(first, second)
    found = _compare(
        _Side(snapshot_a, sending(engine_a, snapshot_a, raw=raw)),
        _Side(snapshot_b, sending(engine_b, snapshot_b, raw=raw)),
        most,
    )
    if not paths:
        return found
    return _with_paths(found, ((engine_a, snapshot_a), (engine_b, snapshot_b)))


def compare_with_stream(
    engine: Engine,
    snapshot: str,
    fd: int,
    name: str = "stdin",
    *,
    raw: bool = False,
    most: int = _MOST_LISTED,
    paths: bool = True,
) -> Comparison:
    """Compare a snapshot with a stream, as ``zfs send -L`` writes it, or ``-Lw`` for `raw`.

    Args:
        engine: The engine that has the snapshot.
        snapshot: Its full name.
        fd: The descriptor that the stream is read from, to its end.
        name: The stream, as messages call it.
        raw: Compare ciphertext with a raw stream.
        most: As for :func:`compare`.
        paths: As for :func:`compare`.

    Raises:
        PlanError: The two cannot be compared.
        InvalidValue: The bytes are no stream, or the stream ends too early.
        EngineError: The snapshot cannot be sent, or a stream does not hold all of the
            content, or is damaged.
    """
    found = _compare(
        _Side(snapshot, sending(engine, snapshot, raw=raw)),
        _Side(name, contextlib.nullcontext(fd)),
        most,
    )
    return _with_paths(found, ((engine, snapshot),)) if paths else found


class _Side:
    """One side, which a thread of its own reads and digests."""

    def __init__(self, name: str, source: AbstractContextManager[int]) -> None:
        self.name = name
        self.hashed = ContentHash()
        self._source = source
        self._done: queue.Queue[list[ObjectDigest] | None] = queue.Queue(_AHEAD)
        self._error: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        """End the thread, which may wait for room or for its stream."""
        self._stop.set()
        while self._thread.is_alive():
            with contextlib.suppress(queue.Empty):
                self._done.get(timeout=_LOOK_S)
        self._thread.join()

    def _run(self) -> None:
        try:
            with self._source as fd:
                for done in read_objects(fd, self.name, self.hashed, self._stop.is_set):
                    self._done.put(done)
        except BaseException as error:  # noqa: BLE001 (raised again by the caller's thread)
            self._error = error
        self._done.put(None)

    def objects(self) -> Iterator[ObjectDigest]:
        """Give the objects as they are read."""
        while (done := self._done.get()) is not None:
            yield from done
        if self._error is not None:
            raise self._error

    def digest(self) -> Digest:
        """Return the digest of the whole side, which was read to its end."""
        return self.hashed.digest()


def _compare(first: _Side, second: _Side, most: int) -> Comparison:
    listed: list[ObjectDifference] = []
    unlisted = 0
    with first, second:
        a, b = first.objects(), second.objects()
        # The first objects: what the streams say of themselves is known by then.
        heads = next(a, None), next(b, None)
        kinds = _kind(first), _kind(second)
        check_kinds((first.name, second.name), kinds)
        for difference in differing(
            chain(filter(None, heads[:1]), a), chain(filter(None, heads[1:]), b)
        ):
            if len(listed) < most:
                listed.append(difference)
            else:
                unlisted += 1
        digests = first.digest(), second.digest()
    return Comparison(first.name, second.name, digests, tuple(listed), unlisted)


def _kind(side: _Side) -> StreamKind:
    kind = side.hashed.kind
    assert kind is not None  # noqa: S101 (a stream without a first record raised before)
    return kind


def _with_paths(found: Comparison, sides: tuple[tuple[Engine, str], ...]) -> Comparison:
    """Find the paths of the objects that differ, on the first side that has one."""
    if not found.differences or found.digests[0].kind.volume:
        return found
    named = [
        replace(difference, path=_path(difference.number, sides))
        for difference in found.differences
    ]
    return replace(found, differences=tuple(named))


def _path(number: int, sides: tuple[tuple[Engine, str], ...]) -> str | None:
    for engine, snapshot in sides:
        with contextlib.suppress(EngineError):
            stats = engine.object_stats(snapshot, number)
            if stats is not None:
                return stats.path
    return None
