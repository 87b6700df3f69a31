"""Untrusted text in messages."""

from __future__ import annotations

import os
import subprocess

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from zfstune.values.quoting import for_shell, shown

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


@settings(max_examples=60)
@given(ANYTHING.filter(lambda text: "\0" not in text and len(text) < 200))
def test_a_word_for_the_shell(text: str) -> None:
    """Whatever it is, the shell gives the very same bytes back."""
    line = f"printf %s {for_shell(text)}"
    try:
        sent = os.fsencode(text)
    except UnicodeEncodeError:  # a lone surrogate: no file system gives one
        assume(False)
    assert subprocess.check_output(["bash", "-c", line]) == sent


def test_words_that_need_no_quotes() -> None:
    """Names as people give them stay readable."""
    for name in ("tank/data/postgres", "tank@zfstune-1", "rw=@10.0.0.0/24", "/srv/a,b:c"):
        assert for_shell(name) == name
    assert for_shell("my pool/data") == "'my pool/data'"
    assert for_shell("") == "''"
    assert for_shell("it's") == "'it'\\''s'"
    assert for_shell("a\nb") == "$'a\\012b'"
    assert for_shell("a\ud800") == "$'a?'"
