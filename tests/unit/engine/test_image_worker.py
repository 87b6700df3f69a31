"""The messages between an image's process and its caller, and the lock on the file."""

from __future__ import annotations

import errno
import os
import socket
import struct
import threading
from typing import TYPE_CHECKING

import pytest

from zfstune.engine._image_worker import _lock, _refusal, read_message, write_message
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


@pytest.mark.parametrize(
    "message",
    [
        ("done", None),
        ("call", "zt_destroy", ("tank/\udcff",), b"\0" * 10),
        ("ready", (2, 3, 1), 1 << 64),
        [{"name": [True, -1]}, ""],
    ],
)
def test_a_message_arrives_as_it_was(
    ends: tuple[socket.socket, socket.socket], message: object
) -> None:
    """Numbers, bytes and lone surrogates come out as they went in."""
    write_message(ends[0], message)
    write_message(ends[0], "the next")
    assert read_message(ends[1]) == message
    assert read_message(ends[1]) == "the next"


def test_a_long_message_comes_in_pieces(ends: tuple[socket.socket, socket.socket]) -> None:
    """A message may be larger than the buffer of the socket."""
    message = os.urandom(3 << 20)
    sender = threading.Thread(target=write_message, args=(ends[0], message))
    sender.start()
    assert read_message(ends[1]) == message
    sender.join()


@pytest.mark.parametrize("sent", [b"", b"\1", struct.pack("<Q", 8) + b"half"])
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
    assert _refusal(own) == ("refused", str(own), "try b")
    assert _refusal(OverflowError("too big")) == (
        "refused",
        "cannot pass a value to ZFS: too big",
        "",
    )
