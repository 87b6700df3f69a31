"""Print what a run does: each step once it is done, and a plan where nothing changes."""

from __future__ import annotations

from contextlib import contextmanager

from zfstune.cli.output import print_lines, warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator
    from typing import Protocol

    class Line(Protocol):
        """A line of progress."""

        def clear(self) -> None:
            """Wipe it away."""


__all__ = ["StepsDone"]


class StepsDone:
    """The lines on stdout. After an error those that stand there are true.

    Args:
        args: The command line; with ``--json`` nothing is printed here.
        line: The line of progress, which is wiped away before anything is printed.
    """

    def __init__(self, args: argparse.Namespace, line: Line) -> None:
        self._json = args.json
        self._line = line
        self.printed: set[str] = set()

    def tell(self, step: str) -> None:
        """Print a step that was done."""
        self._line.clear()
        self.printed.add(step)
        if not self._json:
            print_lines([step])

    def end(self, lines: Iterable[str]) -> None:
        """Print the lines of a plan that were not printed yet."""
        self._line.clear()
        for line in () if self._json else lines:
            if line not in self.printed:
                print_lines([line])

    @contextmanager
    def interruptible(self, left: Callable[[], str]) -> Iterator[None]:
        """Say after Ctrl-C what was left, and how to go on.

        Args:
            left: Returns it; empty: nothing was left, and nothing is said.
        """
        try:
            yield
        except KeyboardInterrupt:
            self._line.clear()
            said = left()
            if said:
                warn(f"interrupted; {said}")
            raise
        finally:
            self._line.clear()
