"""The child process that an image lives in.

libzpool is built for ztest: a failed assertion aborts the process. In a process of its
own that costs the caller an exception, which quotes the assertion. The file is written
copy on write and can be opened again, as after a power cut. The process is started
afresh and never forked, because libzpool has threads.

It serves one caller over a socket, by the messages of _image_messages.py. What C wrote
goes to the caller as it is, who checks it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import resource
import signal
import socket
import sys
import threading
import time

from zfstune.engine._binding import Binding, lib
from zfstune.engine._image_messages import (
    HEADER_BYTES,
    ImageDone,
    ImageReady,
    ImageRefused,
    ImageUnopened,
    lengths,
    read_image_request,
    write_image_answer,
)
from zfstune.engine._image_watcher import Watcher
from zfstune.values.errors import ZfstuneError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from zfstune.engine._image_messages import ImageRequest

__all__ = ["main", "read_message"]

_LOCK_LOOK_S = 0.05
_STREAM_CALLS = ("stream", "stream_change")  # a descriptor follows their message


class _Writings(Binding):
    """The opened extension, whose calls give what C wrote as it is."""

    def _taken(self, text: bytes) -> bytes:
        return text


def read_message(connection: socket.socket) -> tuple[bytes, bytes]:
    """Receive one message: its head and its body.

    Raises:
        EOFError: The other end is gone.
        NonsenseError: It is longer than a message may be.
    """
    head, body = lengths(_exactly(connection, HEADER_BYTES))
    return _exactly(connection, head), _exactly(connection, body)


def _exactly(connection: socket.socket, count: int) -> bytes:
    """Receive `count` bytes, in however many pieces they come."""
    parts = []
    while count:
        part = connection.recv(min(count, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def main() -> int:
    """Open the image that the first message names, and serve until told to stop."""
    # These signals reach the whole process group. The caller decides about them; where
    # one ends the caller, the socket closes, and the pool is exported.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    caller = socket.socket(fileno=int(sys.argv[1]))
    opening: Any = read_image_request(*read_message(caller)).args
    caller_pid, path, pool, size_bytes, ashift, take_over_from, wait_ms = opening
    create = (pool, size_bytes, ashift) if pool else None
    sys.dont_write_bytecode = True  # zt_confine() forbids the rename that it takes
    if code := lib.zt_confine():
        caller.sendall(write_image_answer(ImageUnopened(code, os.strerror(code))))
        return 1
    watcher = Watcher(caller, caller_pid, path)
    watcher.start()
    try:
        lock = _lock(path, wait_ms / 1000, watcher.left)
        watcher.begin()
        binding = _Writings.of_image(path, create=create, take_over_from=take_over_from)
    except OSError as error:
        why = error.strerror or ""
        caller.sendall(write_image_answer(ImageUnopened(error.errno or errno.EIO, why)))
        return 1
    watcher.end()
    (_, minor, patch), recordsize = binding.image_limits()
    try:
        caller.sendall(write_image_answer(ImageReady(minor, patch, recordsize)))
        _serve(caller, binding, watcher)
    except (EOFError, ConnectionError):
        pass  # the caller died; the pool is exported all the same
    finally:
        watcher.begin()
        binding.close()
        os.close(lock)
    return 0


def _lock(path: str, wait_s: float, left: threading.Event) -> int:
    """Lock the file; the lock dies with this process.

    Nothing in OpenZFS keeps two processes from opening one file, and two writers
    destroy a pool.

    Args:
        path: The file.
        wait_s: The time that another process may take to let go of the lock.
        left: Set once the caller is gone.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    # Each export writes labels at the end of the file, so this process must be allowed to.
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    if most != resource.RLIM_INFINITY and os.fstat(descriptor).st_size > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    until = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if left.wait(_LOCK_LOOK_S) or time.monotonic() > until:
                os.close(descriptor)
                raise OSError(errno.EBUSY, "another process has it open") from None
        else:
            return descriptor


def _serve(caller: socket.socket, binding: Binding, watcher: Watcher) -> None:
    """Answer the caller's messages until it closes the image; then wait for the streams."""
    streams: list[threading.Thread] = []
    try:
        while (request := read_image_request(*read_message(caller))).method != "close":
            watcher.begin()
            _answer(request, caller, binding, streams, watcher)
            watcher.end()
            streams[:] = filter(threading.Thread.is_alive, streams)
    finally:
        for stream in streams:
            stream.join()


def _answer(
    request: ImageRequest,
    caller: socket.socket,
    binding: Binding,
    streams: list[threading.Thread],
    watcher: Watcher,
) -> None:
    """Make the call that a request asks for, and send its result."""
    method, args = request.method, request.args
    # The descriptors follow the message, and must be taken even if the call fails.
    fds = socket.recv_fds(caller, 1, 2)[1] if method in _STREAM_CALLS else []
    try:
        function = [getattr(lib, request.function)] if request.function else []
        call = getattr(binding, method)
        if method in _STREAM_CALLS:
            if method == "stream":  # a send
                call = _watched_send(call, watcher)
            streams.append(_start_stream(fds, call, *function, *args))
            answer = write_image_answer(ImageDone(0))
        else:
            answer = write_image_answer(_done(call(*function, *args)))
    except Exception as error:  # noqa: BLE001 (a bad message must not end the process)
        answer = write_image_answer(_refusal(error))
    caller.sendall(answer)


def _done(result: Any) -> ImageDone:
    """Return the answer for what a method of the binding returned.

    Args:
        result: An errno; bytes that C wrote; or an errno and bytes, text or None.
    """
    if isinstance(result, int):
        return ImageDone(result)
    if isinstance(result, bytes):
        return ImageDone(0, result)
    error, written = result
    if isinstance(written, str):
        written = json.dumps(written).encode()
    return ImageDone(error, written or b"")


def _refusal(error: Exception) -> ImageRefused:
    """Return the reason why no call was made, such as a NUL in a name."""
    hint = getattr(error, "hint", "")
    own = isinstance(error, (ZfstuneError, OSError))
    return ImageRefused(str(error) if own else f"cannot pass a value to ZFS: {error}", hint)


def _watched_send(call: Callable[..., int], watcher: Watcher) -> Callable[..., int]:
    def watched(*args: Any) -> int:
        with watcher.sending():
            return call(*args)

    return watched


def _start_stream(
    fds: list[int], call: Callable[..., object], function: Any, *args: Any
) -> threading.Thread:
    """Serve a call with a descriptor in a thread of its own.

    Args:
        fds: The descriptor, and a socket for the answer.
        call: The method of the opened pool that makes the call.
        function: The function to call.
        args: Its further arguments.
    """
    descriptor, answer = fds
    thread = threading.Thread(
        target=_stream,
        args=(socket.socket(fileno=answer), call, function, descriptor, args),
    )
    thread.start()
    return thread


def _stream(
    answer: socket.socket,
    call: Callable[..., object],
    function: Any,
    descriptor: int,
    args: tuple[Any, ...],
) -> None:
    """Make a call with a descriptor, and send its result to the socket `answer`."""
    try:
        with answer:
            try:
                result = write_image_answer(_done(call(function, descriptor, *args)))
            except Exception as error:  # noqa: BLE001 (as in _answer)
                result = write_image_answer(_refusal(error))
            os.close(descriptor)
            with contextlib.suppress(ConnectionError):
                answer.sendall(result)
    except BaseException:  # noqa: BLE001 (as in _run; the caller waits for this process)
        sys.excepthook(*sys.exc_info())
        os._exit(1)


def _run() -> int:
    try:
        return main()
    except BaseException:  # noqa: BLE001 (the caller quotes what is printed)
        sys.excepthook(*sys.exc_info())
        return 1


if __name__ == "__main__":
    # This ends the process at once: exit() would tear down data that libzpool's threads
    # still use.
    os._exit(_run())
