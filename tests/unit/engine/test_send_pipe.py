"""A stream carried through a pipe, with a plain writer in place of the kernel."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from pathlib import Path

import pytest

from zfstune.engine._send_pipe import carry


def writer(data: bytes, code: int = 0) -> object:
    """Return a call that writes data, and returns an errno as the kernel does."""

    def call(into: int) -> int:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(into, rest) :]
        except OSError as error:
            return error.errno or errno.EIO
        return code

    return call


def threads() -> int:
    """Count the running threads."""
    return threading.active_count()


def open_files() -> int:
    """Count the descriptors."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.parametrize("size", [0, 1, 5 << 20])
def test_all_of_it_arrives(tmp_path: Path, size: int) -> None:
    """A stream of any length arrives whole, and so does the errno."""
    data = os.urandom(size)
    before = threads(), open_files()
    for code in (0, errno.EXDEV):
        with (tmp_path / "stream").open("wb") as file:
            assert carry(writer(data, code), file.fileno()) == (code, None)  # type: ignore[arg-type]
        assert (tmp_path / "stream").read_bytes() == data
    assert (threads(), open_files()) == before


def test_the_pipe_is_large(tmp_path: Path) -> None:
    """It takes a mebibyte before anybody reads, where the system allows that."""
    sizes: list[int] = []

    def call(into: int) -> int:
        sizes.append(fcntl.fcntl(into, fcntl.F_GETPIPE_SZ))
        return 0

    most = int(Path("/proc/sys/fs/pipe-max-size").read_text(encoding="ascii"))
    with (tmp_path / "stream").open("wb") as file:
        assert carry(call, file.fileno()) == (0, None)
    assert sizes == [1 << 20] or most < 1 << 20


def test_a_pipe_that_cannot_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream goes through a small one where a user has used up the room."""

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EPERM, "no room")

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    with (tmp_path / "stream").open("wb") as file:
        assert carry(writer(b"x" * 200_000), file.fileno()) == (0, None)  # type: ignore[arg-type]
    assert (tmp_path / "stream").stat().st_size == 200_000


def test_appending(tmp_path: Path) -> None:
    """A file opened for appending takes a stream, though splice would refuse it."""
    for _ in range(2):
        with (tmp_path / "stream").open("ab") as file:
            assert carry(writer(b"x"), file.fileno()) == (0, None)  # type: ignore[arg-type]
    assert (tmp_path / "stream").read_bytes() == b"xx"


def test_a_reader_that_goes_away() -> None:
    """The error of the copying is returned, and the closed pipe ends the call."""
    before = threads(), open_files()
    out, into = os.pipe()
    os.close(out)
    code, stopped = carry(writer(b"x" * (4 << 20)), into)  # type: ignore[arg-type]
    assert code == errno.EPIPE
    assert stopped is not None
    assert stopped.errno == errno.EPIPE
    os.close(into)
    assert (threads(), open_files()) == before


def test_a_call_that_raises() -> None:
    """The caller's thread raises the error of the call, and nothing is left open."""
    before = threads(), open_files()

    def call(_: int) -> int:
        raise RuntimeError

    with open("/dev/null", "wb") as sink, pytest.raises(RuntimeError):  # noqa: PTH123
        carry(call, sink.fileno())
    assert (threads(), open_files()) == before


def test_a_call_that_never_returns() -> None:
    """The process can end while the kernel still waits: no call outlives it."""
    seen: list[bool] = []

    def call(_: int) -> int:
        seen.append(threading.current_thread().daemon)
        return 0

    with open("/dev/null", "wb") as sink:  # noqa: PTH123
        assert carry(call, sink.fileno()) == (0, None)
    assert seen == [True]


def test_an_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception from a signal ends the call before the stream is at its end."""
    before = threads(), open_files()
    ended: list[int] = []

    def call(into: int) -> int:
        ended.append(writer(b"x" * (4 << 20))(into))  # type: ignore[operator]
        return ended[0]

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("zfstune.engine._send_pipe.write_all", interrupted)
    with pytest.raises(KeyboardInterrupt):
        carry(call, 1)
    assert ended == [errno.EPIPE]
    assert (threads(), open_files()) == before


def test_no_second_pipe_in_a_thread() -> None:
    """No signal ends a thread that is not the first, so a pipe is written to directly."""
    read_end, write_end = os.pipe()
    given: list[int] = []
    got: list[object] = []

    def call(fd: int) -> int:
        given.append(fd)
        return 7

    def work() -> None:
        got.append(carry(call, write_end))
        with Path(os.devnull).open("wb") as file:
            got.append(carry(call, file.fileno()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert got == [(7, None), (7, None)]
    assert given[0] == write_end
    assert given[1] != write_end
    os.close(read_end)
    os.close(write_end)
