"""The child process that an image lives in.

libzpool is built for ztest: a failed assertion aborts the process. Here the
process is one of its own, so that the caller gets an exception that quotes the
assertion, and the file, written copy on write, is opened again as if the power had
gone. Started afresh and never forked: libzpool has threads.

It serves one caller over a socket. Both ends are this package under one Python, so
marshal, which is fast and carries bytes and lone surrogates, is enough.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import marshal
import os
import signal
import socket
import struct
import sys
import threading

from zfstune.engine._binding import Binding, lib
from zfstune.errors import ZfstuneError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["main", "receive", "send"]

_LENGTH = struct.Struct("<Q")


def send(to: socket.socket, message: Any) -> None:
    """Send one message."""
    data = marshal.dumps(message)
    to.sendall(_LENGTH.pack(len(data)) + data)


def receive(of: socket.socket) -> Any:
    """Receive one message.

    Raises:
        EOFError: The other end is gone.
    """
    (length,) = _LENGTH.unpack(_exactly(of, _LENGTH.size))
    return marshal.loads(_exactly(of, length))  # noqa: S302 (our own child's, or parent's)


def _exactly(of: socket.socket, count: int) -> bytes:
    parts = []
    while count:
        part = of.recv(min(count, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def main() -> int:
    """Open the image that the first message names, and serve until told to stop."""
    # These reach the whole process group. The caller decides what they mean; where
    # they end it, the socket says so, and the pool is exported.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    caller = socket.socket(fileno=int(sys.argv[1]))
    path, create = receive(caller)
    try:
        lock = _lock(path)
        binding = Binding.of_image(path, create=create)
    except OSError as error:
        send(caller, ("refused", error.errno, error.strerror))
        return 1
    limits = binding.image_limits()
    send(caller, ("ready", *limits))
    try:
        _serve(caller, binding)
    except (EOFError, ConnectionError):
        pass  # the caller died: export the pool all the same
    finally:
        binding.close()
        os.close(lock)
    return 0


def _lock(path: str) -> int:
    """Lock the file; the lock dies with this process.

    Nothing in OpenZFS keeps two processes from opening one file, and two writers
    destroy a pool.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise OSError(errno.EBUSY, "another process has it open") from None
    return descriptor


def _serve(caller: socket.socket, binding: Binding) -> None:
    streams: list[threading.Thread] = []
    try:
        while _answer(caller, binding, streams):
            streams[:] = filter(threading.Thread.is_alive, streams)
    finally:
        for stream in streams:
            stream.join()


def _answer(
    caller: socket.socket, binding: Binding, streams: list[threading.Thread]
) -> bool:
    method, function, args, values = receive(caller)
    if method == "close":
        return False
    if function is not None:
        args = (getattr(lib, function), *args)
    try:
        if method == "stream":
            result: object = None
            streams.append(_start_stream(caller, binding, *args))
        elif values is not None:
            result = getattr(binding, method)(*args, values=values)
        else:
            result = getattr(binding, method)(*args)
    except (ZfstuneError, OSError) as error:
        send(caller, ("refused", str(error), getattr(error, "hint", "")))
    else:
        send(caller, ("done", result))
    return True


def _start_stream(
    caller: socket.socket, binding: Binding, function: Any, *args: Any
) -> threading.Thread:
    """Serve a call with a descriptor in a thread of its own.

    The descriptor follows the message, and with it a socket for the answer.
    """
    _, (descriptor, answer), _, _ = socket.recv_fds(caller, 1, 2)
    thread = threading.Thread(
        target=_stream,
        args=(socket.socket(fileno=answer), binding, function, descriptor, args),
    )
    thread.start()
    return thread


def _stream(
    answer: socket.socket,
    binding: Binding,
    function: Any,
    descriptor: int,
    args: tuple[Any, ...],
) -> None:
    try:
        with answer:
            error = binding.stream(function, descriptor, *args)
            os.close(descriptor)
            with contextlib.suppress(ConnectionError):
                send(answer, error)
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
    # At once: libzpool's threads are still there, and what exit() tears down is theirs
    os._exit(_run())
