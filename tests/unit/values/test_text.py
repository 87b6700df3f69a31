"""Text in messages: untrusted text, and the word that was most likely meant."""

from __future__ import annotations

import os
import subprocess
import time
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from zfstune.values.text import (
    and_list,
    comma_list,
    did_you_mean,
    for_shell,
    nearest,
    shown,
    snapshot_hint,
    utc_minute,
    utc_stamp,
)

ANYTHING = st.text(st.characters(exclude_categories=()))
KNOWN = ("recordsize", "atime", "off", "Mixed")


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
    """Characters that cannot be printed are escaped as in Python."""
    assert shown("a\n\x1b[2J") == "a\\n\\x1b[2J"
    assert shown("\udcff") == "\\udcff"


def test_long_text_is_cut() -> None:
    """Text as long as a ZFS name is shown whole, longer text is cut."""
    assert shown("x" * 300) == "x" * 300
    assert shown("x" * 301) == "x" * 80 + "..."


@settings(max_examples=60)
@given(ANYTHING.filter(lambda text: "\0" not in text and len(text) < 200))
def test_a_word_for_the_shell(text: str) -> None:
    """The shell reads every quoted word as the very same bytes."""
    line = f"printf %s {for_shell(text)}"
    try:
        sent = os.fsencode(text)
    except UnicodeEncodeError:  # a lone surrogate: no file system gives one
        assume(False)
    assert subprocess.check_output(["bash", "-c", line]) == sent


def test_words_that_need_no_quotes() -> None:
    """Ordinary names stay as they are, without quotes."""
    for name in ("tank/data/postgres", "tank@zfstune-1", "rw=@10.0.0.0/24", "/srv/a,b:c"):
        assert for_shell(name) == name
    assert for_shell("my pool/data") == "'my pool/data'"
    assert for_shell("") == "''"
    assert for_shell("it's") == "'it'\\''s'"
    assert for_shell("a\nb") == "$'a\\012b'"
    assert for_shell("a\ud800") == "$'a?'"


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
    """A word with a letter or the case wrong has a near word; a different word has none."""
    assert nearest(word, KNOWN) == near


def test_as_a_hint() -> None:
    """The hint has the question, if there is a near word, and then the rest."""
    assert did_you_mean("offf", KNOWN, "known: off") == "did you mean 'off'? known: off"
    assert did_you_mean("offf", KNOWN) == "did you mean 'off'?"
    assert did_you_mean("zzz", KNOWN, "known: off") == "known: off"
    assert did_you_mean("zzz", KNOWN) == ""


@given(st.text())
def test_it_is_one_of_them(word: str) -> None:
    """The nearest word is always a known one, or none."""
    assert nearest(word, KNOWN) in {"", *KNOWN}


def test_many_names_are_counted() -> None:
    """The first twenty are named."""
    names = [f"tank@{number}" for number in range(22)]
    assert comma_list(names[:2]) == "tank@0, tank@1"
    assert comma_list(names[:20]).endswith("tank@18, tank@19")
    assert comma_list(names).endswith("tank@18, tank@19 and 2 more")


def test_a_huge_word_takes_no_time() -> None:
    """A hostile file cannot make an error message take minutes."""
    began = time.process_time()
    assert nearest("a" * 60_000, ["a" * 60_000, "b" * 90]) == ""
    assert time.process_time() - began < 1


def test_a_time_is_in_utc_and_cut_to_the_minute() -> None:
    """Seconds are cut off, and the zone of this system does not matter."""
    assert utc_minute(0) == "1970-01-01 00:00Z"
    assert utc_minute(1795402859) == "2026-11-23 03:00Z"


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_stamps_sort_as_times_do(one: datetime, other: datetime) -> None:
    """A year below 1000 has four digits, too, so that a stamp is always as long."""
    one, other = one.replace(microsecond=0), other.replace(microsecond=0)
    assert (utc_stamp(one) < utc_stamp(other)) == (one < other)
    assert utc_stamp(datetime(7, 1, 2, 3, 4, 5, tzinfo=UTC)) == "00070102T030405Z"


def test_words_in_a_sentence() -> None:
    """The last of several words follows an "and"."""
    assert and_list(["a"]) == "a"
    assert and_list(iter("ab")) == "a and b"
    assert and_list("abc") == "a, b and c"


def test_a_snapshot_that_is_not_there() -> None:
    """The nearest name, the newest, and the command that lists all, quoted."""
    assert snapshot_hint("tank/a b", "x", []) == (
        "the dataset has no snapshot; zfstune snapshot 'tank/a b' takes one"
    )
    assert snapshot_hint("tank/a", "mondya", ["monday", "zz"]) == (
        "did you mean 'monday'? the newest is 'zz'; all of them: zfstune snapshots tank/a"
    )
    far = snapshot_hint("tank/a", "qqq", ["monday"])
    assert far.startswith("the newest is 'monday'")
