"""Show how many steps of long work are done, on a terminal alone."""

from __future__ import annotations

import sys
from time import monotonic

from zfstune.cli.output import on_terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

__all__ = ["StepLine"]

_AT_FIRST_S = 0.5  # shorter work shows nothing
_BETWEEN_S = 0.1


class StepLine:
    """One line on stderr, written over and over again: ``destroyed 1200 of 5000``.

    It is a context manager, which wipes the line away at the end.

    Args:
        what: The word before the numbers.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._next = monotonic() + _AT_FIRST_S if on_terminal() else float("inf")
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.clear()

    def passed(self, done: int, total: int) -> None:
        """Show how far the work is, unless that was shown just now."""
        now = monotonic()
        if now < self._next:
            return
        self._next = now + _BETWEEN_S
        line = f"{self._what} {done} of {total}"
        print(f"\r{line:<{self._width}}", end="", file=sys.stderr, flush=True)
        self._width = len(line)

    def clear(self) -> None:
        """Wipe the line away, before anything else is printed."""
        if self._width:
            print(f"\r{'':<{self._width}}\r", end="", file=sys.stderr, flush=True)
            self._width = 0
