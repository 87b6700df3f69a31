"""Lines that fit a terminal: folded between words, with no word of them lost.

Text is made without a width, for a file and for Python; a terminal alone folds it.
"""

from __future__ import annotations

import re

__all__ = ["folded"]

_WORD = re.compile(r" *[^ ]+")
_GAP = re.compile(r"(?<=[^ ]) {2,}")
_DEEPER = 4  # characters: how far the rest of a line stands below its beginning
# A name that is longer than a line is folded before one of these, or behind a comma.
_BEFORE, _BEHIND = "/@", ","


def folded(line: str, columns: int, *, hang: int | None = None) -> list[str]:
    """Return the line as lines of no more than so many characters.

    A word goes to the next line as a whole; only one that is longer than a line is
    folded itself, between the parts of a name where it has some. The address of a page
    is left to the terminal, which can still open it then.

    Args:
        line: Text without line breaks.
        columns: The width; 0: any.
        hang: How far the second line and later ones stand inside. Default: where the
            last column of a table begins, or a little inside the first line.
    """
    if not columns or len(line) <= columns:
        return [line]
    inside = " " * min(_hang(line, columns) if hang is None else hang, columns // 2)
    lines: list[str] = []
    current = ""
    for gap_and_word in _WORD.findall(line):
        word = gap_and_word.lstrip(" ")
        if len(current) + len(gap_and_word) <= columns:
            current += gap_and_word
            continue
        gap = len(gap_and_word) - len(word)
        if current and len(current) + gap > len(inside):
            lines.append(current)
            current = inside
        else:  # the next line would have no more room for the word than this one
            current += " " * min(gap, columns // 2)
        while len(current) + len(word) > columns and "://" not in word:
            end = _end_of_part(word, columns - len(current))
            lines.append(current + word[:end])
            word, current = word[end:], inside
        current += word
    return [*lines, current]


def _hang(line: str, columns: int) -> int:
    """Return where the last column of the line begins, if there is room behind it."""
    starts = [gap.end() for gap in _GAP.finditer(line) if gap.end() <= columns // 2]
    return starts[-1] if starts else len(line) - len(line.lstrip(" ")) + _DEEPER


def _end_of_part(word: str, room: int) -> int:
    """Return the end of the last part of a name that there is room for, or the room."""
    ends = [at for at in range(1, room + 1) if word[at] in _BEFORE]
    ends += [at for at in range(1, room + 1) if word[at - 1] in _BEHIND]
    return max(ends, default=room)
