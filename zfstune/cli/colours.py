"""Colour in tables: on a terminal that has it, and unless NO_COLOR asks for none."""

from __future__ import annotations

import os
import re

from zfstune.cli.output import stdout_columns
from zfstune.health.findings import NOTICES, OK, STATES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["coloured", "has_colour"]

_GOOD, _BAD, _NOTICE, _PLAIN = "\x1b[32m", "\x1b[1;31m", "\x1b[33m", "\x1b[0m"
# Words of other pages that stand where a state does.
_MORE = {"late": _BAD, "danger": _BAD, "fault": _BAD, "advice": _NOTICE}
_LAST_WORD = re.compile(r"(?<=  )[a-z-]+$")
_FIRST_WORD = re.compile(r"^[a-z]+(?=: )")


def has_colour() -> bool:
    """Tell whether stdout is a terminal with colours that nobody has asked to be without.

    https://no-color.org: NO_COLOR counts where it is not empty.
    """
    dumb = os.environ.get("TERM", "dumb") == "dumb"
    return stdout_columns() > 0 and not dumb and not os.environ.get("NO_COLOR")


def coloured(lines: Iterable[str]) -> Iterator[str]:
    """Give the states at the ends of table rows a colour, and severities at the front."""
    wanted = has_colour()
    for line in lines:
        yield _FIRST_WORD.sub(_painted, _LAST_WORD.sub(_painted, line)) if wanted else line


def _painted(word: re.Match[str]) -> str:
    text = word[0]
    colour = _MORE.get(text, "")
    if text == OK:
        colour = _GOOD
    elif text in STATES:
        colour = _NOTICE if text in NOTICES else _BAD
    return f"{colour}{text}{_PLAIN}" if colour else text
