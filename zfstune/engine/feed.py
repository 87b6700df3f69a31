"""Feed a call that reads a descriptor, from any file, and stay interruptible.

The call runs in a thread and reads from a pipe; the caller's thread fills the pipe. So
Ctrl-C ends the feeding at once, wherever the call waits, and the call sees its stream end:
a receive keeps what has come. A file that is not the kernel's own, as one that unpacks what
it reads, is read by its methods.
"""

from __future__ import annotations

import io
import os
import select
import socket
import stat
import threading

from zfstune.engine._send_pipe import open_pipe
from zfstune.engine.relay import sent
from zfstune.values.errors import InvalidValue
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO, Any, TypeVar

    Result = TypeVar("Result")
    # A file that is open for bytes, a socket, or a descriptor.
    Stream = IO[bytes] | socket.socket | int

__all__ = ["Stream", "feed", "has_an_end", "pour"]

_PART_BYTES = 1 << 20
_LOOK_MS = 200


def feed(
    source: Stream,
    work: Callable[[int], Result],
    on_bytes: Callable[[int], None] | None = None,
) -> Result:
    """Call `work` with a descriptor from which it reads all that `source` has.

    Args:
        source: The stream. A descriptor, a socket or an unbuffered file is read by the
            kernel; any other file by its methods, and maybe beyond what `work` takes.
        work: Reads from the descriptor that it is given.
        on_bytes: Called with the number of bytes each time some have been read.

    Returns:
        The result of `work`.

    Raises:
        InvalidValue: The source is no file, is closed or open for text, or does not wait
            for data.
    """
    fd = _descriptor(source, "cannot read the stream", "read")
    read_end, write_end = open_pipe()
    working = _Working(work, read_end)
    # A daemon thread: in a suspended pool the call never returns, and a second
    # interruption must still be able to end this process.
    thread = threading.Thread(target=working.run, daemon=True)
    try:
        thread.start()
        if fd is None:
            moved = _read_by_methods(source, write_end)
        else:
            moved = _moved(fd, write_end, thread.is_alive)
        for count in moved:
            if on_bytes is not None:
                on_bytes(count)
    except BrokenPipeError:
        pass  # the call has ended, and says why
    finally:
        os.close(write_end)
        thread.join()
    if working.raised is not None:
        raise working.raised
    return working.result  # type: ignore[no-any-return]  # it is that of `work`


def pour(
    sink: Stream,
    work: Callable[[int], Result],
    on_bytes: Callable[[int], None] | None = None,
) -> Result:
    """Call `work` with a descriptor, and pass all that it writes there to `sink`.

    Args:
        sink: Takes the stream. A descriptor, a socket or an unbuffered file is written to
            by the kernel; any other file by its methods.
        work: Writes to the descriptor that it is given.
        on_bytes: Called with the number of bytes each time some have been written.

    Returns:
        The result of `work`.

    Raises:
        InvalidValue: The sink is no file, is closed or open for text, or takes nothing.
    """
    fd = _descriptor(sink, "cannot write the stream", "write")
    if fd is not None and on_bytes is None and os.get_blocking(fd):
        return work(fd)
    results: list[Result] = []
    write = _methods(sink).write if fd is None else _writer(fd)
    with sent(lambda pipe: results.append(work(pipe))) as read_end:
        while part := os.read(read_end, _PART_BYTES):
            _write_all(write, part)
            if on_bytes is not None:
                on_bytes(len(part))
    return results[0]


def has_an_end(source: Stream) -> bool:
    """Tell whether a source is a plain file, so that nobody waits in vain at its end."""
    fd = _descriptor(source, "cannot read the stream", "read")
    return fd is not None and stat.S_ISREG(os.fstat(fd).st_mode)


class _Working:
    """The call, its result, and the error that ended it."""

    def __init__(self, work: Callable[[int], Any], read_end: int) -> None:
        self._work = work
        self._read_end = read_end
        self.result: Any = None
        self.raised: BaseException | None = None

    def run(self) -> None:
        """Make the call, and read no more after it."""
        try:
            self.result = self._work(self._read_end)
        except BaseException as error:  # noqa: BLE001 (raised again by the caller's thread)
            self.raised = error
        finally:
            os.close(self._read_end)


def _descriptor(stream: Any, cannot: str, method: str) -> int | None:
    """Return the descriptor of a stream whose bytes are those of the descriptor.

    Many a file has the descriptor of another one, whose bytes it unpacks or keeps back.

    Args:
        stream: What a caller gave as a stream.
        cannot: How the message begins where it is none: ``cannot read the stream``.
        method: The method that a file without a descriptor of its own must have.

    Raises:
        InvalidValue: It is no file, or a closed one.
    """
    if isinstance(stream, (io.FileIO, socket.socket)):
        fd = -1 if getattr(stream, "closed", False) else stream.fileno()
    elif isinstance(stream, int) and not isinstance(stream, bool):
        fd = stream
    elif callable(getattr(stream, method, None)):
        if getattr(stream, "closed", False):
            raise InvalidValue(f"{cannot}: its file is closed")
        return None
    else:
        raise InvalidValue(
            f"{cannot}: {shown(repr(stream))} is neither a file nor a descriptor",
            hint="open the file for bytes: `open(path, 'rb')` or `open(path, 'wb')`",
        )
    try:
        os.fstat(fd)
    except (OSError, OverflowError):
        raise InvalidValue(f"{cannot}: its descriptor is closed") from None
    return fd


def _methods(stream: Any) -> IO[bytes]:
    """Return a stream that has no descriptor of its own."""
    return stream  # type: ignore[no-any-return]  # it is neither a socket nor a number


def _writer(fd: int) -> Callable[[bytes], int]:
    """Return a function that writes to a descriptor, and waits until that takes more."""
    ready = select.poll()
    ready.register(fd, select.POLLOUT)

    def write(part: bytes) -> int:
        ready.poll()
        return os.write(fd, part)

    return write


def _moved(fd: int, write_end: int, wanted: Callable[[], bool]) -> Iterator[int]:
    """Move bytes into a pipe; yield how many, part by part."""
    arrival = select.poll()
    arrival.register(fd, select.POLLIN)
    move = _splice
    while wanted():
        if not arrival.poll(_LOOK_MS):
            continue
        try:
            count = move(fd, write_end)
        except BlockingIOError:
            continue
        except OSError as error:
            if move is _copy or isinstance(error, BrokenPipeError):
                raise
            move = _copy  # the kernel does not splice from such a file
            continue
        if not count:
            return
        yield count


def _splice(fd: int, write_end: int) -> int:
    return os.splice(fd, write_end, _PART_BYTES)


def _copy(fd: int, write_end: int) -> int:
    part = os.read(fd, _PART_BYTES)
    _write_all(lambda rest: os.write(write_end, rest), part)
    return len(part)


def _read_by_methods(source: Any, write_end: int) -> Iterator[int]:
    read = getattr(source, "read1", source.read)
    while part := read(_PART_BYTES):
        if not isinstance(part, (bytes, bytearray, memoryview)):
            raise InvalidValue("cannot read the stream: its file is open for text")
        _write_all(lambda rest: os.write(write_end, rest), part)
        yield len(part)
    if part is None:
        raise InvalidValue("cannot read the stream: its file does not wait for data")


def _write_all(write: Callable[[Any], int], part: bytes | bytearray | memoryview) -> None:
    rest = memoryview(part)
    while rest:
        try:
            count = write(rest)
            rest = rest[count:]
        except TypeError:
            raise InvalidValue(
                "cannot write the stream: its file is open for text"
            ) from None
        if not count:
            raise InvalidValue("cannot write the stream: its file took nothing")
