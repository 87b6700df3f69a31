"""Pass a stream from a send to a receive, both of which run in threads of their own.

The caller's thread moves the stream from the pipe of the one to that of the other, so that
Ctrl-C ends it at once, and with it both. Each call has its pipe to itself: where a process
had both ends of one and was killed, the kernel's receive could wait for ever
(native/stream_thread.c).
"""

from __future__ import annotations

from zfstune.engine._send_pipe import PART_BYTES
from zfstune.engine.feed import feed
from zfstune.engine.sent import sent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["relay"]


def relay(
    send: Callable[[int], object],
    receive: Callable[[int], object],
    *,
    passed: Callable[[int], object] | None = None,
    stopped: Callable[[], bool] = lambda: False,
    most_bytes: int = PART_BYTES,
) -> None:
    """Send into a pipe and receive from another one, at the same time.

    Args:
        send: Writes a stream to the descriptor that it is given.
        receive: Reads it from the descriptor that it is given.
        passed: Is told how many bytes have passed, each time that some have; the stream
            waits for its return. None: nobody counts.
        stopped: Tells whether to cut the stream off, and not to wait for the send.
        most_bytes: The most bytes that pass between two calls of `passed`.

    Raises:
        EngineError: The send or the receive failed.
    """
    with sent(send, stopped) as fd:
        feed(fd, receive, passed, stopped=stopped, most_bytes=most_bytes)
