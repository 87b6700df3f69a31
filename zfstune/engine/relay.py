"""Pass a stream from a send to a receive, or to whatever else reads it.

The send runs in a thread of its own, so that the reader stays in the caller's thread,
where Ctrl-C ends it; the send ends with it. Where both fail, the cause is raised: a send
that failed makes its reader say that the stream ended early, and a reader that failed
closes the pipe of the send.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager

from zfstune.engine._send_pipe import open_pipe
from zfstune.engine.protocol import UnreadError
from zfstune.values.errors import ZfstuneError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["relay", "sent"]


@contextmanager
def sent(send: Callable[[int], object]) -> Iterator[int]:
    """Send into a pipe during a block; give the descriptor that the stream is read from.

    Args:
        send: Writes a stream to the descriptor that it is given.

    Raises:
        EngineError: The send failed by itself.
    """
    read_end, write_end = open_pipe()
    sending = _Sending(send, write_end)
    # A daemon thread: in a suspended pool a send never returns, and a second
    # interruption must still be able to end this process.
    thread = threading.Thread(target=sending.run, daemon=True)
    thread.start()
    try:
        try:
            yield read_end
        finally:
            os.close(read_end)  # a send that is still under way then ends
            thread.join()
    except ZfstuneError:
        if sending.error is not None:
            raise sending.error from None
        raise
    if sending.error is not None:
        raise sending.error


def relay(send: Callable[[int], object], receive: Callable[[int], object]) -> None:
    """Send into a pipe and receive from it, at the same time.

    Args:
        send: Writes a stream to the descriptor that it is given.
        receive: Reads it from the descriptor that it is given.

    Raises:
        EngineError: The send or the receive failed.
    """
    with sent(send) as fd:
        receive(fd)


class _Sending:
    """The send, and the error that ended it.

    Attributes:
        error: The error; None: there was none, or nobody read the pipe any more, which
            is no failure of the send.
    """

    def __init__(self, send: Callable[[int], object], write_end: int) -> None:
        self._send = send
        self._write_end = write_end
        self.error: BaseException | None = None

    def run(self) -> None:
        """Send, then end the stream by closing the pipe."""
        try:
            self._send(self._write_end)
        except (UnreadError, BrokenPipeError):
            pass  # the reader has closed the pipe
        except BaseException as error:  # noqa: BLE001 (judged by the reader's thread)
            self.error = error
        finally:
            os.close(self._write_end)
