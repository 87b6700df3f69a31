"""Byte counts as text, the way OpenZFS reads and prints them.

Reading follows ``zfs_nicestrtonum`` (lib/libzfs/libzfs_util.c), except that nothing
is rounded: OpenZFS computes ``1.3G`` in floating point and cuts the rest off; here
it is refused. Printing follows ``zfs_nicenum`` (lib/libzutil/zutil_nicenum.c).
"""

from __future__ import annotations

from zfstune.values.errors import InvalidValue
from zfstune.values.text import shown

__all__ = ["MAX_SIZE", "SizeError", "format_size", "parse_size", "read_size"]

MAX_SIZE = (1 << 64) - 1

_UNITS = "BKMGTPE"
_SUFFIXES = frozenset({"B", *(u + end for u in _UNITS[1:] for end in ("", "B", "IB"))})

# A fraction of ten decimal digits is a whole number of bytes only if its unit has the
# factor 2**10. The largest unit, E, is 2**60, so no longer fraction can be whole.
_MAX_FRACTION_DIGITS = 60
_MAX_DIGITS = len(str(MAX_SIZE))


class SizeError(ValueError):
    """The text is no byte count; callers put the reason into their own message.

    Args:
        reason: The fault.
        hint: Advice; empty: there is none.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


def parse_size(text: str) -> int:
    """Read a byte count such as ``8192``, ``8K``, ``1.5GiB`` or ``0``.

    Args:
        text: Digits, with a fraction if the result is whole bytes, and one of the
            units B, K, M, G, T, P, E; ``K``, ``KB`` and ``KiB`` all mean 1024 bytes,
            in upper or lower case.

    Returns:
        Bytes, from 0 to :data:`MAX_SIZE`.

    Raises:
        InvalidValue: The text is no byte count, is negative, is no whole number of
            bytes, or does not fit 64 bits.
    """
    if not isinstance(text, str):
        kind = type(text).__name__  # type: ignore[unreachable]
        message = f"cannot use a value of type {kind} as a size: sizes are text"
        raise InvalidValue(message)
    try:
        return read_size(text)
    except SizeError as error:
        message = f"cannot use '{shown(text)}' as a size: {error.reason}"
        raise InvalidValue(message, hint=error.hint) from None


def read_size(text: str) -> int:
    """Read a byte count as :func:`parse_size` does.

    Raises:
        SizeError: The text is no byte count.
    """
    if text.startswith("-") and text[1:2].isdecimal():
        raise SizeError("it is negative")
    number, shift = _split_unit(text)
    whole, _, fraction = number.partition(".")
    # isdecimal() takes the digits of every script, OpenZFS those of ASCII alone.
    if not (number.isascii() and (whole + fraction).isdecimal()):
        raise SizeError("it is no number")
    whole = whole.lstrip("0")
    fraction = fraction.rstrip("0")
    if len(whole) > _MAX_DIGITS:
        raise SizeError("it does not fit 64 bits")
    if len(fraction) > _MAX_FRACTION_DIGITS:
        raise SizeError("it is no whole number of bytes")
    scale: int = 10 ** len(fraction)
    size, rest = divmod(int((whole + fraction) or "0") << shift, scale)
    if rest:
        raise SizeError(
            "it is no whole number of bytes", f"use {size}, the next smaller whole number"
        )
    if size > MAX_SIZE:
        raise SizeError("it does not fit 64 bits")
    return size


def format_size(size: int, *, exact: bool = True) -> str:
    """Print a byte count.

    Args:
        size: Bytes, zero or more.
        exact: Take the largest unit that needs no fraction, so that :func:`parse_size`
            returns `size` again: 8192 is ``8K``, and 1536 is ``1536``. Otherwise round
            to five characters as ``zfs list`` does: ``1.50K``.

    Returns:
        Digits and, from 1024 on, a unit.

    Raises:
        InvalidValue: `size` is negative.
    """
    if size < 0:
        message = f"cannot print {size} as a size: it is negative"
        raise InvalidValue(message)
    index = min(max(size.bit_length() - 1, 0) // 10, len(_UNITS) - 1)
    if exact:
        while index and size % (1 << 10 * index):
            index -= 1
    unit = _UNITS[index] if index else ""
    count, rest = divmod(size, 1 << 10 * index)
    if not rest:
        return f"{count}{unit}"
    # zfs_nicenum tries two decimals, one, none, until five characters suffice.
    value = size / (1 << 10 * index)
    for decimals in (2, 1):
        text = f"{value:.{decimals}f}{unit}"
        if len(text) <= len("1023K"):
            return text
    return f"{value:.0f}{unit}"


def _split_unit(text: str) -> tuple[str, int]:
    """Split `text` into its number and the power of two that its unit stands for."""
    end = len(text)
    while end and text[end - 1] not in "0123456789.":
        end -= 1
    number, suffix = text[:end], text[end:]
    if not suffix:
        return number, 0
    # str2shift: K, KB and KiB, but B alone for bytes; Z never fits 64 bits.
    if suffix.isascii() and suffix.upper() in _SUFFIXES:
        return number, 10 * _UNITS.index(suffix[0].upper())
    if number.replace(".", "", 1).isdecimal():
        hint = f"units are {', '.join(_UNITS)}, as in 8K"
        raise SizeError(f"'{shown(suffix)}' is no unit", hint)
    raise SizeError("it is no number")
