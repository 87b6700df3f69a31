"""Whole numbers read from text that somebody else wrote.

``int()`` takes the digits of every script, underscores and blanks, and raises
:class:`ValueError` beyond 4,300 digits; cutting digits off first would make another
number. So this is the one place where text becomes a count.
"""

from __future__ import annotations

__all__ = ["MAX_WHOLE", "NumberError", "read_whole"]

# No count and no time in seconds needs more, and float() takes each of these numbers.
MAX_WHOLE = (1 << 63) - 1


class NumberError(ValueError):
    """The text is no whole number, or the number is too large.

    Args:
        reason: The fault, for callers with a message of their own.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_whole(text: str, most: int = MAX_WHOLE) -> int:
    """Read a whole number, zero or more, of ASCII digits; leading zeros are ignored.

    Args:
        text: The digits.
        most: The largest number allowed.

    Raises:
        NumberError: The text is no whole number, or the number is larger than `most`.
    """
    if not (text.isascii() and text.isdigit()):
        raise NumberError("it is no whole number")
    digits = text.lstrip("0") or "0"
    if len(digits) > len(str(most)) or int(digits) > most:
        raise NumberError(f"the largest number allowed is {most}")
    return int(digits)
