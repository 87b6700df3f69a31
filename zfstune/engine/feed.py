"""Feed a call that reads a descriptor, from any file, and stay interruptible.

The call runs in a thread and reads from a pipe; the caller's thread fills the pipe. So
Ctrl-C ends the feeding at once, wherever the call waits, and the call sees its stream end:
a receive keeps what has come. A file that is not the kernel's own, as one that unpacks what
it reads, is read by its methods.
"""

from __future__ import annotations

import os
import select
import threading
from time import monotonic

from zfstune.engine._send_pipe import PART_BYTES, open_pipe
from zfstune.engine.sent import sent
from zfstune.engine.stream_file import (
    descriptor_of,
    patience_of,
    stalled,
    stream_error,
)
from zfstune.engine.write_all import write_all
from zfstune.values.errors import InvalidValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO, Any, TypeVar

    from zfstune.engine.stream_file import Stream

    Result = TypeVar("Result")

__all__ = ["feed", "pour"]

_LOOK_MS = 200


def feed(
    source: Stream,
    work: Callable[[int], Result],
    on_bytes: Callable[[int], object] | None = None,
    *,
    stopped: Callable[[], bool] = lambda: False,
    most_bytes: int = PART_BYTES,
) -> Result:
    """Call `work` with a descriptor from which it reads all that `source` has.

    Args:
        source: The stream. A descriptor, a socket or an unbuffered file is read by the
            kernel; any other file by its methods, and maybe beyond what `work` takes. The
            timeout of a socket is the longest time in which nothing comes.
        work: Reads from the descriptor that it is given.
        on_bytes: Called with the number of bytes each time some have been read; the
            stream waits for its return.
        stopped: Tells whether to end the stream where it is.
        most_bytes: The most bytes that pass between two calls of `on_bytes`.

    Returns:
        The result of `work`.

    Raises:
        InvalidValue: The source is no file, is closed or open for text, or does not wait
            for data.
        EngineError: Its descriptor cannot be read, or a socket's timeout has passed.
    """
    fd, patience_s = descriptor_of(source), patience_of(source)
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
            moved = _moved(
                fd,
                write_end,
                lambda: thread.is_alive() and not stopped(),
                most_bytes,
                patience_s,
            )
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
            by the kernel; any other file by its methods. The timeout of a socket is the
            longest time in which it takes nothing.
        work: Writes to the descriptor that it is given.
        on_bytes: Called with the number of bytes each time some have been written.

    Returns:
        The result of `work`.

    Raises:
        InvalidValue: The sink is no file, is closed or open for text, or takes nothing.
        EngineError: Its descriptor takes no more, or a socket's timeout has passed.
    """
    fd = descriptor_of(sink, writing=True)
    if fd is not None and on_bytes is None and os.get_blocking(fd):
        return work(fd)
    results: list[Result] = []
    write = _methods(sink).write if fd is None else _writer(fd, patience_of(sink))
    with sent(lambda pipe: results.append(work(pipe))) as read_end:
        while part := os.read(read_end, PART_BYTES):
            _write_all(write, part)
            if on_bytes is not None:
                on_bytes(len(part))
    return results[0]


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


def _methods(stream: Any) -> IO[bytes]:
    """Return a stream that has no descriptor of its own."""
    return stream  # type: ignore[no-any-return]  # it is neither a socket nor a number


def _writer(fd: int, patience_s: float | None) -> Callable[[bytes], int]:
    """Return a function that writes to a descriptor, and waits until that takes more."""
    ready = select.poll()
    ready.register(fd, select.POLLOUT)

    def write(part: bytes) -> int:
        if not ready.poll(None if patience_s is None else patience_s * 1000):
            raise stalled(patience_s or 0, writing=True)
        try:
            return os.write(fd, part)
        except OSError as error:
            raise stream_error(error, writing=True) from error

    return write


def _moved(
    fd: int,
    write_end: int,
    wanted: Callable[[], bool],
    most_bytes: int,
    patience_s: float | None,
) -> Iterator[int]:
    """Move bytes into a pipe; yield how many, part by part."""
    something, room = select.poll(), select.poll()
    something.register(fd, select.POLLIN)
    something.register(write_end, 0)  # only that its reader is gone
    room.register(write_end, select.POLLOUT)
    move = _splice
    since = monotonic()
    while wanted():
        ready = dict(something.poll(_LOOK_MS))
        if write_end in ready:
            return
        if not ready:
            if patience_s is not None and monotonic() - since >= patience_s:
                raise stalled(patience_s)
            continue
        since = monotonic()
        try:
            count = move(fd, write_end, most_bytes)
        except BlockingIOError:
            room.poll(_LOOK_MS)
            continue
        except BrokenPipeError:
            return
        except OSError as error:
            if move is _copy:
                raise stream_error(error) from error
            move = _copy  # the kernel does not splice from such a file
            continue
        if not count:
            return
        yield count
        since = monotonic()  # the caller may have taken long


def _splice(fd: int, write_end: int, most_bytes: int) -> int:
    """Move bytes without a copy of them, as many as the pipe has room for."""
    return os.splice(fd, write_end, most_bytes, flags=os.SPLICE_F_NONBLOCK)


def _copy(fd: int, write_end: int, most_bytes: int) -> int:
    part = os.read(fd, most_bytes)
    write_all(write_end, part)
    return len(part)


def _read_by_methods(source: Any, write_end: int) -> Iterator[int]:
    read = getattr(source, "read1", source.read)
    while part := read(PART_BYTES):
        if not isinstance(part, (bytes, bytearray, memoryview)):
            raise InvalidValue("cannot read the stream: its file is open for text")
        write_all(write_end, part)
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
