"""A pool in a plain file: the caller's side of the child process that has it open."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading

from zfstune.engine import _nvlist
from zfstune.engine._image_answers import read_written
from zfstune.engine._image_errno import LOST, image_error, unwritable
from zfstune.engine._image_messages import (
    ImageDone,
    ImageReady,
    ImageRefused,
    ImageUnopened,
    NonsenseError,
    read_image_answer,
    write_image_request,
)
from zfstune.engine._image_watcher import unwritable_errno
from zfstune.engine._image_worker import read_message
from zfstune.values.errors import ImageDied, InvalidValue, ZfsUnavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from zfstune.engine._binding import Argument
    from zfstune.engine._image_messages import ImageAnswer
    from zfstune.values.property_table import Release

    Flat = str | int | bytes | bytearray

__all__ = ["ImageBinding"]

_QUOTED_BYTES = 4000
_CLOSE_S = 60  # an export first writes out all changes that are not yet on disk
# How long a new process waits for one that is still exporting the pool; longer than
# the time after which _image_watcher.py gives an export up.
_WAIT_MS = 8000
_END_S = 10.0  # a process that lets go of its socket is about to end


class ImageBinding:
    """The calls of :class:`Binding`, each passed on to a child process.

    Args:
        path: The file.
        create: Name, bytes and ashift of a pool to make in it; None: open the pool that
            is in it.
        take_over_from: The host that had the file open and no longer has.
    """

    def __init__(
        self,
        path: str,
        *,
        create: tuple[str, int, int] | None = None,
        take_over_from: str = "",
    ) -> None:
        self._path = os.path.abspath(path)
        self._owner = os.getpid()
        self._verb = "open" if create is None else "create"
        self._lock = threading.Lock()
        self._output: int | None = os.memfd_create("zfstune-image")
        self._interrupted = False
        self._death: ImageDied | None = None
        own_end, child_end = socket.socketpair()
        # The child imports this very package, wherever it was imported from here, and
        # nothing from the current directory (-P).
        search_path = os.pathsep.join(filter(None, sys.path))
        self._socket: socket.socket | None = own_end
        with child_end:
            self._child = subprocess.Popen(  # noqa: S603 (this Python, this package)
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "zfstune.engine._image_worker",
                    str(child_end.fileno()),
                ],
                pass_fds=[child_end.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                env={**os.environ, "PYTHONPATH": search_path},
            )
        try:
            pool = create or ("", 0, 0)
            opening = (self._owner, self._path, *pool, take_over_from, _WAIT_MS)
            answer = self._open(opening)
        except BaseException:
            self._hang_up()
            self.close()
            raise
        if isinstance(answer, ImageUnopened):
            self.close()
            raise image_error(self._verb, path, answer.errno, answer.why)
        self.release: Release = (2, answer.minor, answer.patch)
        self.max_recordsize_bytes = answer.max_recordsize_bytes
        self._verb = "go on with"

    def _open(self, opening: Sequence[Flat]) -> ImageReady | ImageUnopened:
        answer = self._exchange(write_image_request("open", args=opening))
        if isinstance(answer, (ImageReady, ImageUnopened)):
            return answer
        raise self._nonsense("it tells of a call that nobody made")

    def close(self) -> None:
        """Export the pool and end the child.

        Raises:
            ImageDied: The rest could not be written to the file.
        """
        if self._owner != os.getpid():  # this process was forked from the owner
            self._hang_up()
            return
        with self._lock:
            if self._output is None:
                return
            orderly = self._socket is not None and self._death is None
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.sendall(write_image_request("close"))
            try:
                status = self._child.wait(_CLOSE_S)
            except subprocess.TimeoutExpired:
                self._child.kill()
                status = self._child.wait()
            # The socket stays open until the child has ended: without a caller the child
            # gives an export up.
            self._hang_up()
            os.close(self._output)
            self._output = None
            self._interrupted = False
        if orderly and unwritable_errno(status):
            self._verb = "close"
            raise self._died()

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def call(self, function: Callable[..., int], *args: Argument) -> int:
        """Call a function that returns only an errno."""
        return self._pass_on("call", function.__name__, _encoded(args)).errno

    def read(self, function: Callable[..., int], *args: str | int) -> tuple[int, Any]:
        """Call a function that writes JSON; return its errno and what it wrote or None."""
        done = self._pass_on("read", function.__name__, args)
        return self._read(done, function.__name__, args)

    def change(self, function: Callable[..., int], *args: Argument) -> tuple[int, Any]:
        """Call a function that takes nvlists and writes JSON; return the same as read()."""
        done = self._pass_on("change", function.__name__, _encoded(args))
        return self._read(done, function.__name__, args)

    def stream(self, function: Callable[..., int], fd: int, *args: str | int) -> int:
        """Call a function that reads or writes a descriptor and leaves it open.

        Other calls go on meanwhile: a receive may be fed by a send of the same image.
        """
        return self._pass_on_stream("stream", function.__name__, fd, args).errno

    def stream_change(
        self, function: Callable[..., int], fd: int, *args: str | int | bytes
    ) -> tuple[int, Any]:
        """Call stream()'s kind of function that writes JSON; return the same as read()."""
        done = self._pass_on_stream("stream_change", function.__name__, fd, args)
        return self._read(done, function.__name__, args)

    def unpack(self, packed: bytes) -> Any:
        """Read an nvlist that libnvpair or a kernel packed."""
        done = self._pass_on("unpack", "", (packed,))
        return self._read(done, "zt_nvlist_decode", ())[1]

    def promote(self, name: str) -> tuple[int, str]:
        """Promote a clone; on EEXIST the text names the snapshot in the way."""
        done = self._pass_on("promote", "", (name,))
        error, conflict = self._read(done, "zt_promote", ())
        return error, conflict or ""

    def _read(self, done: ImageDone, function: str, args: Sequence[Any]) -> tuple[int, Any]:
        try:
            return done.errno, read_written(function, done.errno, done.written, args)
        except NonsenseError as error:
            raise self._nonsense(error.reason) from None

    def _pass_on(
        self,
        method: str,
        function: str,
        args: Sequence[Flat],
        fds: tuple[int, ...] = (),
    ) -> ImageDone:
        request = write_image_request(method, function, args)
        with self._lock:
            answer = self._exchange(request, fds)
        return self._done(answer)

    def _pass_on_stream(
        self, method: str, function: str, fd: int, args: Sequence[Flat]
    ) -> ImageDone:
        os.fstat(fd)  # a bad descriptor would break the connection
        own_end, child_end = socket.socketpair()
        with own_end:
            with child_end:
                self._pass_on(method, function, args, fds=(fd, child_end.fileno()))
            try:
                answer = read_image_answer(*read_message(own_end))
            except (EOFError, ConnectionError):
                raise self._died() from None
            except NonsenseError as error:
                raise self._nonsense(error.reason) from None
        return self._done(answer)

    def _done(self, answer: ImageAnswer) -> ImageDone:
        """Return the result of a call, or raise the reason why it was not made."""
        if isinstance(answer, ImageRefused):
            raise InvalidValue(answer.message, hint=answer.hint)
        if isinstance(answer, ImageDone):
            return answer
        raise self._nonsense("it opens the image once more")

    def _exchange(self, request: bytes, fds: tuple[int, ...] = ()) -> ImageAnswer:
        if self._interrupted:
            raise ZfsUnavailable(
                f"cannot use image '{self._path}': a call was interrupted, and that ended "
                "this engine",
                hint="open the image again: all that was written is on disk",
            )
        if self._socket is None:
            raise ZfsUnavailable("cannot use ZFS: this engine was closed")
        if self._death is not None:
            raise self._death
        if self._owner != os.getpid():
            raise ZfsUnavailable(
                f"cannot use image '{self._path}': process {self._owner} has it open, and "
                "this process was forked from that one",
                hint="open the image in this process once the other process has closed it",
            )
        try:
            self._socket.sendall(request)
            if fds:
                socket.send_fds(self._socket, [b"."], fds)
            return read_image_answer(*read_message(self._socket))
        except (EOFError, ConnectionError):
            raise self._died() from None
        except NonsenseError as error:
            raise self._nonsense(error.reason) from None
        except BaseException:
            # After an interruption, such as Ctrl-C, the answer still comes, and the next
            # call would take it for its own answer. So the connection ends here; the
            # child finishes its call and exports the pool.
            self._interrupted = True
            self._hang_up()
            raise

    def _nonsense(self, reason: str) -> ImageDied:
        """End a child that breaks the rules, which only a harmful image makes it do."""
        self._child.kill()
        self._death = ImageDied(
            f"cannot {self._verb} image '{self._path}': its process answered nonsense: "
            f"{reason}",
            hint="its pool may be made to do harm: use it only if you trust its maker",
        )
        return self._death

    def _died(self) -> ImageDied:
        """Return the error, which quotes the child's last output, such as an assertion."""
        if self._death is None:
            try:
                status = self._child.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._child.kill()
                status = self._child.wait()
            self._death = self._cause_of_death(status)
        return self._death

    def _cause_of_death(self, status: int) -> ImageDied:
        code = unwritable_errno(status)
        if code:
            return unwritable(self._verb, self._path, code)
        output = b""
        if self._output is not None:
            start = max(0, os.fstat(self._output).st_size - _QUOTED_BYTES)
            output = os.pread(self._output, _QUOTED_BYTES, start)
        how = f"signal {-status}" if status < 0 else f"status {status}"
        reason = (
            output.decode(errors="replace").strip()
            or f"its process ended with {how} and printed nothing"
        )
        return ImageDied(
            f"cannot {self._verb} image '{self._path}': OpenZFS stopped: {reason}",
            hint=f"open the image again: {LOST}",
        )


def _encoded(args: Sequence[Argument]) -> list[Flat]:
    """Return the arguments of a call with its nvlists encoded."""
    flat = (str, int, bytes, bytearray)
    return [arg if isinstance(arg, flat) else _nvlist.encode(arg) for arg in args]
