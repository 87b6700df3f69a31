"""Read a stream, and make the digest of its content."""

from __future__ import annotations

import os
import select

from zfstune.engine.sent import sent
from zfstune.engine.stream_content import ContentReader
from zfstune.streams.content import ContentHash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from zfstune.engine.protocol import Engine
    from zfstune.streams.content import Digest, ObjectDigest

__all__ = ["digest", "digest_stream", "read_objects", "sending"]

_PART_BYTES = 1 << 20
_LOOK_S = 0.2


def digest(
    engine: Engine,
    snapshot: str,
    *,
    raw: bool = False,
    objects: bool = False,
    stopped: Callable[[], bool] = lambda: False,
    on_bytes: Callable[[int], object] = lambda _: None,
) -> Digest:
    """Compute the digest of a snapshot's content.

    The digest does not depend on ashift, recordsize, compression, or on whether zeros
    are holes. The whole snapshot is read, and nothing of it is kept in memory.

    Args:
        engine: The engine that has the snapshot.
        snapshot: Its full name.
        raw: Digest the ciphertext of an encrypted dataset, which takes no key.
        objects: Keep the digest of each object, about 300 bytes for each.
        stopped: Tells whether to give up; the digest is of no use then, and without a
            first record there is none (ValueError).
        on_bytes: Called with the number of bytes each time some were read.

    Raises:
        EngineError: The snapshot cannot be sent, or is redacted.
    """
    with sending(engine, snapshot, raw=raw) as fd:
        return digest_stream(
            fd, snapshot, objects=objects, stopped=stopped, on_bytes=on_bytes
        )


def digest_stream(
    fd: int,
    name: str = "stdin",
    *,
    objects: bool = False,
    stopped: Callable[[], bool] = lambda: False,
    on_bytes: Callable[[int], object] = lambda _: None,
) -> Digest:
    """Compute the digest of the snapshot whose full stream is read from a descriptor.

    Args:
        fd: The descriptor; it is read to its end.
        name: The stream, as messages call it.
        objects: Keep the digest of each object, about 300 bytes for each.
        stopped: As for :func:`digest`.
        on_bytes: As for :func:`digest`.

    Raises:
        InvalidValue: The bytes are no stream, or the stream ends too early.
        NotSupported: The stream is incremental, compressed, deduplicated, redacted, or
            a package of several.
        Damaged: A checksum of the stream is wrong.
        OSError: The descriptor cannot be read.
    """
    hashed = ContentHash()
    kept: list[ObjectDigest] = []
    for done in read_objects(fd, name, hashed, stopped, on_bytes):
        if objects:
            kept += done
    return hashed.digest(kept)


def read_objects(
    fd: int,
    name: str,
    hashed: ContentHash,
    stopped: Callable[[], bool] = lambda: False,
    on_bytes: Callable[[int], object] = lambda _: None,
) -> Iterator[list[ObjectDigest]]:
    """Read a stream to its end; give the objects as they end, some at a time.

    Args:
        fd: The descriptor.
        name: The stream, as messages call it.
        hashed: Takes the content; it has the digest of the whole in the end.
        stopped: Tells whether to give up, and is asked while nothing comes.
        on_bytes: Called with the number of bytes each time some were read.
    """
    reader = ContentReader(name)
    arrival = select.poll()
    arrival.register(fd, select.POLLIN)
    while not stopped():
        if not arrival.poll(_LOOK_S * 1000):
            continue
        piece = os.read(fd, _PART_BYTES)
        if not piece:
            reader.end()
            return
        on_bytes(len(piece))
        done = hashed.add(*reader.feed(piece))
        if done:
            yield done


def sending(
    engine: Engine, snapshot: str, *, raw: bool = False
) -> AbstractContextManager[int]:
    """Send a snapshot in another thread; give the descriptor to read its stream from."""
    return sent(lambda fd: engine.send(snapshot, fd, raw=raw, compressed=False))
