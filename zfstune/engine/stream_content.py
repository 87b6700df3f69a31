"""The content of a snapshot, as C finds it in a stream.

A stream is untrusted: it may be cut, damaged or made up. native/stream_content.c checks
each length before it is used, and refuses streams that do not hold all of a snapshot.
"""

from __future__ import annotations

import errno
import os
import struct

from zfstune.engine._binding import ffi, lib
from zfstune.values.errors import Damaged, InvalidValue, NotSupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

__all__ = ["ContentReader"]

_PART = struct.Struct("=QQQ")
_REASON_BYTES = 256
_HINT = (
    "make it anew with `zfstune send --no-compressed SNAPSHOT`, or with `zfs send -L "
    "SNAPSHOT`, without -c, -e, -i, -p and -R"
)


class ContentReader:
    """Takes the bytes of one stream, and gives the content of its snapshot.

    Args:
        name: The stream, as messages call it.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        out = ffi.new("struct zt_content **")
        if lib.zt_content_open(out):
            raise MemoryError
        self._content: Any = ffi.gc(out[0], lib.zt_content_close)
        self._data: Any = ffi.gc(ffi.new("struct zt_buf *"), lib.zt_buf_free)
        self._parts: Any = ffi.gc(ffi.new("struct zt_buf *"), lib.zt_buf_free)
        self._why: Any = ffi.new("char[]", _REASON_BYTES)

    def feed(self, piece: bytes) -> tuple[memoryview, list[tuple[int, int, int]]]:
        """Take the next bytes of the stream.

        Returns:
            The content, which the next call overwrites, and its parts
            (:mod:`zfstune.values.stream_parts`).

        Raises:
            InvalidValue: The bytes are no stream, or a stream that contradicts itself.
            NotSupported: The stream does not hold all of a snapshot's content as it is.
            Damaged: A checksum of the stream is wrong.
        """
        error = lib.zt_content_feed(
            self._content,
            piece,
            len(piece),
            self._data,
            self._parts,
            self._why,
            _REASON_BYTES,
        )
        if error:
            self._refuse(error)
        return _view(self._data), list(_PART.iter_unpack(_view(self._parts)))

    def end(self) -> None:
        """Say that no more bytes come.

        Raises:
            InvalidValue: The stream has not ended.
        """
        error = lib.zt_content_end(self._content, self._why, _REASON_BYTES)
        if error:
            self._refuse(error)

    def _refuse(self, error: int) -> NoReturn:
        if error == errno.ENOMEM:
            raise MemoryError
        reason = ffi.string(self._why).decode("ascii") or os.strerror(error)
        if error == errno.ENOTSUP:
            raise NotSupported(
                operation="read stream",
                target=self._name,
                reason=reason,
                errno=error,
                hint=_HINT,
            )
        if error == errno.EBADMSG:
            raise Damaged(
                operation="read stream", target=self._name, reason=reason, errno=error
            )
        raise InvalidValue(f"cannot read stream '{self._name}': {reason}")


def _view(buffer: Any) -> memoryview:
    """Return the bytes of a buffer of C, which stay C's."""
    if buffer.data == ffi.NULL:
        return memoryview(b"")
    return memoryview(ffi.buffer(buffer.data, buffer.len))
