"""The kinds of parts that a stream's content comes in: native/stream_content.h has them.

A part is three numbers: that of its object, its kind, and the place where its bytes end.
"""

from __future__ import annotations

__all__ = [
    "ATTRIBUTES",
    "BEGIN",
    "BIG_ENDIAN",
    "DATA",
    "END",
    "KIND",
    "RAW",
    "TYPE_SHIFT",
]

# In the low bits of the second number.
BEGIN, ATTRIBUTES, DATA, END = range(4)
KIND = 0xFF

# Bits beside BEGIN, whose first number is the guid of the snapshot.
RAW, BIG_ENDIAN = 1 << 8, 1 << 9

# Beside END, the type of the object stands from this bit on.
TYPE_SHIFT = 32
