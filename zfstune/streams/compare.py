"""Compare the content of two snapshots."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from itertools import chain

from zfstune.engine.open import using
from zfstune.snapshots.look_up import look_up
from zfstune.streams.comparison import Comparison, check_kinds, differing, needs_raw
from zfstune.streams.content import ContentHash
from zfstune.streams.digest import read_objects, sending
from zfstune.streams.meter import Meter
from zfstune.values.errors import EngineError
from zfstune.values.frozen import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from typing import Self

    from zfstune.engine.protocol import Engine
    from zfstune.streams.comparison import ObjectDifference
    from zfstune.streams.content import Digest, ObjectDigest, StreamKind
    from zfstune.streams.progress import SendProgress

__all__ = ["compare", "compare_with_stream"]

# Objects that differ and are listed; the others are counted.
_MOST_LISTED = 1000
# Lists of objects that one side may be ahead of the other.
_AHEAD = 16
_LOOK_S = 0.2


def compare(
    snapshot: str,
    other: str,
    *,
    engine: Engine | None = None,
    other_engine: Engine | None = None,
    raw: bool = False,
    most: int = _MOST_LISTED,
    paths: bool = True,
    on_progress: Callable[[SendProgress], object] | None = None,
) -> Comparison:
    """Compare the content of two snapshots, read in full on both sides.

    The two may lie in different pools and on different engines, and differ in ashift,
    recordsize, compression and holes. What counts is each object's type, attributes and
    bytes. Memory does not grow with the snapshots.

    Args:
        snapshot: Full name of the first snapshot.
        other: Full name of the second one.
        engine: The engine that has the first one; default: the running kernel's.
        other_engine: The engine that has the second one; default: that of the first.
        raw: Compare ciphertext, which takes no key: only a raw copy has the same. Two
            snapshots with the same guid are compared so in any case where a key that
            is not loaded leaves no other way.
        most: List at most so many objects that differ, and count the others.
        paths: Ask for the paths of objects that differ, as ``zfs diff`` does. OpenZFS
            trusts the directories of the dataset then (zfs_obj_to_path_impl() in
            module/zfs/zfs_znode.c), so do without where somebody may have made them up.
        on_progress: Called about once a second while both are read.

    Returns:
        Whether they are equal, and else the objects that differ, with their paths.

    Raises:
        PlanError: The two cannot be compared, as plain content with ciphertext.
        EngineError: A snapshot cannot be read or sent, or is redacted.
    """
    with using(engine) as zfs:
        sides = ((zfs, snapshot), (other_engine or zfs, other))
        first, second = (look_up(*side, operation="compare") for side in sides)
        raw = raw or needs_raw(first, second)
        meter = _meter(sides, raw=raw, on_progress=on_progress)
        a, b = (_Side(name, sending(where, name, raw=raw), meter) for where, name in sides)
        found = _compare(a, b, most)
        return _with_paths(found, sides) if paths else found


def compare_with_stream(
    snapshot: str,
    fd: int,
    name: str = "stdin",
    *,
    engine: Engine | None = None,
    raw: bool = False,
    most: int = _MOST_LISTED,
    paths: bool = True,
    on_progress: Callable[[SendProgress], object] | None = None,
) -> Comparison:
    """Compare a snapshot with a stream that was sent without compression, or raw.

    ``zfstune send --no-compressed`` and ``zfs send -L`` write such a stream.

    Args:
        snapshot: The snapshot's full name.
        fd: The descriptor that the stream is read from, to its end.
        name: The stream, as messages call it.
        engine: The engine that has the snapshot; default: the running kernel's.
        raw: Compare ciphertext with a raw stream.
        most: As for :func:`compare`.
        paths: As for :func:`compare`.
        on_progress: As for :func:`compare`.

    Raises:
        PlanError: The two cannot be compared.
        InvalidValue: The bytes are no stream, or the stream ends too early.
        EngineError: The snapshot cannot be sent, or a stream does not hold all of the
            content, or is damaged.
    """
    with using(engine) as zfs:
        look_up(zfs, snapshot, operation="compare")
        sides = ((zfs, snapshot),)
        length = os.fstat(fd).st_size  # 0: it is no file
        meter = _meter(sides, raw=raw, on_progress=on_progress, file_bytes=length)
        found = _compare(
            _Side(snapshot, sending(zfs, snapshot, raw=raw), meter),
            _Side(name, contextlib.nullcontext(fd), meter),
            most,
        )
        return _with_paths(found, sides) if paths else found


def _meter(
    sides: Iterable[tuple[Engine, str]],
    *,
    raw: bool,
    on_progress: Callable[[SendProgress], object] | None,
    file_bytes: int | None = None,
) -> Meter:
    """Return a meter for all bytes that will be read, as ZFS estimates them.

    Args:
        sides: The snapshots.
        raw: Whether their ciphertext is read.
        on_progress: The caller's.
        file_bytes: The length of a stream beside them; 0: unknown; None: there is none.
    """
    total: int | None = None
    if on_progress is not None and file_bytes != 0:
        sizes = (zfs.send_size(name, raw=raw, compressed=False) for zfs, name in sides)
        total = sum(sizes) + (file_bytes or 0)
    return Meter(total, 1, on_progress=on_progress)


class _Side:
    """One side, which a thread of its own reads and digests."""

    def __init__(
        self, name: str, source: AbstractContextManager[int], meter: Meter
    ) -> None:
        self.name = name
        self.hashed = ContentHash()
        self._meter = meter
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
                for done in read_objects(
                    fd, self.name, self.hashed, self._stop.is_set, self._meter.passed
                ):
                    self._done.put(done)
        except BaseException as error:  # noqa: BLE001 (raised again by the caller's thread)
            self._error = error
        self._done.put(None)

    def objects(self) -> Iterator[ObjectDigest]:
        """Give the objects as they are read."""
        while (done := self._next()) is not None:
            yield from done
        if self._error is not None:
            raise self._error

    def _next(self) -> list[ObjectDigest] | None:
        """Wait for objects, and tell meanwhile how far both sides are."""
        while True:
            self._meter.tick()
            with contextlib.suppress(queue.Empty):
                return self._done.get(timeout=_LOOK_S)

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
