"""nvlists from Python to libnvpair and back, whatever they hold."""

from __future__ import annotations

import errno
import os
import re
import struct
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zfstune.engine import _nvlist
from zfstune.engine._binding import Binding, ffi, lib
from zfstune.engine._nvlist import Int32, Int64
from zfstune.values.errors import InvalidValue

ZFS = Binding("zt_open_nvpair")
UINT64 = st.integers(0, 2**64 - 1)
INT32 = st.integers(-(2**31), 2**31 - 1).map(Int32)
INT64 = st.integers(-(2**63), 2**63 - 1).map(Int64)
# What ZFS stores: bytes without NUL, in no encoding. Not from st.text: an escaped
# byte that would make valid UTF-8 with its neighbour is no text Python ever reads.
TEXT = st.one_of(
    st.binary(max_size=12), st.text(max_size=8).map(lambda s: s.encode("utf-8", "ignore"))
).map(lambda raw: os.fsdecode(raw.replace(b"\0", b"")))
SCALARS = st.one_of(st.none(), st.booleans(), UINT64, INT32, INT64, TEXT)


def some(members: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Return arrays that are not empty: an empty one would have no type."""
    return st.lists(members, min_size=1, max_size=5)


def nested(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return nvlists, alone and in arrays, of such values."""
    lists = st.dictionaries(TEXT, values, max_size=4)
    return st.one_of(lists, some(lists))


ARRAYS = st.one_of(*map(some, (st.booleans(), UINT64, INT32, INT64, TEXT)))
VALUES = st.recursive(st.one_of(SCALARS, ARRAYS), nested, max_leaves=12)
NVLISTS = st.dictionaries(TEXT, VALUES, max_size=6)


def encode(flat: bytes) -> int:
    """Return C's answer to a flat form."""
    out = ffi.new("struct zt_buf *")
    try:
        return lib.zt_nvlist_encode(ZFS._handle, flat, len(flat), out)
    finally:
        lib.zt_buf_free(out)


@given(NVLISTS)
@example({"": None})
@example({"\udcff": "\udced\udca0\udc80", "caf\u00e9": '\U0001f600\x7f\x01"\\/'})
@example({"n": [0, 2**64 - 1], "i": Int64(-(2**63)), "t": [True, False]})
def test_there_and_back(values: dict[str, Any]) -> None:
    """Values that libnvpair packed it unpacks unchanged, whatever their type."""
    assert ZFS.unpack(ZFS.pack(values)) == values


@given(NVLISTS)
def test_packing_is_stable(values: dict[str, Any]) -> None:
    """An unpacked list packs into the same bytes, except for widths that JSON drops."""
    once = ZFS.unpack(ZFS.pack(values))
    assert ZFS.unpack(ZFS.pack({"again": None, "values": values}))["values"] == once


@given(st.binary(max_size=40))
def test_bytes_are_an_array_of_numbers(raw: bytes) -> None:
    """Bytes, the empty ones too, come back as the numbers they are."""
    assert ZFS.unpack(ZFS.pack({"raw": raw})) == {"raw": list(raw)}


@given(st.binary(max_size=30))
@example(b"\xed\xa0\x80")  # a surrogate, as UTF-8 must not spell it
@example(b"\xc0\xaf")  # overlong
@example(b"\xf4\x90\x80\x80")  # above U+10FFFF
@example(b"\xe2\x82")  # cut short
@example(b"\xf0\x9f\x98\x80")
def test_any_bytes_survive_as_text(raw: bytes) -> None:
    """A property that is not UTF-8 becomes surrogate escapes, as os.fsdecode makes them."""
    raw = raw.replace(b"\0", b"")
    text = ZFS.unpack(ZFS.pack({"key": os.fsdecode(raw)}))["key"]
    assert text == raw.decode("utf-8", "surrogateescape")
    assert os.fsencode(text) == raw


def test_widths_are_what_the_kernel_asks_for() -> None:
    """Each kind of Python value has its own data_type_t."""
    kinds: list[tuple[Any, int]] = [
        (None, 1),
        (Int32(6), 5),
        (Int64(7), 7),
        (5, 8),
        ("x", 9),
        ([Int32(1)], 13),
        ([Int64(1)], 15),
        ([1], 16),
        (["x"], 17),
        ({}, 19),
        ([{}], 20),
        (True, 21),
        ([True], 24),
        (b"x", 26),
    ]
    assert [_nvlist.encode({"k": value})[0] for value, _ in kinds] == [
        kind for _, kind in kinds
    ]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], "members of one type"),
        ([1, "x"], "members of one type"),
        ([1, True], "members of one type"),
        ([None], "members of one type"),
        ([[1]], "members of one type"),
        (1.5, "ZFS takes no float"),
        (object, "ZFS takes no type"),
        (-1, "a number"),
        (2**64, "a number"),
        ([2**64], "a number"),
        (Int64(2**63), "a number"),
        ("a\0b", "contains a NUL"),
        ({"a\0b": 1}, "contains a NUL"),
        (["a\0b"], "contains a NUL"),
        ("\ud800", "lone surrogate"),
        ({"\udbff": 1}, "lone surrogate"),
    ],
)
def test_values_without_a_place(value: object, reason: str) -> None:
    """A value that no nvlist can hold is refused by name, before C sees it."""
    with pytest.raises(InvalidValue, match=reason):
        ZFS.pack({"key": value})


def test_numbers_too_wide_for_their_type() -> None:
    """Int32 has 32 bits: a wider one is refused, not cut."""
    for number in (2**31, -(2**31) - 1):
        with pytest.raises(InvalidValue, match="a number"):
            ZFS.pack({"key": Int32(number)})


def test_depth_has_a_limit() -> None:
    """Nesting ends at 32 lists, long before the C stack does."""

    def deep(levels: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _ in range(levels - 1):
            found = {"k": found}
        return found

    assert ZFS.unpack(ZFS.pack(deep(32))) == deep(32)
    with pytest.raises(OSError, match="Invalid argument"):
        ZFS.pack(deep(33))


def pair(kind: int, name: bytes, value: bytes) -> bytes:
    """Return one pair of the flat form."""
    return struct.pack("<BI", kind, len(name)) + name + value


N64 = struct.Struct("<Q").pack
N32 = struct.Struct("<I").pack
END = b"\0"


@pytest.mark.parametrize(
    "flat",
    [
        b"",
        END + END,
        pair(1, b"k", b""),
        pair(0xFF, b"k", N64(1)) + END,
        pair(27, b"k", N64(1)) + END,  # DOUBLE, which no ioctl knows
        pair(8, b"k", N64(1)[:7]),
        pair(8, b"k\0", N64(1)) + END,
        struct.pack("<BI", 8, 2**32 - 1) + b"k",
        struct.pack("<BI", 8, 3) + b"k" + N64(1)[:1],
        pair(9, b"k", N32(2) + b"a\0") + END,
        pair(9, b"k", N32(3) + b"ab"),
        pair(21, b"k", N64(2)) + END,
        pair(2, b"k", N64(256)) + END,
        pair(22, b"k", N64(128)) + END,
        pair(22, b"k", N64(2**64 - 129)) + END,
        pair(5, b"k", N64(2**31)) + END,
        pair(6, b"k", N64(2**32)) + END,
        pair(16, b"k", N32(2) + N64(1)) + END,
        pair(16, b"k", N32(2**32 - 1) + N64(1)) + END,
        pair(14, b"k", N32(1) + N64(2**32)) + END,
        pair(24, b"k", N32(1) + N64(2)) + END,
        pair(17, b"k", N32(2) + N32(0)) + END,
        pair(17, b"k", N32(2**32 - 1) + N32(0)) + END,
        pair(19, b"k", b"") + b"",
        pair(20, b"k", N32(2) + END),
        pair(20, b"k", N32(2**32 - 1) + END) + END,
        pair(8, b"n" * 40_000, N64(1)) + END,  # longer than an nvpair's name may be
    ],
)
def test_malformed_flat_forms(flat: bytes) -> None:
    """A buffer that is not exactly one list is refused whole."""
    assert encode(flat) == errno.EINVAL


@given(NVLISTS, st.data())
def test_cut_flat_forms(values: dict[str, Any], data: st.DataObject) -> None:
    """The beginning of a flat form is refused."""
    flat = _nvlist.encode(values)
    assert encode(flat) == 0
    assert encode(flat[: data.draw(st.integers(0, len(flat) - 1))]) == errno.EINVAL


@pytest.mark.parametrize("packed", [b"", b"\0", b"\0\1\0\0", b"\xff" * 24])
def test_what_nobody_packed(packed: bytes) -> None:
    """Bytes that are no packed list raise, and say so in words."""
    with pytest.raises(OSError, match=r"not supported|Invalid argument|Bad address"):
        ZFS.unpack(packed)


def test_strings_without_an_end() -> None:
    """A packed string that lost its NUL is refused: libnvpair would read on behind it."""
    for value in ("abc", ["x", "abc"]):
        packed = ZFS.pack({"key": value})
        assert packed.count(b"abc\0") == 1
        with pytest.raises(OSError, match="Invalid argument"):
            ZFS.unpack(re.sub(rb"abc\0+", lambda m: b"a" * len(m[0]), packed, count=1))


def test_a_closed_binding_takes_no_calls() -> None:
    """A call after close raises, and close may come twice."""
    zfs = Binding("zt_open_nvpair")
    zfs.close()
    zfs.close()
    with pytest.raises(Exception, match="this engine was closed"):
        zfs.pack({})
