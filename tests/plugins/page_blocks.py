"""The commands that a page of the documentation shows, with what they print."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from source_tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PAGES", "read_page", "shown_by", "steps"]

PAGES = ("README.md", *sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("docs/*/*.md")))
_PROMPT = re.compile(r"[#$] ")


def read_page(page: str) -> str:
    """Read a page by its path below the project's folder."""
    return (ROOT / page).read_text(encoding="utf-8")


def steps(text: str, kind: str) -> Iterator[tuple[str, list[str]]]:
    """Give each command in the blocks of a kind, and the lines that it is shown to print.

    Args:
        text: The page.
        kind: The word behind the fence: ``console`` for what an image can run, ``text``
            for all else.
    """
    for block in re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        command = ""
        shown: list[str] = []
        for line in block.splitlines():
            if _PROMPT.match(line):
                if command:
                    yield command, shown
                command, shown = line[2:], []
            else:
                shown.append(line)
        if command:
            yield command, shown


def shown_by(page: str, command: str, kind: str = "text") -> list[str]:
    """Give what a page shows for a command."""
    return dict(steps(read_page(page), kind))[command]
