"""Resume tokens: where a receive that was cut short wants its sender to go on.

The text is ``1-CHECKSUM-LENGTH-HEX``: in hex, compressed by zlib, a packed nvlist
with object, offset, toguid, toname and, for an incremental, fromguid
(get_receive_resume_token_impl() in module/zfs/dsl_dataset.c). It comes from another
machine, and is checked before any of it is used.
"""

from __future__ import annotations

import struct
import zlib

from zfstune.errors import InvalidValue
from zfstune.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["ResumeState", "read_token"]

_VERSION = "1"
_MOST_BYTES = 1 << 16  # a token holds two names and a few numbers
_MASK = (1 << 64) - 1


@frozen
class ResumeState:
    """What a token says.

    Attributes:
        toname: Name of the snapshot on the sender when the send began.
        toguid: Its identity.
        fromguid: Identity of the incremental's base; 0: a full stream.
        object: Where to go on.
        offset: Where to go on.
        flags: Words among ``largeblockok``, ``embedok``, ``compressok``, ``rawok``.
    """

    toname: str
    toguid: int
    fromguid: int
    object: int
    offset: int
    flags: frozenset[str]


def read_token(token: str, unpack: Callable[[bytes], Any]) -> ResumeState:
    """Read a token.

    Args:
        token: Value of ``receive_resume_token``.
        unpack: Reads a packed nvlist, as in Binding.unpack.

    Raises:
        InvalidValue: It is damaged, or of a version that this does not know.
    """
    try:
        values = unpack(_packed(token))
        return ResumeState(
            toname=str(values["toname"]),
            toguid=int(values["toguid"]),
            fromguid=int(values.get("fromguid", 0)),
            object=int(values["object"]),
            offset=int(values["offset"]),
            flags=frozenset(name for name, value in values.items() if value is None),
        )
    except (ValueError, KeyError, TypeError, OSError, zlib.error):
        raise InvalidValue(
            "cannot resume: the token is damaged, or of another version",
            hint="take it anew: `zfs get -H -o value receive_resume_token DATASET`",
        ) from None


def _packed(token: str) -> bytes:
    """Take the packed nvlist out of a token."""
    version, checksum, length, text = token.strip().split("-")
    compressed = bytes.fromhex(text)
    size = int(length, 16)
    if (
        version != _VERSION
        or size > _MOST_BYTES
        or int(checksum, 16) != _fletcher4(compressed)
    ):
        raise ValueError
    return zlib.decompressobj().decompress(compressed, size)


def _fletcher4(data: bytes) -> int:
    """Give the first word of the checksum: the sum of 32-bit words, little-endian."""
    whole = len(data) & ~3  # fletcher_4_native() leaves out what fills no word
    words: tuple[int, ...] = struct.unpack(f"<{whole // 4}I", data[:whole])
    return sum(words) & _MASK
