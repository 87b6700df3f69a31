"""The messages between an image's process and its caller, and the lock on the file."""

from __future__ import annotations

import errno
import os
import socket
import struct
import threading
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from zfstune.engine._image_messages import (
    MOST_BODY_BYTES,
    MOST_HEAD_BYTES,
    ImageDone,
    ImageRefused,
    NonsenseError,
    read_image_answer,
    write_image_answer,
)
from zfstune.engine._image_worker import _done, _lock, _refusal, read_message
from zfstune.values.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Yield both ends of a connection."""
    left, right = socket.socketpair()
    with left, right:
        yield left, right


def test_messages_follow_each_other(ends: tuple[socket.socket, socket.socket]) -> None:
    """Each comes out alone, with its body."""
    ends[0].sendall(
        write_image_answer(ImageDone(0, b"[1]")) + write_image_answer(ImageDone(16))
    )
    assert read_image_answer(*read_message(ends[1])) == ImageDone(0, b"[1]")
    assert read_image_answer(*read_message(ends[1])) == ImageDone(16)


def test_a_long_message_comes_in_pieces(ends: tuple[socket.socket, socket.socket]) -> None:
    """A message may be larger than the buffer of the socket."""
    written = os.urandom(3 << 20)
    message = write_image_answer(ImageDone(0, written))
    sender = threading.Thread(target=ends[0].sendall, args=[message])
    sender.start()
    assert read_image_answer(*read_message(ends[1])) == ImageDone(0, written)
    sender.join()


def test_what_was_not_sent_takes_no_memory(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    """A header alone, of the longest message there is, has no room made for it."""
    ends[0].sendall(struct.pack("<II", MOST_HEAD_BYTES, MOST_BODY_BYTES) + b"[")
    ends[0].close()
    tracemalloc.start()
    try:
        with pytest.raises(EOFError):
            read_message(ends[1])
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_message_too_long_is_not_read(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    """It is refused by its header."""
    ends[0].sendall(struct.pack("<II", 0, MOST_BODY_BYTES + 1))
    with pytest.raises(NonsenseError, match="too long"):
        read_message(ends[1])


@pytest.mark.parametrize(
    ("result", "done"),
    [
        (16, ImageDone(16)),
        (b"{}", ImageDone(0, b"{}")),
        ((2, None), ImageDone(2)),
        ((0, b"[]"), ImageDone(0, b"[]")),
        ((17, "a@s"), ImageDone(17, b'"a@s"')),
    ],
)
def test_results_of_a_binding(result: object, done: ImageDone) -> None:
    """An errno, bytes of C's, and an errno with bytes or text each become an answer."""
    assert _done(result) == done


@pytest.mark.parametrize("sent", [b"", b"\1", struct.pack("<II", 8, 0) + b"half"])
def test_an_end_that_is_gone(
    ends: tuple[socket.socket, socket.socket], sent: bytes
) -> None:
    """A message that is cut off is an EOFError."""
    ends[0].sendall(sent)
    ends[0].close()
    with pytest.raises(EOFError):
        read_message(ends[1])


def test_one_process_has_the_file(tmp_path: Path) -> None:
    """A second lock waits for its time and fails, until the first one is closed."""
    file = tmp_path / "a.zpool"
    file.touch()
    never = threading.Event()
    first = _lock(str(file), 0, never)
    with pytest.raises(OSError, match="another process") as caught:
        _lock(str(file), 0.1, never)
    assert caught.value.errno == errno.EBUSY
    os.close(first)
    os.close(_lock(str(file), 0, never))


def test_nobody_waits_for_the_lock_any_more(tmp_path: Path) -> None:
    """The wait for the lock ends at once when the caller is gone."""
    file = tmp_path / "a.zpool"
    file.touch()
    gone = threading.Event()
    gone.set()
    first = _lock(str(file), 0, gone)
    with pytest.raises(OSError, match="another process"):
        _lock(str(file), 3600, gone)
    os.close(first)


def test_reasons_why_no_call_was_made() -> None:
    """An error of zfstune's own keeps its words and its hint; another gets a sentence."""
    own = InvalidValue("cannot pass 'a' to ZFS: it contains a NUL", hint="try b")
    assert _refusal(own) == ImageRefused(str(own), "try b")
    assert _refusal(OverflowError("too big")) == ImageRefused(
        "cannot pass a value to ZFS: too big", ""
    )
