"""Go's regular expressions: each is read as Go reads it, or refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zfstune.retention.imports.go_regex import (
    UnreadableError,
    is_within,
    literal_prefix,
    whole,
)


@pytest.mark.parametrize(
    ("regex", "expected"),
    [
        ("", ".*"),
        (".*", ".*"),
        ("^.*$", ".*"),
        ("^", ".*"),
        ("$", ".*"),
        ("^zrepl_", "zrepl_.*"),
        ("^zrepl_.*", "zrepl_.*"),
        ("^zrepl_.*$", "zrepl_.*"),
        ("^zrepl_$", "zrepl_"),
        ("zrepl_", ".*zrepl_.*"),
        ("_daily$", ".*_daily"),
        ("a\\$", ".*a\\$.*"),
        ("a\\.*", ".*a\\.*.*"),
        (".*?x", ".*.*?x.*"),
        ("a|b$", ".*(?:a|b$).*"),
        ("(?i)Ab", ".*(?i:Ab).*"),
        ("^(?:man|auto)", ".*(?:^(?:man|auto)).*"),
        ("^$", ""),
    ],
)
def test_whole(regex: str, expected: str) -> None:
    """An expression for whole names is as short as it can be."""
    assert whole(regex) == expected


@pytest.mark.parametrize(
    "regex",
    [
        *("a++", "a**", "a{,3}", "a{2}{3}", "*a", "(*a)", "a|*b", "^*", "a{1000}", "{"),
        *("\\pL", "\\z", "\\Z", "\\C", "\\Qa\\E", "\\x41", "\\101", "\\a", "a\\", "\\1"),
        *("[[:alpha:]]", "[a", "[]a]", "[a--b]", "[a&&b]", "[z-a]", "[a||b]", "[\\b]"),
        *("(?=a)", "(?!a)", "(?<=a)", "(?<n>a)", "(?P=n)", "(?s)a", "(?-i:a)", "(?#a)"),
        *("(?>a)", "(a", "a)", "a(?i)b", "ü", "a\nb", "(?P<a>x)(?P<a>y)", "a{3,2}", "a]["),
    ],
)
def test_what_the_two_may_read_differently(regex: str) -> None:
    """An expression that Go and Python may read differently is refused."""
    with pytest.raises(UnreadableError):
        whole(regex)


@pytest.mark.parametrize(
    ("regex", "name", "found"),
    [
        ("(?i)ZREPL", "x_zrepl_1", True),
        ("(?i:Z)REPL", "zREPL", True),
        ("(?i:Z)REPL", "zrepl", False),
        ("\\bday\\b", "a-day-b", True),
        ("\\bday\\b", "a_day_b", False),
        ("^[^a-c]{2,3}$", "xyz", True),
        ("^[^a-c]{2,3}$", "wxyz", False),
        ("\\Ax|y\\$", "yx", False),
        ("(?P<n>ab)+?$", "xabab", True),
        ("^\\d+\\.\\D\\w\\W\\s\\S$", "12.ab- c", True),
        ("[\\d.-]$", "a.", True),
        ("[*+?(){}|$^:]", "a:", True),
    ],
)
def test_what_they_find(regex: str, name: str, found: bool) -> None:  # noqa: FBT001
    """An expression finds its match anywhere in a name."""
    assert (re.fullmatch(whole(regex), name) is not None) == found


pieces = st.sampled_from(
    (
        *("a", "b", "_", "-", ".", "\\.", "^", "$", "|", "(", ")", "(?:", "*", "+", "?"),
        *("{2}", "[ab]", "[^a]", "\\d", "(?i)", "*?", "\\b", ".*", "daily", "z_"),
    )
)
names = st.text(alphabet="abz_-.1Ad", min_size=1, max_size=8)


@given(st.lists(pieces, max_size=6).map("".join), names)
def test_the_whole_is_what_a_search_finds(regex: str, name: str) -> None:
    """For any expression, the one for whole names matches just the names with a match."""
    try:
        found = whole(regex)
    except UnreadableError:
        assume(False)
    assert (re.fullmatch(found, name) is not None) == (re.search(regex, name) is not None)


@pytest.mark.parametrize(
    ("found", "prefix"),
    [
        ("zrepl_.*", "zrepl_"),
        ("zrepl_", "zrepl_"),
        ("zrepl_*", "zrepl"),
        ("z\\.*", "z"),
        ("z\\.a.*", "z.a"),
        (".*x", ""),
        (".*(?:a|b).*", ""),
        ("(?i:a).*", ""),
        ("ab?c", "a"),
        ("ab{2}", "a"),
        ("a[bc].*", "a"),
    ],
)
def test_literal_prefix(found: str, prefix: str) -> None:
    """The prefix is the text that each matching name begins with."""
    assert literal_prefix(found) == prefix


@pytest.mark.parametrize(
    ("scope", "other", "within"),
    [
        ("a.*", "a.*", True),
        ("ab.*", "a.*", True),
        ("ab", "a.*", True),
        ("a.*", "ab.*", False),
        ("a.*", ".*", True),
        (".*", "a.*", False),
        ("ab.*", "a.*b", False),
        ("ab", "a", False),
        ("a\\.b.*", "a\\..*", True),
        ("axb.*", "a\\..*", False),
        ("ab*", "ab.*", False),
    ],
)
def test_is_within(scope: str, other: str, within: bool) -> None:  # noqa: FBT001
    """One expression is within another only if that is sure."""
    assert is_within(scope, other) == within


@given(
    st.lists(pieces, max_size=4).map("".join),
    st.lists(pieces, max_size=3).map("".join),
    names,
)
def test_what_is_within_matches_no_more(inner: str, other: str, name: str) -> None:
    """For any two expressions and any name, the inner one never matches alone."""
    try:
        scope, wider = whole(inner), whole(other)
    except UnreadableError:
        assume(False)
    if is_within(scope, wider) and re.fullmatch(scope, name):
        assert re.fullmatch(wider, name)
    if re.fullmatch(scope, name):
        assert name.startswith(literal_prefix(scope))
