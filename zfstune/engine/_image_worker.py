"""The child process that an image lives in.

libzpool is built for ztest: a failed assertion aborts the process. In a process of its
own that costs the caller an exception, which quotes the assertion. The file is written
copy on write and can be opened again, as after a power cut. The process is started
afresh and never forked, because libzpool has threads.

It serves one caller over a socket. Both ends run this package under the same Python, so
the messages are written by marshal, which is fast and knows bytes and lone surrogates.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import marshal
import os
import resource
import signal
import socket
import struct
import sys
import threading
import time

from zfstune.engine._binding import Binding, lib
from zfstune.engine._image_watcher import Watcher
from zfstune.values.errors import ZfstuneError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["main", "read_message", "write_message"]

_LENGTH = struct.Struct("<Q")
_LOCK_LOOK_S = 0.05
_STREAM_CALLS = ("stream", "stream_change")  # a descriptor follows their message


def write_message(connection: socket.socket, message: Any) -> None:
    """Send one message."""
    data = marshal.dumps(message)
    connection.sendall(_LENGTH.pack(len(data)) + data)


def read_message(connection: socket.socket) -> Any:
    """Receive one message.

    Raises:
        EOFError: The other end is gone.
    """
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
    return marshal.loads(_exactly(connection, length))  # noqa: S302 (the sender is this package)


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
    caller_pid, path, create, take_over_from, wait_s = read_message(caller)
    sys.dont_write_bytecode = True  # zt_confine() forbids the rename that it takes
    if code := lib.zt_confine():
        write_message(caller, ("refused", code, os.strerror(code)))
        return 1
    watcher = Watcher(caller, caller_pid, path)
    watcher.start()
    try:
        lock = _lock(path, wait_s, watcher.left)
        watcher.begin()
        binding = Binding.of_image(path, create=create, take_over_from=take_over_from)
    except OSError as error:
        write_message(caller, ("refused", error.errno, error.strerror))
        return 1
    watcher.end()
    limits = binding.image_limits()
    try:
        write_message(caller, ("ready", *limits))
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
        while (message := read_message(caller))[0] != "close":
            watcher.begin()
            _answer(message, caller, binding, streams, watcher)
            watcher.end()
            streams[:] = filter(threading.Thread.is_alive, streams)
    finally:
        for stream in streams:
            stream.join()


def _answer(
    message: Any,
    caller: socket.socket,
    binding: Binding,
    streams: list[threading.Thread],
    watcher: Watcher,
) -> None:
    """Make the call that a message asks for, and send its result."""
    method, function, args = message
    # The descriptors follow the message, and must be taken even if the call fails.
    fds = socket.recv_fds(caller, 1, 2)[1] if method in _STREAM_CALLS else []
    try:
        if function is not None:
            args = (getattr(lib, function), *args)
        if method in _STREAM_CALLS:
            result: object = None
            call = getattr(binding, method)
            if method == "stream":  # a send
                call = _watched_send(call, watcher)
            streams.append(_start_stream(fds, call, *args))
        else:
            result = getattr(binding, method)(*args)
    except Exception as error:  # noqa: BLE001 (a bad message must not end the process)
        write_message(caller, _refusal(error))
    else:
        write_message(caller, ("done", result))


def _refusal(error: Exception) -> tuple[str, str, str]:
    """Return the reason why no call was made, such as a NUL in a name."""
    hint = getattr(error, "hint", "")
    own = isinstance(error, (ZfstuneError, OSError))
    return "refused", str(error) if own else f"cannot pass a value to ZFS: {error}", hint


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
                result: object = ("done", call(function, descriptor, *args))
            except Exception as error:  # noqa: BLE001 (as in _answer)
                result = _refusal(error)
            os.close(descriptor)
            with contextlib.suppress(ConnectionError):
                write_message(answer, result)
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
