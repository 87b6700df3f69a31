"""A send into a pipe whose other end the caller reads.

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

__all__ = ["sent"]

_LOOK_MS = 200
# How long a send may take to end once nobody wants its stream any more. It notices with
# its next write, and one that has nothing to write for long would hold Ctrl-C up.
_PATIENCE_S = 0.5


@contextmanager
def sent(
    send: Callable[[int], object], stopped: Callable[[], bool] = lambda: False
) -> Iterator[int]:
    """Send into a pipe during a block; give the descriptor that the stream is read from.

    The send has ended with the block. After Ctrl-C, or once it is stopped, it may last
    until its next write, in its thread.

    Args:
        send: Writes a stream to the descriptor that it is given.
        stopped: Tells whether nobody waits for its end any more.

    Raises:
        EngineError: The send failed by itself.
    """
    read_end, write_end = open_pipe()
    sending = _Sending(send, write_end)
    # A daemon thread: in a suspended pool a send never returns, and a second
    # interruption must still be able to end this process.
    thread = threading.Thread(target=sending.run, daemon=True)
    thread.start()
    interrupted = False
    try:
        try:
            yield read_end
        except BaseException as error:
            interrupted = not isinstance(error, Exception)
            raise
        finally:
            sending.unread = True
            os.close(read_end)  # a send that is still under way then ends
            _wait_for(thread, lambda: interrupted or stopped())
    except ZfstuneError:
        if sending.error is not None:
            raise sending.error from None
        raise
    if sending.error is not None:
        raise sending.error


def _wait_for(thread: threading.Thread, hurried: Callable[[], bool]) -> None:
    """Wait for the end of a send, but not long where somebody waits for this one."""
    while thread.is_alive():
        if hurried():
            thread.join(_PATIENCE_S)
            return
        thread.join(_LOOK_MS / 1000)


class _Sending:
    """The send, and the error that ended it.

    Attributes:
        unread: Set once nobody reads the pipe any more. A send that ends after that has
            not failed, whatever it says: the kernel says EPIPE or, from the middle of
            a stream, EINTR (dump_record(), module/zfs/dmu_send.c).
        error: The error; None: there was none.
    """

    def __init__(self, send: Callable[[int], object], write_end: int) -> None:
        self._send = send
        self._write_end = write_end
        self.unread = False
        self.error: BaseException | None = None

    def run(self) -> None:
        """Send, then end the stream by closing the pipe."""
        try:
            self._send(self._write_end)
        except (UnreadError, BrokenPipeError):
            pass  # the reader has closed the pipe
        except BaseException as error:  # noqa: BLE001 (judged by the reader's thread)
            if not self.unread:
                self.error = error
        finally:
            os.close(self._write_end)
