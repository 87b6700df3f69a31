"""Values as the kernel has them, against the text that is made of them."""

from __future__ import annotations

import pytest

from zfstune.values.properties import to_text
from zfstune.values.raw_value import to_raw
from zfstune.values.size import MAX_SIZE


@pytest.mark.parametrize(
    ("name", "text", "raw"),
    [
        ("compression", "lz4", 15),
        ("atime", "off", 0),
        ("recordsize", "8192", 8192),
        ("quota", "0", 0),
        ("filesystem_limit", "none", MAX_SIZE),
        ("mountpoint", "/srv/a", "/srv/a"),
        ("org.x:y", "17", "17"),
    ],
)
def test_there_and_back(name: str, text: str, raw: int | str) -> None:
    """A word has its number, and what is text stays text."""
    assert to_raw(name, text) == raw
    assert to_text(name, raw) == text
