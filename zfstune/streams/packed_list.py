"""The nvlist of a package, packed as XDR has it.

This is the form that libnvpair writes for other machines (NV_ENCODE_XDR in
module/nvpair/nvpair.c). It is read here, and not by libnvpair, because it comes in a
stream: each length is checked before it is used, and a list neither nests without end nor
says a thing twice. A list begins with its version and flags, then come pairs, and two
zeros end it. A pair has its size here, its size in memory, name, type, count and values.
"""

from __future__ import annotations

import struct

from zfstune.values.errors import InvalidValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Value = None | bool | int | str | bytes | list["Value"] | dict[str, "Value"]

__all__ = ["pack", "unpack"]

_XDR, _LITTLE_ENDIAN = 1, 1
_UNIQUE_NAMES = 1  # NV_UNIQUE_NAME
_HEAD = bytes((_XDR, _LITTLE_ENDIAN, 0, 0))
_LIST_HEAD = struct.pack(">iI", 0, _UNIQUE_NAMES)
_LIST_END = bytes(8)
_DEEPEST = 16  # a package nests five lists

# data_type_t of include/sys/nvpair.h
_BOOLEAN, _UINT64, _STRING, _NVLIST, _BOOLEAN_VALUE = 1, 8, 9, 19, 21
_BYTE_ARRAY, _STRING_ARRAY, _NVLIST_ARRAY = 10, 17, 20
# XDR widens each number to 4 or 8 bytes.
_NUMBERS = {
    **dict.fromkeys((3, 5, 22), ">i"),  # INT16, INT32, INT8
    **dict.fromkeys((2, 4, 6, 23), ">I"),  # BYTE, UINT16, UINT32, UINT8
    **dict.fromkeys((7, 18), ">q"),  # INT64, HRTIME
    _UINT64: ">Q",
}
_ARRAYS = {11: 3, 12: 4, 13: 5, 14: 6, 15: 7, 16: 8, 25: 22, 26: 23}  # to their members
_BOOLEAN_ARRAY = 24

# The sizes of nvpair_t and nvlist_t in memory; each value is padded to 8 bytes.
_PAIR_BYTES, _NVLIST_BYTES = 16, 24


def pack(values: Mapping[str, Value]) -> bytes:
    """Pack a list.

    Args:
        values: Name to value: None becomes a bare name, an int an unsigned number of 64
            bits, and a mapping a list. A package has no others.
    """
    return _HEAD + _packed_list(values)


def unpack(data: bytes) -> dict[str, Value]:
    """Unpack a list that nobody has checked.

    Raises:
        InvalidValue: It is no such list, or holds a name twice.
    """
    if data[:1] != _HEAD[:1] or len(data) < len(_HEAD):
        raise _damaged("it is not packed as XDR")
    reader = _Reader(data, len(_HEAD))
    values = _read_list(reader, 0)
    if reader.place != len(data):
        raise _damaged("something follows it")
    return values


def _damaged(reason: str) -> InvalidValue:
    return InvalidValue(f"cannot read the list of the package: {reason}")


class _Reader:
    """Takes bytes from a place on, and never beyond the end."""

    def __init__(self, data: bytes, place: int) -> None:
        self._data = data
        self.place = place

    def take(self, size: int) -> bytes:
        """Take bytes, and the padding to a multiple of four."""
        end = self.place + size
        padded = end + -size % 4
        if padded > len(self._data):
            raise _damaged("it ends too early")
        part = self._data[self.place : end]
        self.place = padded
        return part

    def number(self, form: str) -> int:
        """Take a number."""
        (value,) = struct.unpack(form, self.take(struct.calcsize(form)))
        return int(value)

    def count(self, least_bytes: int = 4) -> int:
        """Take a count of things of so many bytes at least, for which there is room."""
        value = self.number(">I")
        if value > (len(self._data) - self.place) // least_bytes:
            raise _damaged("a count in it is false")
        return value

    def text(self) -> str:
        """Take a string."""
        raw = self.take(self.number(">I"))
        if b"\0" in raw:
            raise _damaged("a string in it has a NUL")
        return raw.decode("utf-8", "surrogateescape")


def _read_list(reader: _Reader, depth: int) -> dict[str, Value]:
    if depth > _DEEPEST:
        raise _damaged("it is nested too deeply")
    reader.take(len(_LIST_HEAD))
    values: dict[str, Value] = {}
    while True:
        size, in_memory = reader.number(">i"), reader.number(">i")
        if not size and not in_memory:
            return values
        name = reader.text()
        if name in values:
            raise _damaged("it holds a name twice")
        kind, count = reader.number(">i"), reader.count(least_bytes=1)
        values[name] = _read_value(reader, kind, count, depth)


def _read_value(reader: _Reader, kind: int, count: int, depth: int) -> Value:
    if kind in _ARRAYS or kind == _BOOLEAN_ARRAY:
        # Such an array says its count once more.
        member = _ARRAYS.get(kind, _BOOLEAN_VALUE)
        return [_read_one(reader, member, depth) for _ in range(reader.count())]
    if kind == _BYTE_ARRAY:
        return reader.take(count)
    if kind == _STRING_ARRAY:
        return [reader.text() for _ in range(count)]
    if kind == _NVLIST_ARRAY:
        return [_read_list(reader, depth + 1) for _ in range(count)]
    if count != (kind != _BOOLEAN):
        raise _damaged("a count in it is false")
    return _read_one(reader, kind, depth)


def _read_one(reader: _Reader, kind: int, depth: int) -> Value:
    if kind in _NUMBERS:
        return reader.number(_NUMBERS[kind])
    if kind == _BOOLEAN:
        return None
    if kind == _BOOLEAN_VALUE:
        return bool(reader.number(">I"))
    if kind == _STRING:
        return reader.text()
    if kind == _NVLIST:
        return _read_list(reader, depth + 1)
    raise _damaged("a value in it is of no known type")


def _packed_list(values: Mapping[str, Value]) -> bytes:
    pairs = (_packed_pair(name, value) for name, value in values.items())
    return b"".join((_LIST_HEAD, *pairs, _LIST_END))


def _packed_pair(name: str, value: Value) -> bytes:
    kind, data, in_memory = _packed_value(value)
    raw_name = name.encode("utf-8", "surrogateescape")
    body = _packed_text(raw_name) + struct.pack(">ii", kind, kind != _BOOLEAN) + data
    named_bytes = _PAIR_BYTES + len(raw_name) + 1
    sizes = struct.pack(">ii", 8 + len(body), _aligned(named_bytes) + _aligned(in_memory))
    return sizes + body


def _packed_value(value: Value) -> tuple[int, bytes, int]:
    """Return a value's type, its form here, and its size in memory."""
    if value is None:
        return _BOOLEAN, b"", 0
    if isinstance(value, int):
        return _UINT64, struct.pack(">Q", value), 8
    if isinstance(value, str):
        raw = value.encode("utf-8", "surrogateescape")
        return _STRING, _packed_text(raw), len(raw) + 1
    if isinstance(value, dict):
        return _NVLIST, _packed_list(value), _NVLIST_BYTES
    raise TypeError(f"a package has no {type(value).__name__}")


def _packed_text(raw: bytes) -> bytes:
    return struct.pack(">I", len(raw)) + raw + bytes(-len(raw) % 4)


def _aligned(size: int) -> int:
    return (size + 7) // 8 * 8
