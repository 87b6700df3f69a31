"""The checksum of a send stream that is made here."""

from __future__ import annotations

from zfstune.engine._binding import ffi, lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["StreamSum"]

_WORDS = 4
_WORD_BYTES = 8


class StreamSum:
    """The fletcher-4 sum of all bytes so far, as records of a stream carry it."""

    def __init__(self) -> None:
        self._words: Any = ffi.new("uint64_t[]", _WORDS)

    def add(self, piece: bytes) -> None:
        """Add bytes; their number is a multiple of 4."""
        lib.zt_stream_sum(self._words, piece, len(piece))

    @property
    def value(self) -> bytes:
        """The sum in the form of a little-endian stream: 32 bytes."""
        return b"".join(word.to_bytes(_WORD_BYTES, "little") for word in self._words)
