"""The table of docs/reference/libzfs_core.md: where each function of libzfs_core is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "libzfs_core.md"
ROW = re.compile(r"^\| `(\w+)` \| 2\.(\d) \| (.*?) \| (.*?) ?\|$", re.MULTILINE)


class Row(NamedTuple):
    """One function: the release 2.x that it came with, and what zfstune has for it."""

    minor: int
    where: str
    not_in_an_image: str


def rows() -> dict[str, Row]:
    """Read the table; each function has one row."""
    text = PAGE.read_text(encoding="utf-8")
    found = {
        name: Row(int(minor), where, missing)
        for name, minor, where, missing in ROW.findall(text)
    }
    assert len(found) == len(re.findall(r"^\| `", text, re.MULTILINE))
    return found
