"""The digest of a snapshot that is sent, and of a stream from a descriptor."""

from __future__ import annotations

import errno
import os
import threading

import pytest

from made_stream import MadeStream, slow_digest
from sending_engine import SendingEngine
from zfstune.streams.content import ContentHash
from zfstune.streams.digest import digest, digest_stream, read_objects, sending
from zfstune.values.errors import EngineError, InvalidValue

NOISE = os.urandom(5 << 18)


def stream() -> bytes:
    """Give a stream of three objects, longer than a pipe takes at once."""
    made = MadeStream()
    made.object(1, b"one")
    made.object(2, b"two")
    for start in range(0, len(NOISE), 1 << 17):
        made.write(2, start, NOISE[start : start + (1 << 17)])
    made.object(9)
    return made.end()


STREAM = stream()


def test_a_snapshot_that_is_sent() -> None:
    """The digest is that of the content; single objects are kept on request."""
    engine = SendingEngine({"tank/a@1": STREAM})
    found = digest(engine.seam, "tank/a@1")
    assert found.text == slow_digest(
        {1: {"bonus": b"one"}, 2: {"bonus": b"two", "data": [(0, NOISE)]}, 9: {}}
    )
    assert (found.count, found.objects) == (3, ())
    kept = digest(engine.seam, "tank/a@1", raw=True, objects=True)
    assert [o.number for o in kept.objects] == [1, 2, 9]
    assert kept.text == found.text
    assert engine.sent == [("tank/a@1", False), ("tank/a@1", True)]


def test_a_send_that_fails() -> None:
    """The reason is the sender's, and not that the stream ended early."""
    for data in (b"", STREAM[:700], STREAM):
        engine = SendingEngine({"tank/a@1": (data, errno.EIO)})
        with pytest.raises(EngineError, match="cannot send 'tank/a@1'"):
            digest(engine.seam, "tank/a@1")
    assert threading.active_count() == 1


def test_no_stream_at_all() -> None:
    """A stream that makes no sense ends the send, and the reason is the reader's."""
    engine = SendingEngine({"tank/a@1": bytes(4 << 20)})
    with pytest.raises(InvalidValue, match="cannot read stream 'tank/a@1'"):
        digest(engine.seam, "tank/a@1")
    assert threading.active_count() == 1


def leave(engine: SendingEngine) -> None:
    """Read a little of a stream, and be interrupted."""
    with sending(engine.seam, "tank/a@1") as fd:
        assert os.read(fd, 312) == STREAM[:312]
        raise KeyboardInterrupt


def test_a_reader_that_leaves() -> None:
    """A caller that is interrupted ends the send, too, and leaves nothing open."""
    engine = SendingEngine({"tank/a@1": STREAM * 20})
    before = os.listdir("/proc/self/fd")  # noqa: PTH208 (names are all it takes)
    with pytest.raises(KeyboardInterrupt):
        leave(engine)
    assert threading.active_count() == 1
    assert len(os.listdir("/proc/self/fd")) == len(before)  # noqa: PTH208 (as above)


def test_a_stalled_stream_can_be_left() -> None:
    """Where nothing comes, the reader asks whether to go on."""
    out, into = os.pipe()
    answers = iter([False, False, True])
    try:
        assert list(read_objects(out, "x", ContentHash(), lambda: next(answers))) == []
    finally:
        os.close(out)
        os.close(into)
    assert list(answers) == []


def test_a_stream_from_a_pipe() -> None:
    """A descriptor is read to its end; its name is that of the messages."""
    out, into = os.pipe()
    os.write(into, b"nothing")
    os.close(into)
    try:
        with pytest.raises(InvalidValue, match="'stdin': it ends too early"):
            digest_stream(out)
    finally:
        os.close(out)
