"""An engine that only sends: streams that are made up, in place of snapshots."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, cast

from zfstune.engine._errno import engine_error
from zfstune.values.object_stats import ObjectStats
from zfstune.values.state import NONE, PropertyValue, Snapshot

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine


class SendingEngine:
    """Streams by the name of a snapshot; an errno in place of a stream is an error.

    Args:
        streams: Name to the stream, or to bytes and the errno that follows them.
        properties: Properties of all snapshots.

    Attributes:
        sent: The snapshots that were sent, raw or not.
    """

    def __init__(
        self, streams: dict[str, bytes | tuple[bytes, int]], **properties: str
    ) -> None:
        self._streams = streams
        self._properties = properties
        self.sent: list[tuple[str, bool]] = []

    @property
    def seam(self) -> Engine:
        """Give itself as an engine; it has the calls that are made here."""
        return cast("Engine", self)

    def snapshot(self, name: str) -> Snapshot:
        """Give a snapshot; all have one guid."""
        values = {k: PropertyValue(v, NONE) for k, v in self._properties.items()}
        return Snapshot(name, 7, 1, 0, values, 0)

    def send(self, snapshot: str, fd: int, *, raw: bool, compressed: bool) -> None:
        """Write the stream, and then fail where an errno is given."""
        assert not compressed
        self.sent.append((snapshot, raw))
        stream = self._streams[snapshot]
        data, error = stream if isinstance(stream, tuple) else (stream, 0)
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(fd, rest) :]
        except BrokenPipeError:
            raise engine_error("send", snapshot, errno.EPIPE) from None
        if error:
            raise engine_error("send", snapshot, error)

    def send_size(self, snapshot: str, *, raw: bool, compressed: bool) -> int:
        """Give the length of the stream."""
        del raw
        assert not compressed
        stream = self._streams[snapshot]
        return len(stream if isinstance(stream, bytes) else stream[0])

    def object_stats(self, snapshot: str, number: int) -> ObjectStats | None:
        """Give a path that says where it was asked for, of even numbers alone."""
        path = f"/{snapshot}/{number}"
        return None if number % 2 else ObjectStats(path, 1, 0, 1, 0, 0)
