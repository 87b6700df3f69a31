"""A pool in a plain file: the caller's side of the child process it lives in."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import subprocess
import sys
import threading

from zfstune.engine import _nvlist
from zfstune.engine._errno import engine_error
from zfstune.engine._worker import receive, send
from zfstune.errors import ImageDied, InvalidValue, ZfsUnavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

__all__ = ["ImageBinding"]

_LAST_WORDS_BYTES = 4000
_LIBRARY_HINT = "on Debian it is in contrib: apt install 'libzpool*linux'"
_CLOSE_S = 60  # an export writes out what is not yet on disk


class ImageBinding:
    """Passes the calls of :class:`Binding` on to a child process.

    Args:
        path: The file.
        create: Name, bytes and ashift of a pool to make in it; None: there is one.
    """

    def __init__(self, path: str, *, create: tuple[str, int, int] | None = None) -> None:
        self._path = os.path.abspath(path)
        self._lock = threading.Lock()
        self._words = os.memfd_create("zfstune-image")
        ours, theirs = socket.socketpair()
        self._socket: socket.socket | None = ours
        with theirs:
            # -P: what lies in the current directory is not ours to import
            self._child = subprocess.Popen(  # noqa: S603 (this Python, this package)
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "zfstune.engine._worker",
                    str(theirs.fileno()),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._words,
                stderr=self._words,
            )
        try:
            status, *rest = self._exchange((self._path, create))
        except BaseException:
            self.close()
            raise
        if status == "refused":
            self.close()
            code, why = rest
            if code in (errno.ELIBACC, errno.ELIBBAD):
                raise ZfsUnavailable(f"cannot use ZFS: {why}", hint=_LIBRARY_HINT)
            raise engine_error("open image", path, code)
        self.minor, self.max_recordsize_bytes = rest

    def close(self) -> None:
        """Export the pool and end the child."""
        if self._socket is None:
            return
        with contextlib.suppress(OSError):
            send(self._socket, ("close", None, (), None))
        self._socket.close()
        self._socket = None
        try:
            self._child.wait(_CLOSE_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        os.close(self._words)

    def call(self, function: Callable[..., int], *args: str | int) -> int:
        """Call a function that gives back an errno alone."""
        return int(self._pass_on("call", function, args))

    def call_with(
        self, function: Callable[..., int], *args: str | int, values: Mapping[str, Any]
    ) -> int:
        """Call a function whose last argument is an nvlist."""
        return int(self._pass_on("call_with", function, args, _nvlist.encode(values)))

    def read(self, function: Callable[..., int], *args: str | int) -> tuple[int, Any]:
        """Call a function that fills a buffer."""
        error, found = self._pass_on("read", function, args)
        return error, found

    def change(
        self, function: Callable[..., int], *args: str | int | Mapping[str, Any]
    ) -> tuple[int, Any]:
        """Call a function that takes nvlists; give its errno and what it wrote."""
        flat = [a if isinstance(a, (str, int)) else _nvlist.encode(a) for a in args]
        error, written = self._pass_on("change", function, tuple(flat))
        return error, written

    def stream(self, function: Callable[..., int], fd: int, *args: str | int) -> int:
        """Call a function that reads or writes a descriptor; it stays the caller's."""
        return int(self._pass_on("stream", function, args, fd=fd))

    def unpack(self, packed: bytes) -> Any:
        """Read an nvlist that libnvpair or a kernel packed."""
        return self._pass_on("unpack", None, (packed,))

    def promote(self, name: str) -> tuple[int, str]:
        """Promote a clone; on EEXIST the text names the snapshot in the way."""
        error, conflict = self._pass_on("promote", None, (name,))
        return error, conflict

    def _pass_on(
        self,
        method: str,
        function: Callable[..., int] | None,
        args: tuple[Any, ...],
        values: bytes | None = None,
        fd: int | None = None,
    ) -> Any:
        name = None if function is None else function.__name__
        with self._lock:
            status, *rest = self._exchange((method, name, args, values), fd)
        if status == "refused":
            message, hint = rest
            raise InvalidValue(message, hint=hint)
        return rest[0]

    def _exchange(self, message: object, fd: int | None = None) -> Any:
        if self._socket is None:
            raise ZfsUnavailable("cannot use ZFS: this engine was closed")
        try:
            send(self._socket, message)
            if fd is not None:
                socket.send_fds(self._socket, [b"."], [fd])
            return receive(self._socket)
        except (EOFError, ConnectionError):
            raise self._died() from None

    def _died(self) -> ImageDied:
        """Say what the child said last: libzpool prints an assertion as it fails."""
        status = self._child.wait()
        os.lseek(self._words, 0, os.SEEK_SET)
        said = os.read(self._words, 1 << 20)[-_LAST_WORDS_BYTES:].decode(errors="replace")
        how = f"signal {-status}" if status < 0 else f"status {status}"
        reason = said.strip() or f"its process ended with {how} and said nothing"
        return ImageDied(
            f"cannot go on with image '{self._path}': OpenZFS stopped: {reason}",
            hint="open it again: what was not yet on disk is lost, and nothing else",
        )
