"""The errors of the lab."""

from __future__ import annotations

import sys


class LabError(Exception):
    """The lab itself failed, not the command that it was to run.

    Args:
        message: `cannot <verb> '<name>': <reason>`.
        hint: What to do about it, or an empty string.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        """Keep both lines apart, so that a caller can print them as it likes."""
        super().__init__(message)
        self.hint = hint

    def lines(self) -> str:
        """Return the text for stderr."""
        return f"{self}\nhint: {self.hint}\n" if self.hint else f"{self}\n"


class BootError(LabError):
    """A guest died or hung before it took a command: nothing has been run in it."""


def say(text: str) -> None:
    """Talk to the user: stdout belongs to the command."""
    print(text, file=sys.stderr, flush=True)
