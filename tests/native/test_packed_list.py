"""The list of a package beside libnvpair itself: each reads what the other wrote."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

from zfstune.engine._binding import Binding
from zfstune.streams.packed_list import pack, unpack

if TYPE_CHECKING:
    from zfstune.streams.packed_list import Value

NATIVE, XDR, UNIQUE = 0, 1, 1
VALUES: dict[str, Value] = {
    "tosnap": "b",
    "not_recursive": None,
    "fss": {
        "0x1234": {
            "name": "tank/a",
            "parentfromsnap": 0,
            "props": {"compression": 15, "own:mark": "thirteen long"},
            "snaps": {"b": 1 << 63, "": 5},
            "snapprops": {"b": {}, "": {"a:b": "ü"}},
        }
    },
}


def converted(data: bytes, encoding: int) -> bytes:
    """Let libnvpair unpack a list, and pack it again."""
    library = ctypes.CDLL("libnvpair.so.3")
    unpacked, packed, size = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_size_t()
    assert (
        library.nvlist_unpack(data, ctypes.c_size_t(len(data)), ctypes.byref(unpacked), 0)
        == 0
    )
    arguments = (unpacked, ctypes.byref(packed), ctypes.byref(size), encoding, 0)
    assert library.nvlist_pack(*arguments) == 0
    return ctypes.string_at(packed, size.value)


def test_both_ways() -> None:
    """What Python packs, the library reads; what the library packs is the same."""
    data = pack(VALUES)
    binding = Binding("zt_open_nvpair")
    assert binding.unpack(converted(data, NATIVE)) == VALUES
    assert converted(binding.pack(VALUES), XDR) == data
    assert unpack(converted(data, XDR)) == VALUES
