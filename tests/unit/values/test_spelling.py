"""What was most likely meant."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.values.spelling import did_you_mean, nearest

KNOWN = ("recordsize", "atime", "off", "Mixed")


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("recordsise", "recordsize"),
        ("RECORDSIZE", "recordsize"),
        ("offf", "off"),
        ("mixd", "Mixed"),
        ("quite another", ""),
        ("", ""),
    ],
)
def test_the_nearest(word: str, near: str) -> None:
    """One letter off, or another case; what is like nothing stays without an answer."""
    assert nearest(word, KNOWN) == near


def test_as_a_hint() -> None:
    """With more behind it, and without a question where there is none."""
    assert did_you_mean("offf", KNOWN, "known: off") == "did you mean 'off'? known: off"
    assert did_you_mean("offf", KNOWN) == "did you mean 'off'?"
    assert did_you_mean("zzz", KNOWN, "known: off") == "known: off"
    assert did_you_mean("zzz", KNOWN) == ""


@given(st.text())
def test_it_is_one_of_them(word: str) -> None:
    """Whatever is asked, the answer is a known word or none."""
    assert nearest(word, KNOWN) in {"", *KNOWN}


def test_a_huge_word_takes_no_time() -> None:
    """A hostile file cannot make an error message take minutes."""
    began = time.process_time()
    assert nearest("a" * 60_000, ["a" * 60_000, "b" * 90]) == ""
    assert time.process_time() - began < 1
