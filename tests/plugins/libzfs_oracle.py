"""The pure functions of the installed libzfs, as oracles.

libzfs compiles ``module/zcommon`` in, so most of them never ask the kernel; only which
properties there are also depends on the module.
"""

from __future__ import annotations

import ctypes
from typing import Any

# OpenZFS 2.1, 2.2, 2.3, 2.4.
SONAMES = ("libzfs.so.4", "libzfs.so.5", "libzfs.so.6", "libzfs.so.7")

FILESYSTEM = 1 << 0
SNAPSHOT = 1 << 1
VOLUME = 1 << 2
POOL = 1 << 3
BOOKMARK = 1 << 4


def _load() -> tuple[str, ctypes.CDLL]:
    """Load whichever libzfs is installed."""
    for soname in SONAMES:
        try:
            return soname, ctypes.CDLL(soname)
        except OSError:
            continue
    message = f"none of {', '.join(SONAMES)} is installed"
    raise OSError(message)


_SONAME, LIBZFS = _load()
LIBZFS.zfs_prop_init()
for _returns_text in ("zfs_prop_to_name", "zfs_prop_default_string"):
    getattr(LIBZFS, _returns_text).restype = ctypes.c_char_p
LIBZFS.zfs_prop_default_numeric.restype = ctypes.c_uint64


def release() -> tuple[int, ...]:
    """Give the OpenZFS release of the library, as in ``(2, 1, 11)``."""
    version = ctypes.create_string_buffer(64)
    LIBZFS.zfs_version_userland.restype = ctypes.c_char_p
    if _SONAME == "libzfs.so.4":
        # It filled a buffer in 2.1, and gives a string since.
        LIBZFS.zfs_version_userland.restype = None
    text = LIBZFS.zfs_version_userland(version, len(version)) or version.value
    dotted = text.decode().removeprefix("zfs-").partition("-")[0]
    return tuple(int(part) for part in dotted.split("."))


def encoded(text: str) -> bytes:
    """Give text as C gets it."""
    return text.encode("utf-8", "surrogateescape")


def call(name: str, *arguments: Any) -> int:
    """Call a function that gives an int."""
    return int(getattr(LIBZFS, name)(*arguments))


def accepts(check: str, name: str) -> bool:
    """Ask one of the ``*_namecheck`` functions."""
    why, what = ctypes.c_int(), ctypes.c_char()
    return call(check, encoded(name), ctypes.byref(why), ctypes.byref(what)) == 0


def property_names() -> set[str]:
    """Give the names of all dataset properties that library and module share."""
    found = set()

    def add(prop: int, _: object) -> int:
        found.add(LIBZFS.zfs_prop_to_name(prop).decode())
        return -2  # ZPROP_CONT

    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p)(add)
    call("zprop_iter", callback, None, True, False, FILESYSTEM | SNAPSHOT | VOLUME)
    return found


def word_of(prop: int, number: int) -> str | None:
    """Give the word of an index's number, or None."""
    found = ctypes.c_char_p()
    if call("zfs_prop_index_to_string", prop, ctypes.c_uint64(number), ctypes.byref(found)):
        return None
    assert found.value is not None
    return found.value.decode()


def number_of(prop: int, word: str) -> int | None:
    """Give the number of an index's word, or None."""
    found = ctypes.c_uint64()
    if call("zfs_prop_string_to_index", prop, encoded(word), ctypes.byref(found)):
        return None
    return found.value


def size_of(text: str) -> int | None:
    """Give what ``zfs_nicestrtonum`` reads, or None."""
    found = ctypes.c_uint64()
    if call("zfs_nicestrtonum", None, encoded(text), ctypes.byref(found)):
        return None
    return found.value
