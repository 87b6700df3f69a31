"""Pass a stream from a send to a receive, each of which may be of another engine."""

from __future__ import annotations

import fcntl
import os
import threading
from contextlib import suppress

from zfstune.engine.protocol import UnreadError
from zfstune.values.errors import EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["relay"]

_PIPE_BYTES = 1 << 20


class _Sending:
    """The send, in a thread of its own, and the error that ended it."""

    def __init__(self, send: Callable[[int], object], write_end: int) -> None:
        self._send = send
        self._write_end = write_end
        self.error: BaseException | None = None

    def run(self) -> None:
        """Send, then end the stream by closing the pipe."""
        try:
            self._send(self._write_end)
        except BaseException as error:  # noqa: BLE001 (judged by the caller's thread)
            self.error = error
        finally:
            os.close(self._write_end)

    @property
    def failed(self) -> bool:
        """Whether it failed by itself, not because nobody read the pipe any more."""
        return self.error is not None and not isinstance(self.error, UnreadError)


def relay(send: Callable[[int], object], receive: Callable[[int], object]) -> None:
    """Send into a pipe and receive from it, at the same time.

    The receive runs in the caller's thread, so that Ctrl-C ends it; the send ends with
    it. Where both fail, the cause is raised: a send that failed makes its receive say
    that the stream ended early, and a receive that failed closes the pipe of its send.

    Args:
        send: Writes a stream to the descriptor that it is given.
        receive: Reads it from the descriptor that it is given.

    Raises:
        EngineError: The send or the receive failed.
    """
    read_end, write_end = os.pipe2(os.O_CLOEXEC)
    with suppress(OSError):  # only while it is empty; a user may have no room for it
        fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    sending = _Sending(send, write_end)
    # A daemon thread: in a suspended pool a send never returns, and a second
    # interruption must still be able to end this process.
    thread = threading.Thread(target=sending.run, daemon=True)
    try:
        thread.start()
        try:
            receive(read_end)
        finally:
            os.close(read_end)
            thread.join()
    except EngineError:
        if sending.failed and sending.error is not None:
            raise sending.error from None
        raise
    if sending.error is not None:
        raise sending.error
