"""Show how far a run has come: a line on a terminal, JSON for programs, or nothing."""

from __future__ import annotations

import sys

from zfstune.cli.json_document import FORMAT_VERSION, json_line
from zfstune.cli.output import on_terminal
from zfstune.streams.meter import Meter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["ProgressLine"]


class ProgressLine:
    """One line on stderr, written over and over again.

    Args:
        json: Write a line of JSON each time instead, wherever stderr leads. stdout has
            the one document of the result.
    """

    def __init__(self, *, json: bool) -> None:
        self._json = json
        self._shown = 0 if on_terminal() else None
        self._count: Callable[[int], None] | None = None

    @property
    def wanted(self) -> bool:
        """Whether anything would be shown."""
        return self._json or self._shown is not None

    def show(self, progress: Any) -> None:
        """Show a state of the run, anything with ``line()`` and ``to_dict()``."""
        if self._json:
            head = {"format": "zfstune.progress", "version": FORMAT_VERSION}
            print(json_line({**head, **progress.to_dict()}), file=sys.stderr, flush=True)
        elif self._shown is not None:
            line = progress.line()
            print(f"\r{line:<{self._shown}}", end="", file=sys.stderr, flush=True)
            self._shown = len(line)

    def counter(self, total_bytes: int | None) -> Callable[[int], None] | None:
        """Return a function that counts the bytes of a stream and shows how far it is.

        Args:
            total_bytes: The length of the stream; None: nobody can tell.

        Returns:
            The function; None: nothing would be shown, and nothing has to be counted.
        """
        if not self.wanted:
            return None
        return Meter(total_bytes, 1, on_progress=self.show).telling()

    def expect(self, total_bytes: int | None) -> None:
        """Have :meth:`passed` count from now on, once a plan has told the whole."""
        self._count = self.counter(total_bytes)

    def passed(self, count: int) -> None:
        """Count bytes, and show how far it is; before :meth:`expect` nothing counts."""
        if self._count is not None:
            self._count(count)

    def clear(self) -> None:
        """Wipe the line away, before anything else is printed."""
        if self._shown:
            print(f"\r{'':<{self._shown}}\r", end="", file=sys.stderr, flush=True)
            self._shown = 0
