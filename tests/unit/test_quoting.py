"""Untrusted text in messages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zfstune.quoting import shown

ANYTHING = st.text(st.characters(exclude_categories=()))


@given(ANYTHING)
def test_anything_can_be_printed(text: str) -> None:
    """No control character, line break or stray byte reaches the terminal."""
    assert shown(text).isprintable()
    shown(text).encode()


@given(st.text(st.characters(exclude_categories=["C", "Z"]), max_size=300))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    """Letters of any script are shown as they are."""
    assert shown(text) == text


def test_escapes() -> None:
    """What cannot be printed is written as Python would write it."""
    assert shown("a\n\x1b[2J") == "a\\n\\x1b[2J"
    assert shown("\udcff") == "\\udcff"


def test_long_text_is_cut() -> None:
    """A name of ZFS fits, a novel does not."""
    assert shown("x" * 300) == "x" * 300
    assert shown("x" * 301) == "x" * 80 + "..."
