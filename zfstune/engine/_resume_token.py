"""Resume tokens: the place where the sender of an interrupted receive goes on.

The text is ``1-CHECKSUM-LENGTH-HEX``. HEX is a packed nvlist, compressed by zlib, with
object, offset, toguid, toname and, for an incremental, fromguid
(get_receive_resume_token_impl() in module/zfs/dsl_dataset.c). A token comes
from another machine, so all of it is checked before any of it is used.
"""

from __future__ import annotations

import zlib

from zfstune.values.errors import InvalidValue
from zfstune.values.fletcher4 import fletcher4
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

__all__ = ["ResumeState", "read_token"]

_VERSION = "1"
_MOST_BYTES = 1 << 16  # a token holds two names and a few numbers
_MASK = (1 << 64) - 1
_HEX = frozenset("0123456789abcdef")
_MOST_HEX_DIGITS = 16  # of a number of 64 bits
_REDACTION = frozenset({"redact_snaps", "book_redact_snaps"})
_FLAGS = frozenset({"largeblockok", "embedok", "compressok", "rawok"})


@frozen
class ResumeState:
    """The content of a token.

    Attributes:
        toname: Name of the snapshot on the sender when the send began.
        toguid: Guid of that snapshot.
        fromguid: Guid of the base of an incremental; 0: a full stream.
        object: Number of the object to go on with.
        offset: Offset in that object to go on at, in bytes.
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
        InvalidValue: It is damaged, of an unknown version, or of a redacted snapshot,
            which takes a call that the engine does not make.
    """
    try:
        values = unpack(_packed(token))
        redacted = not _REDACTION.isdisjoint(values)
        state = _state(values)
    except (ValueError, KeyError, TypeError, OSError, zlib.error):
        raise InvalidValue(
            "cannot resume the send: its token is damaged, or of another version",
            hint="read the token anew: `zfs get -H -o value receive_resume_token DATASET`",
        ) from None
    if redacted:
        raise InvalidValue(
            "cannot resume the send: the stream is of a redacted snapshot",
            hint="resume this stream with `zfs send -t TOKEN`",
        )
    return state


def _state(values: Mapping[str, Any]) -> ResumeState:
    toname = values["toname"]
    if not isinstance(toname, str):
        raise TypeError
    return ResumeState(
        toname=toname,
        toguid=_number(values["toguid"]),
        fromguid=_number(values.get("fromguid", 0)),
        object=_number(values["object"]),
        offset=_number(values["offset"]),
        flags=frozenset(name for name in _FLAGS if values.get(name, False) is None),
    )


def _number(value: object) -> int:
    """Check a number of 64 bits, as all of a token's numbers are."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    if not 0 <= value <= _MASK:
        raise ValueError
    return value


def _packed(token: str) -> bytes:
    """Extract the packed nvlist from a token."""
    version, checksum, length, text = token.strip().split("-")
    size = _hex_number(length)
    # Compression never makes data much larger.
    if version != _VERSION or not 0 < size <= _MOST_BYTES or len(text) > 4 * _MOST_BYTES:
        raise ValueError
    if not _HEX.issuperset(text):
        raise ValueError
    compressed = bytes.fromhex(text)
    if _hex_number(checksum) != fletcher4(compressed)[0]:
        raise ValueError
    # The limit is one byte more than the token says, to see whether it says too little.
    stream = zlib.decompressobj()
    unpacked = stream.decompress(compressed, size + 1)
    if len(unpacked) != size or not stream.eof:
        raise ValueError
    return unpacked


def _hex_number(text: str) -> int:
    """Read a number as ``%llx`` prints it: int() would take signs, blanks and more."""
    if not 0 < len(text) <= _MOST_HEX_DIGITS or not _HEX.issuperset(text):
        raise ValueError
    return int(text, 16)
