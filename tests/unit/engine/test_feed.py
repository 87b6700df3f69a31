"""A call that reads or writes a descriptor, beside any kind of file."""

from __future__ import annotations

import io
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from zfstune.engine.feed import feed, pour
from zfstune.values.errors import EngineError, InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = os.urandom(3 << 20)
TEXTS = [io.StringIO("text"), io.TextIOWrapper(io.BytesIO(b"text"))]


def read_all(fd: int) -> bytes:
    """Read a descriptor to its end."""
    with os.fdopen(os.dup(fd), "rb") as file:
        return file.read()


def write_all(fd: int) -> str:
    """Write to a descriptor; give a result."""
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(DATA)
    return "written"


OPENERS: dict[str, Callable[[Path, str], Any]] = {
    "buffered": lambda path, mode: path.open(mode),
    "unbuffered": lambda path, mode: path.open(mode, buffering=0),
    "descriptor": lambda path, mode: os.open(
        path, os.O_RDONLY if mode == "rb" else os.O_WRONLY | os.O_CREAT
    ),
}


@pytest.mark.parametrize("kind", OPENERS)
def test_files(tmp_path: Path, kind: str) -> None:
    """All bytes pass, and are counted; the file stays open."""
    path = tmp_path / "file"
    counted: list[int] = []
    for on_bytes in (None, counted.append):
        path.unlink(missing_ok=True)
        sink = OPENERS[kind](path, "wb")
        assert pour(sink, write_all, on_bytes) == "written"
        os.close(sink) if isinstance(sink, int) else sink.close()
        assert path.read_bytes() == DATA
    counted.clear()
    source = OPENERS[kind](path, "rb")
    assert feed(source, read_all, counted.append) == DATA
    os.close(source) if isinstance(source, int) else source.close()
    assert sum(counted) == len(DATA)


def test_a_file_that_was_read_before(tmp_path: Path) -> None:
    """What it keeps back comes first: its descriptor has gone on."""
    path = tmp_path / "file"
    path.write_bytes(b"a line\n" + DATA)
    with path.open("rb") as source:
        source.readline()
        assert feed(source, read_all) == DATA


def test_files_that_the_kernel_does_not_splice(tmp_path: Path) -> None:
    """/dev/zero has no pages to hand over, and a file for appending takes none."""
    with Path("/dev/zero").open("rb", buffering=0) as source:
        assert feed(source, lambda fd: os.read(fd, 5)) == bytes(5)
    with (tmp_path / "file").open("ab", buffering=0) as sink:
        pour(sink, write_all)
    assert (tmp_path / "file").read_bytes() == DATA


def pour_and_close(sink: socket.socket) -> None:
    """Write to a socket, and end what the other side reads."""
    with sink:
        pour(sink, write_all)


def test_sockets_that_do_not_wait() -> None:
    """One with a timeout has a descriptor that does not wait."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(30)
        theirs.settimeout(30)
        sending = threading.Thread(target=pour_and_close, args=(ours,))
        sending.start()
        time.sleep(0.3)
        assert feed(theirs, read_all) == DATA
        sending.join()


def test_the_timeout_of_a_socket() -> None:
    """A peer that sends nothing more, or takes nothing more, is not waited for longer."""
    ours, theirs = socket.socketpair()
    counted: list[int] = []
    with ours, theirs:
        theirs.settimeout(0.05)
        ours.sendall(b"begin")
        with pytest.raises(EngineError, match=r"sent nothing for 0\.05 s") as caught:
            feed(theirs, read_all, counted.append)
        assert "settimeout(None)" in caught.value.hint
        for on_bytes in (None, counted.append):
            with pytest.raises(EngineError, match=r"write 'the stream': .* took nothing"):
                pour(theirs, write_all, on_bytes)
    assert counted[0] == len(b"begin")


@pytest.mark.parametrize("timeout_s", [0, None, 60])
def test_a_slow_peer_is_waited_for(timeout_s: float | None) -> None:
    """Within its timeout; a socket that never waits by itself has no limit here."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(timeout_s)
        late = threading.Timer(0.5, send_late, (ours,))
        late.start()
        assert feed(theirs, read_all) == b"late"
        late.join()


def send_late(sink: socket.socket) -> None:
    """Send a word, and end it."""
    sink.sendall(b"late")
    sink.shutdown(socket.SHUT_WR)


def test_a_reader_of_bytes_may_take_its_time() -> None:
    """The time in which the caller counts is none in which nothing came."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(0.05)
        send_late(ours)
        assert feed(theirs, read_all, lambda _: time.sleep(0.2)) == b"late"


def test_a_call_that_stops_reading(tmp_path: Path) -> None:
    """It is no error, and the source is not waited for."""
    path = tmp_path / "file"
    path.write_bytes(DATA)
    with path.open("rb", buffering=0) as source:
        assert feed(source, lambda fd: os.read(fd, 3)) == DATA[:3]
    out, into = os.pipe()
    os.write(into, b"some")
    assert feed(out, lambda fd: os.read(fd, 4)) == b"some"  # nobody closes `into`
    os.close(out)
    os.close(into)


def test_errors() -> None:
    """That of the call is raised, unless the file's own came first."""

    def fails(_fd: int) -> None:
        raise ValueError("of the call")

    with pytest.raises(ValueError, match="of the call"):
        feed(io.BytesIO(DATA), fails)
    with pytest.raises(ValueError, match="of the call"):
        pour(io.BytesIO(), fails, lambda _: None)

    class Torn(io.RawIOBase):
        def read(self, size: int = -1, /) -> bytes:
            raise OSError(5, "torn", size)

    with pytest.raises(OSError, match="torn"):
        feed(Torn(), read_all)  # type: ignore[arg-type]  # a file of few methods


@pytest.mark.parametrize("file", TEXTS)
def test_files_of_text(file: Any) -> None:
    """They have no bytes."""
    with pytest.raises(InvalidValue, match="for text"):
        feed(file, read_all)
    with pytest.raises(InvalidValue, match="for text"):
        pour(file, write_all)


def not_called(fd: int) -> None:
    """Stand for a call that must not be made."""
    pytest.fail(f"called with {fd}")


@pytest.mark.parametrize("count", [0, None])
def test_a_file_that_takes_nothing(count: int | None) -> None:
    """The call ends; it would go on for ever."""

    class Full(io.RawIOBase):
        def write(self, part: Any, /) -> int | None:
            assert part
            return count

    with pytest.raises(InvalidValue, match="took nothing"):
        pour(Full(), write_all)  # type: ignore[arg-type]  # a file of few methods


def test_a_file_that_does_not_wait() -> None:
    """It gives None, which is not its end."""

    class Empty(io.RawIOBase):
        def read(self, size: int = -1, /) -> None:
            assert size

    with pytest.raises(InvalidValue, match="does not wait"):
        feed(Empty(), read_all)  # type: ignore[arg-type]  # a file of few methods


def test_interrupted_while_nothing_comes() -> None:
    """The call sees its input end, and what it did is done before the interrupt goes on."""
    out, into = os.pipe()
    os.write(into, b"part")
    got: list[bytes] = []
    main = threading.main_thread().ident
    assert main is not None
    timer = threading.Timer(0.5, lambda: signal.pthread_kill(main, signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        feed(out, lambda fd: got.append(read_all(fd)))
    assert time.monotonic() - began < 5
    assert got == [b"part"]
    os.close(out)
    os.close(into)
