"""What is given as a stream is taken, or refused before anything begins."""

from __future__ import annotations

import errno
import io
import os
import socket
from typing import TYPE_CHECKING, Any

import pytest

from zfstune.engine.feed import feed, pour
from zfstune.engine.protocol import UnreadError
from zfstune.engine.stream_file import (
    descriptor_of,
    has_an_end,
    patience_of,
    stalled,
    stream_error,
)
from zfstune.engine.write_all import write_all
from zfstune.values.errors import EngineError, InvalidValue, NoSpace

if TYPE_CHECKING:
    from pathlib import Path


def not_called(fd: int) -> None:
    """Stand for a call that must not be made."""
    pytest.fail(f"called with {fd}")


@pytest.mark.parametrize(
    "stream", [None, "name", b"bytes", True, 1 << 70, -1, 99_999, object(), [1]]
)
def test_what_is_no_file(stream: Any) -> None:
    """It is refused by its kind, before the call is made."""
    with pytest.raises(InvalidValue, match=r"cannot read the stream: .*(neither|closed)"):
        feed(stream, not_called)
    with pytest.raises(InvalidValue, match=r"cannot write the stream: .*(neither|closed)"):
        pour(stream, not_called)


def test_closed_files(tmp_path: Path) -> None:
    """With a descriptor of their own or without."""
    path = tmp_path / "file"
    unbuffered, buffered = path.open("wb", buffering=0), path.open("wb")
    one, other = socket.socketpair()
    other.close()
    for stream in (unbuffered, buffered, one, io.BytesIO()):
        stream.close()
        with pytest.raises(InvalidValue, match="closed"):
            feed(stream, not_called)
        with pytest.raises(InvalidValue, match="closed"):
            pour(stream, not_called)


def test_the_other_way(tmp_path: Path) -> None:
    """A file that is open for the other direction, and a folder, are told by name."""
    path = tmp_path / "file"
    path.touch()
    for buffering in (0, -1):
        with path.open("rb", buffering) as reading, path.open("wb", buffering) as writing:
            with pytest.raises(InvalidValue, match="open for reading only"):
                pour(reading, not_called)
            with pytest.raises(InvalidValue, match="open for writing only"):
                feed(writing, not_called)
            assert descriptor_of(reading) == (None if buffering else reading.fileno())
    fd = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(InvalidValue, match="a folder"):
        feed(fd, not_called)
    os.close(fd)


@pytest.mark.parametrize("counted", [False, True])
def test_a_descriptor_that_takes_no_more(*, counted: bool) -> None:
    """The error is one of zfstune's, with progress and without."""
    seen: list[int] = []
    on_bytes = seen.append if counted else None

    def work(fd: int) -> None:
        try:
            write_all(fd, bytes(1 << 20))
        except OSError as error:
            raise stream_error(error, writing=True) from error

    full = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(NoSpace):
        pour(full, work, on_bytes)
    os.close(full)
    read_end, write_end = os.pipe()
    os.close(read_end)
    with pytest.raises(UnreadError):
        pour(write_end, work, on_bytes)
    os.close(write_end)


def test_a_descriptor_that_cannot_be_read() -> None:
    """As a socket that nobody is connected to."""
    with socket.socket() as lonely, pytest.raises(EngineError, match="cannot read"):
        feed(lonely, lambda fd: os.read(fd, 1))
    assert "Input/output" in str(stream_error(OSError(errno.EIO, "")))


def test_what_has_an_end(tmp_path: Path) -> None:
    """A plain file, as far as the kernel reads it; of all else nobody can tell."""
    path = tmp_path / "file"
    path.write_bytes(b"x")
    with path.open("rb", buffering=0) as plain, path.open("rb") as buffered:
        assert has_an_end(plain)
        assert has_an_end(plain.fileno())
        assert not has_an_end(buffered)
    ends = os.pipe()
    assert not has_an_end(ends[0])
    for fd in ends:
        os.close(fd)


def test_how_long_a_stream_is_waited_for(tmp_path: Path) -> None:
    """A socket says so by its timeout; 0 says that its owner waits elsewhere."""
    with (tmp_path / "file").open("wb", buffering=0) as file:
        assert patience_of(file) is None
        assert patience_of(file.fileno()) is None
    with socket.socket() as plug:
        for timeout_s, expected in ((None, None), (0, None), (2.5, 2.5)):
            plug.settimeout(timeout_s)
            assert patience_of(plug) == expected
    assert "sent nothing for 2.5 s" in str(stalled(2.5))
    assert str(stalled(9, writing=True)).startswith("cannot write 'the stream'")
