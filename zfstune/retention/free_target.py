"""The space that is to be free, in a pool or below a quota."""

from __future__ import annotations

from zfstune.values.errors import PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.size import SizeError, format_size, read_size
from zfstune.values.text import shown
from zfstune.values.whole_number import NumberError, read_whole

__all__ = ["FreeTarget"]

_WHOLE = 100
_KILO = 1024


@frozen
class FreeTarget:
    """The space that is to be free: in bytes, or as a percentage of all space."""

    bytes: int = 0
    percent: int = 0

    @classmethod
    def parse(cls, text: str) -> FreeTarget:
        """Read ``50G`` or ``20%``.

        Raises:
            PolicyError: It is neither.
        """
        digits = text.removesuffix("%")
        if digits != text:
            try:
                percent = read_whole(digits, most=_WHOLE - 1)
            except NumberError:
                percent = 0
            if not percent:
                raise _bad(text, "a share of the pool is from 1% to 99%")
            return cls(percent=percent)
        try:
            wanted = read_size(text)
        except SizeError as error:
            raise _bad(text, error.reason) from None
        if not wanted:
            raise _bad(text, "it must be more than zero")
        if wanted < _KILO and text[-1:].isdigit():
            raise _bad(text, f"it lacks a unit, as in {text}G; {text}B stands for bytes")
        return cls(wanted)

    def __str__(self) -> str:
        if self.percent:
            return f"{self.percent}%"
        return format_size(self.bytes) + "B" * (self.bytes < _KILO)

    def missing(self, used: int, available: int) -> int:
        """Compute the bytes that are still to be freed.

        Args:
            used: Bytes in use.
            available: Bytes that are free already.
        """
        wanted = (used + available) * self.percent // _WHOLE or self.bytes
        return max(wanted - available, 0)


def _bad(text: str, reason: str) -> PolicyError:
    return PolicyError(
        f"cannot use policy 'free-target={shown(text)}': {reason}",
        hint="give a size or a share of the pool, as in 50G or 20%",
    )
