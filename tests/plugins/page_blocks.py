"""The commands that a page of the documentation shows, with what they print."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from source_tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["PAGES", "matches", "printed_on", "read_page", "shown_by", "steps"]

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


def matches(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Tell whether output is what a page shows; a line ``...`` stands for any lines."""
    if not shown:
        return not printed
    if shown[0] == "...":
        return any(matches(shown[1:], printed[i:]) for i in range(len(printed) + 1))
    return bool(printed) and shown[0] == printed[0] and matches(shown[1:], printed[1:])


def printed_on(pool: str, command: str, env: Mapping[str, str] | None = None) -> list[str]:
    """Run a page's command, which must end well, on a pool that stands for its `tank`.

    Returns:
        The lines that it printed, with the pool as the page calls it.
    """
    words = re.sub(r"\btank\b", pool, command)
    done = subprocess.run(
        ["sh", "-c", words], capture_output=True, text=True, check=False, env=env
    )
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout.replace(pool, "tank").splitlines()
