"""The nvlist of a package: as libnvpair packs it, and safe to unpack."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.streams.packed_list import pack, unpack
from zfstune.values.errors import InvalidValue

if TYPE_CHECKING:
    from zfstune.streams.packed_list import Value

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NUMBERS = st.integers(0, (1 << 64) - 1)
LISTS = st.recursive(
    st.dictionaries(NAMES, st.none() | NUMBERS | NAMES, max_size=4),
    lambda below: st.dictionaries(NAMES, st.none() | NUMBERS | NAMES | below, max_size=4),
    max_leaves=10,
)
# What nvlist_pack() of libnvpair 2.1.11 writes for {"num": 7, "bo": None, "s": "hey",
# "list": {"x": 9}}; tests/native/test_packed_list.py asks the library itself.
LIBNVPAIR = bytes.fromhex(
    "0101000000000000000000010000002000000020000000036e756d00000000080000000100000000"
    "00000007000000180000001800000002626f00000000000100000000000000200000002000000001"
    "73000000000000090000000100000003686579000000004800000030000000046c69737400000013"
    "00000001000000000000000100000020000000200000000178000000000000080000000100000000"
    "0000000900000000000000000000000000000000"
)
# Each kind of value that a package of a later release may have, packed by libnvpair.
KINDS: dict[int, tuple[bytes, object, int]] = {
    1: (b"", None, 0),
    2: (struct.pack(">I", 200), 200, 1),
    3: (struct.pack(">i", -3), -3, 1),
    4: (struct.pack(">I", 3), 3, 1),
    5: (struct.pack(">i", -3), -3, 1),
    6: (struct.pack(">I", 1 << 31), 1 << 31, 1),
    7: (struct.pack(">q", -5), -5, 1),
    8: (struct.pack(">Q", 1 << 63), 1 << 63, 1),
    9: (struct.pack(">I", 3) + b"hey\0", "hey", 1),
    10: (b"\1\2\3\4\5\0\0\0", b"\1\2\3\4\5", 5),
    13: (struct.pack(">Iii", 2, -1, 2), [-1, 2], 2),
    16: (struct.pack(">IQQ", 2, 1, 2), [1, 2], 2),
    17: (struct.pack(">I", 1) + b"a\0\0\0" + struct.pack(">I", 0), ["a", ""], 2),
    18: (struct.pack(">q", -5), -5, 1),
    19: (struct.pack(">iIii", 0, 1, 0, 0), {}, 1),
    20: (2 * struct.pack(">iIii", 0, 1, 0, 0), [{}, {}], 2),
    21: (struct.pack(">I", 1), True, 1),
    22: (struct.pack(">i", -3), -3, 1),
    23: (struct.pack(">I", 3), 3, 1),
    24: (struct.pack(">III", 2, 1, 0), [True, False], 2),
    26: (struct.pack(">III", 2, 1, 9), [1, 9], 2),
}


def one_pair(kind: int, data: bytes, count: int) -> bytes:
    """Pack a list with one pair, called `n`."""
    body = struct.pack(">I", 1) + b"n\0\0\0" + struct.pack(">ii", kind, count) + data
    pair = struct.pack(">ii", 8 + len(body), 40) + body
    return b"\1\1\0\0" + struct.pack(">iI", 0, 1) + pair + bytes(8)


@given(LISTS)
def test_there_and_back(values: dict[str, object]) -> None:
    """What is packed is unpacked, whatever the names."""
    assert unpack(pack(values)) == values  # type: ignore[arg-type]  # of the right types


def test_as_libnvpair_packs() -> None:
    """Byte by byte: zfs receive reads nothing else."""
    values: dict[str, Value] = {"num": 7, "bo": None, "s": "hey", "list": {"x": 9}}
    assert pack(values).hex() == LIBNVPAIR.hex()


@pytest.mark.parametrize("kind", KINDS)
def test_kinds(kind: int) -> None:
    """Each kind of value is read, for a later release may send it."""
    data, value, count = KINDS[kind]
    assert unpack(one_pair(kind, data, count)) == {"n": value}
    with pytest.raises(InvalidValue, match=r"ends too early|count in it"):
        unpack(one_pair(kind, data, count)[:-9])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "XDR"),
        (b"\0\1\0\0", "XDR"),
        (pack({})[:-1], "too early"),
        (pack({}) + b"\0", "follows"),
        (one_pair(12_345, b"", 1), "no known type"),
        (one_pair(8, bytes(16), 2), "count"),
        (one_pair(9, struct.pack(">I", 1 << 31), 1), "too early"),
        (one_pair(9, struct.pack(">I", 4) + b"a\0b\0", 1), "NUL"),
        (one_pair(10, bytes(4), 1 << 30), "count"),
        (one_pair(16, struct.pack(">I", 1 << 30), 1), "count"),
        (one_pair(20, b"", 1 << 30), "count"),
        (pack({"a": 1})[:-8] + pack({"a": 2})[12:], "twice"),
    ],
)
def test_false_lists(data: bytes, reason: str) -> None:
    """A length or a count that is too large is refused before anything is read."""
    with pytest.raises(InvalidValue, match=reason):
        unpack(data)


def test_a_list_without_end() -> None:
    """Lists in lists in lists are refused, before the stack is used up."""
    values: dict[str, object] = {}
    for _ in range(100):
        values = {"n": values}
    with pytest.raises(InvalidValue, match="deeply"):
        unpack(pack(values))  # type: ignore[arg-type]  # of the right types


@given(st.binary(max_size=300), st.integers(0, 300), st.integers(0, 255))
def test_any_bytes(data: bytes, place: int, byte: int) -> None:
    """Bytes of a stranger, and a sound list with one byte changed: read or refused."""
    sound = bytearray(LIBNVPAIR)
    sound[place % len(sound)] = byte
    for given_bytes in (data, b"\1\1\0\0" + data, bytes(sound)):
        with suppress(InvalidValue):
            assert isinstance(unpack(given_bytes), dict)
