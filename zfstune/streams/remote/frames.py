"""The frames of the protocol between two zfstunes: pieces of bytes with a kind.

A frame is one letter, the length of its payload in four bytes (big-endian), and the
payload. Either end of a connection may be hostile, so a length is checked before any
byte behind it is kept.
"""

from __future__ import annotations

from zfstune.streams.remote.fields import BadMessageError
from zfstune.values.frozen import frozen

__all__ = [
    "DATA",
    "END",
    "MESSAGE",
    "MOST_ANSWER_BYTES",
    "MOST_DATA_BYTES",
    "MOST_REQUEST_BYTES",
    "PING",
    "PING_S",
    "Frame",
    "FrameReader",
    "frame_header",
]

MESSAGE = b"M"  # a request or an answer, in JSON
DATA = b"D"  # a part of a stream
END = b"E"  # the stream's sender has no more of it
PING = b"P"  # the one that waits, or works at an answer, is still there

PING_S = 15.0

MOST_REQUEST_BYTES = 1 << 20
# An answer may list each snapshot of a tree, at some hundred bytes each.
MOST_ANSWER_BYTES = 64 << 20
MOST_DATA_BYTES = 1 << 20

_LENGTH_BYTES = 4
_HEADER_BYTES = 1 + _LENGTH_BYTES


@frozen
class Frame:
    """One frame.

    Attributes:
        kind: One of the four letters above.
        payload: Its bytes.
    """

    kind: bytes
    payload: bytes


def frame_header(kind: bytes, length: int) -> bytes:
    """Return the bytes that stand before a payload of that length."""
    return kind + length.to_bytes(_LENGTH_BYTES, "big")


class FrameReader:
    """Takes bytes as they come, and gives frames.

    Args:
        most_message_bytes: The longest message that is taken.
    """

    def __init__(self, most_message_bytes: int) -> None:
        self._most = {MESSAGE: most_message_bytes, DATA: MOST_DATA_BYTES, END: 0, PING: 0}
        self._pending = bytearray()

    def feed(self, data: bytes) -> None:
        """Take the bytes that were read."""
        self._pending += data

    def next_frame(self) -> Frame | None:
        """Return the next frame; None: it has not all come.

        Raises:
            BadMessageError: What came is no frame, or too long a one.
        """
        if len(self._pending) < _HEADER_BYTES:
            return None
        kind = bytes(self._pending[:1])
        length = int.from_bytes(self._pending[1:_HEADER_BYTES], "big")
        most = self._most.get(kind)
        if most is None:
            raise BadMessageError(f"a frame of an unknown kind came: {kind!r}")
        if length > most:
            raise BadMessageError(f"a frame of {length} bytes came, and {most} are allowed")
        if kind == DATA and not length:
            raise BadMessageError("an empty part of a stream came")
        end = _HEADER_BYTES + length
        if len(self._pending) < end:
            return None
        payload = bytes(memoryview(self._pending)[_HEADER_BYTES:end])
        del self._pending[:end]
        return Frame(kind, payload)
