"""A thread that ends an image's process where the main thread cannot.

OpenZFS waits for ever in four cases. A write to the file that fails suspends the
pool, and each call waits until somebody brings the devices back; where the writes to a
part of the file fail, it tries again and again; where there is no memory, it asks for it
again and again; a stream waits for its reader or writer. Such a call cannot be
interrupted. The process may end at any moment, though: the file is written copy on
write, and the changes of a call are on disk when it returns.
"""

from __future__ import annotations

import errno
import mmap
import os
import select
import threading
import time
from contextlib import contextmanager, suppress

from zfstune.engine._binding import lib
from zfstune.engine._image_progress import Progress

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

__all__ = ["Watcher", "unwritable_errno"]

_LOOK_MS = 100
_ABANDON_S = 5.0  # an export takes a fraction of a second where little is unwritten
_STDERR = 2
# cmn_err() of zio_suspend() in module/zfs/zio.c prints it, the same from 2.1 to 2.4. It
# is the only sign while a pool is being made or opened, for spa_suspended() takes a pool
# that is open.
_SUSPENDED = b"I/O failure and has been suspended"
_PROGRESS_S = 1.0
# OpenZFS suspends the pool where the disk is full. Where some writes fail with another
# errno, as with a quota, it tries one place after the other for ever (zio_done() in
# module/zfs/zio.c). So a call that lasts longer than this makes the watcher test the file.
_ASK_AFTER_S = 2.0
# umem_alloc() in lib/libspl/include/umem.h asks for memory until it gets some. A call
# that lasts, and this long no memory for the block that it may need, have no end.
_SHORT_S = 2.0
_BLOCK_BYTES = 256 << 10
_ABANDONED = 2
_UNWRITABLE = 100  # the errno, below 134, is added; 255 is the largest exit status


def unwritable_errno(status: int) -> int:
    """Return the errno of the write that ended a process with this status, else 0."""
    return max(0, status - _UNWRITABLE)


def _has_memory() -> bool:
    """Tell whether this process would get memory for a block of data."""
    try:
        mmap.mmap(-1, _BLOCK_BYTES).close()
    except (OSError, MemoryError):
        return False
    return True


class Watcher(threading.Thread):
    """A watch on the caller, and on the output of OpenZFS on stderr, which is a file.

    Args:
        connection: The socket whose other end the caller has.
        caller: The process of the caller, which is the parent of this one.
        path: The file that the pool lies in.

    Attributes:
        left: Set once the caller is gone; some seconds later this process ends.
        busy_since: When the call that is under way began, by the monotonic clock.
    """

    busy_since: float | None = None

    def __init__(self, connection: socket.socket, caller: int, path: str) -> None:
        super().__init__(daemon=True)
        self.left = threading.Event()
        self._path = path
        self._caller = caller
        self._read_bytes = 0
        self._ask_after_s = _ASK_AFTER_S
        self._progress = Progress(path)
        self._progress_at = 0.0
        self._short_since: float | None = None
        self._sends = 0
        self._sends_lock = threading.Lock()
        self._poll = select.poll()
        self._poll.register(connection, select.POLLRDHUP)

    def run(self) -> None:
        """Watch until the process ends."""
        # A process that the caller forked holds its end of the connection open, so the
        # parent's number counts too.
        while not self._poll.poll(_LOOK_MS) and os.getppid() == self._caller:
            self._look()
        self.left.set()
        until = time.monotonic() + _ABANDON_S
        while time.monotonic() < until:
            time.sleep(_LOOK_MS / 1000)
            self._look()
        os._exit(_ABANDONED)

    def _look(self) -> None:
        # Where memory is short the looks themselves may want some (for a lock of a file it
        # is a RuntimeError); the next one is soon.
        with suppress(MemoryError, RuntimeError):
            self._look_at_memory(self.busy_since)
            self._look_at_all_else()

    def _look_at_all_else(self) -> None:
        since = self.busy_since
        if since is not None and time.monotonic() - since > self._ask_after_s:
            self._ask_after_s *= 2
            self._end_if(self._unwritable())
        self._look_at_progress()
        size = os.fstat(_STDERR).st_size
        if size == self._read_bytes:
            return
        start = max(0, self._read_bytes - len(_SUSPENDED))
        self._read_bytes = size
        if _SUSPENDED in os.pread(_STDERR, size - start, start):
            self._end_if(self._unwritable() or errno.EIO)

    def _look_at_memory(self, busy_since: float | None) -> None:
        now = time.monotonic()
        if busy_since is None or now - busy_since < _SHORT_S or _has_memory():
            self._short_since = None
        elif self._short_since is None:
            self._short_since = now
        elif now - self._short_since > _SHORT_S:
            self._end_if(errno.ENOMEM)

    def _look_at_progress(self) -> None:
        now = time.monotonic()
        if now < self._progress_at:
            return
        self._progress_at = now + _PROGRESS_S
        with self._sends_lock:
            if self._sends:  # what it writes goes elsewhere
                self._progress.restart()
                return
            with suppress(OSError):  # the file may have been moved meanwhile
                self._end_if(errno.EIO if self._progress.is_stuck() else 0)

    def _unwritable(self) -> int:
        return lib.zt_why_unwritable(os.fsencode(self._path))

    def _end_if(self, error: int) -> None:
        if error:
            os._exit(_UNWRITABLE + error)

    def begin(self) -> None:
        """Note that a call begins, which may have to write."""
        self._ask_after_s = _ASK_AFTER_S
        self.busy_since = time.monotonic()

    def end(self) -> None:
        """Note that the call has ended."""
        self.busy_since = None

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Note that a stream is written during a block: not all goes to the file."""
        with self._sends_lock:
            self._sends += 1
        try:
            yield
        finally:
            with self._sends_lock:
                self._sends -= 1
                self._progress.restart()
