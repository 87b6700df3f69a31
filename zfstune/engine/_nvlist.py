"""Python values to and from the flat forms of native/nvl.h.

C reads a buffer with type tags, and writes JSON; nvl.h has the reasons. Names and
strings that are not UTF-8 have surrogate escapes in Python (PEP 383).
"""

from __future__ import annotations

import json

from zfstune.values.errors import InvalidValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    Value = None | bool | int | str | bytes | Mapping[str, "Value"] | Sequence["Value"]

__all__ = ["Int32", "Int64", "decode", "encode"]

_BOOLEAN = 1
_INT32 = 5
_INT64 = 7
_UINT64 = 8
_STRING = 9
_UINT64_ARRAY = 16
_STRING_ARRAY = 17
_NVLIST = 19
_NVLIST_ARRAY = 20
_BOOLEAN_VALUE = 21
_BOOLEAN_ARRAY = 24
_UINT8_ARRAY = 26
_INT32_ARRAY = 13
_INT64_ARRAY = 15


class Int32(int):
    """A number that the kernel takes with 32 bits, such as ``fd`` or ``type``."""


class Int64(int):
    """A number that the kernel takes signed, as in a channel program's arguments."""


def encode(values: Mapping[str, Value]) -> bytes:
    """Write an nvlist in the flat form.

    None becomes a bare name (BOOLEAN), bool a BOOLEAN_VALUE, int a UINT64,
    :class:`Int32` an INT32, :class:`Int64` an INT64, str a STRING, bytes a UINT8_ARRAY,
    a mapping an NVLIST, and a list the array of its members' one type.

    Raises:
        InvalidValue: A value has no place in an nvlist: a number out of range, a
            NUL in a string, a list of mixed or unknown types.
    """
    out: list[bytes] = []
    try:
        _put_list(out, values)
    except OverflowError as error:
        raise InvalidValue(f"cannot pass a number to ZFS: {error}") from None
    return b"".join(out)


def decode(text: bytes) -> Any:
    """Read the JSON that C wrote: objects to dict, BOOLEAN to None, any integer to int."""
    return json.loads(text.decode())


# Each kind as a byte of the message.
_BYTES = tuple(bytes((kind,)) for kind in range(256))


def _put_list(out: list[bytes], values: Mapping[str, Value]) -> None:
    for name, value in values.items():
        kind = _kind(value)
        out.append(_BYTES[kind])
        _put_string(out, name)
        _put_value(out, kind, value)
    out.append(b"\0")


def _u32(number: int) -> bytes:
    return number.to_bytes(4, "little")


def _u64(number: int) -> bytes:
    return number.to_bytes(8, "little")


def _put_string(out: list[bytes], text: str) -> None:
    if not isinstance(text, str):
        kind = type(text).__name__  # type: ignore[unreachable]
        raise InvalidValue(f"cannot pass a name of type {kind} to ZFS: names are text")
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a lone surrogate, which no bytes decode to
        reason = "it holds a lone surrogate"
        raise InvalidValue(f"cannot pass {text!r} to ZFS: {reason}") from None
    if b"\0" in raw:
        raise InvalidValue(f"cannot pass {text!r} to ZFS: it contains a NUL")
    out += (_u32(len(raw)), raw)


def _kind(value: Value) -> int:
    match value:
        case None:
            return _BOOLEAN
        case bool():
            return _BOOLEAN_VALUE
        case Int32():
            return _INT32
        case Int64():
            return _INT64
        case int():
            return _UINT64
        case str():
            return _STRING
        case bytes():
            return _UINT8_ARRAY
        case list() | tuple():
            return _array_kind(value)
        case _ if hasattr(value, "items"):
            return _NVLIST
    raise InvalidValue(f"cannot pass {value!r} to ZFS: ZFS takes no {type(value).__name__}")


_ARRAY_OF = {
    _BOOLEAN_VALUE: _BOOLEAN_ARRAY,
    _INT32: _INT32_ARRAY,
    _INT64: _INT64_ARRAY,
    _UINT64: _UINT64_ARRAY,
    _STRING: _STRING_ARRAY,
    _NVLIST: _NVLIST_ARRAY,
}
_MEMBER_OF = {array: member for member, array in _ARRAY_OF.items()}


def _array_kind(values: Sequence[Value]) -> int:
    kinds = {_kind(value) for value in values}
    if len(kinds) == 1:
        kind = _ARRAY_OF.get(kinds.pop())
        if kind is not None:
            return kind
    raise InvalidValue(
        f"cannot pass {values!r} to ZFS: a list must have members of one type"
    )


def _put_value(out: list[bytes], kind: int, value: Any) -> None:
    if kind in (_INT32, _INT64):
        if kind == _INT32:
            value.to_bytes(4, "little", signed=True)  # raises where it does not fit
        out.append(value.to_bytes(8, "little", signed=True))
    elif kind in (_UINT64, _BOOLEAN_VALUE):
        out.append(_u64(value))
    elif kind == _STRING:
        _put_string(out, value)
    elif kind == _NVLIST:
        _put_list(out, value)
    elif kind == _UINT8_ARRAY:
        out.append(_u32(len(value)))
        out.extend(map(_u64, value))
    elif kind in _MEMBER_OF:
        out.append(_u32(len(value)))
        for member in value:
            _put_value(out, _MEMBER_OF[kind], member)
