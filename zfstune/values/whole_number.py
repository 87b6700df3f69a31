"""Whole numbers out of text that somebody else wrote.

``int()`` takes the digits of every script, underscores and blanks, and raises
:class:`ValueError` beyond 4,300 digits; cutting digits off first makes another number
of it. So text is turned into a count in this one place.
"""

from __future__ import annotations

__all__ = ["MAX_WHOLE", "NumberError", "read_whole"]

# No count, and no time in seconds, needs more; and float() takes each of these.
MAX_WHOLE = (1 << 63) - 1


class NumberError(ValueError):
    """Text is no whole number, or one that is too large.

    Args:
        reason: What is wrong with it; for callers with a message of their own.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_whole(text: str, most: int = MAX_WHOLE) -> int:
    """Read a whole number from zero on: ASCII digits; zeros in front count nothing.

    Args:
        text: The digits.
        most: The largest that is taken.

    Raises:
        NumberError: It is none, or larger than `most`.
    """
    if not (text.isascii() and text.isdigit()):
        raise NumberError("it is no whole number")
    digits = text.lstrip("0") or "0"
    if len(digits) > len(str(most)) or int(digits) > most:
        raise NumberError(f"{most} is the most")
    return int(digits)
