"""A send through a pipe that the caller's own thread empties.

The kernel writes a stream from a thread of its own that no signal reaches
(dump_bytes() in module/zfs/dmu_send.c hands it to a taskq), so a caller that waits in the
ioctl for a stalled reader could not be interrupted. Here the ioctl waits in a thread, and
the caller copies from the pipe to the descriptor: a signal ends the copying, the pipe
closes, and the kernel's next write fails.

The pipe has a second reason. 2.1 hands the descriptor to the kernel as it is, and a
current Linux can write to few kinds of descriptors; 2.2 and later splice, which fails on a
file that was opened for appending (lib/libzfs_core/libzfs_core.c). A pipe suits them all.
"""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import suppress

from zfstune.engine.write_all import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PART_BYTES", "carry", "open_pipe"]

PART_BYTES = 1 << 20


class _Call:
    """The call that writes into the pipe, and its result."""

    def __init__(self, call: Callable[[int], int], write_end: int) -> None:
        self._call = call
        self._write_end = write_end
        self.errno = 0
        self.raised: BaseException | None = None

    def run(self) -> None:
        """Make the call, then end the stream by closing the pipe."""
        try:
            self.errno = self._call(self._write_end)
        except BaseException as error:  # noqa: BLE001 (raised again by the caller's thread)
            self.raised = error
        finally:
            os.close(self._write_end)


def open_pipe() -> tuple[int, int]:
    """Open a pipe for a stream; return its ends, for reading and for writing."""
    read_end, write_end = os.pipe2(os.O_CLOEXEC)
    # A pipe holds 64 KiB at first, so that a read would give no more. The size may be
    # changed only while it is empty: later a writer may never wake up (bug 212295 of the
    # Linux kernel). A user without root may have no room left for it.
    with suppress(OSError):
        fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, PART_BYTES)
    return read_end, write_end


def carry(call: Callable[[int], int], fd: int) -> tuple[int, OSError | None]:
    """Let `call` write a stream into a pipe, and copy it to a descriptor.

    Args:
        call: Writes to the descriptor that it is given, and returns an errno.
        fd: Takes the stream; it stays open.

    Returns:
        The errno of the call, and the error that stopped the copying, if there was one.
    """
    import threading  # noqa: PLC0415 (only streams need it)

    if threading.current_thread() is not threading.main_thread() and _is_pipe(fd):
        return call(fd), None  # no signal ends this thread, and a pipe suits the call
    read_end, write_end = open_pipe()
    sending = _Call(call, write_end)
    # A daemon thread: in a suspended pool the call never returns, and a second
    # interruption must still be able to end this process.
    thread = threading.Thread(target=sending.run, daemon=True)
    copy_error: OSError | None = None
    try:
        thread.start()
        try:
            while part := os.read(read_end, PART_BYTES):
                write_all(fd, part)
        except OSError as error:
            copy_error = error
    finally:
        os.close(read_end)  # the call then gets EPIPE, and ends
        thread.join()
    if sending.raised is not None:
        raise sending.raised
    return sending.errno, copy_error


def _is_pipe(fd: int) -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(fd).st_mode)
    except OSError:
        return False
