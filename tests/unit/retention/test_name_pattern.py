"""Names are matched as Python's re and fnmatch do, but in a time that is bounded."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zfstune.retention.name_pattern import (
    PatternError,
    glob_matcher,
    regex_matcher,
)
from zfstune.retention.policy_text import MAX_GROUPS, parse_policy
from zfstune.values.errors import PolicyError

NAMES = st.text("ab1-_. Z", min_size=1, max_size=12)
_MEMBERS = st.sampled_from(["a", "b", "a-z", r"\d", r"\w", r"\s", "-", "1", r"\]", "."])
_CLASS = st.builds(
    "[{}{}]".format,
    st.sampled_from(["", "^"]),
    st.lists(_MEMBERS, min_size=1, max_size=4).map(lambda found: "".join(sorted(found))),
)
_ATOM = (
    st.sampled_from([*"ab1-_Z", ".", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\."])
    | _CLASS
)
_EDGE = st.sampled_from(["^", "$", r"\A", r"\Z", r"\b", r"\B"])
_COUNTS = st.sampled_from(
    ["*", "+", "?", "*?", "+?", "??", "{2}", "{0}", "{1,}", "{,2}", "{1,3}", "{0,2}?"]
)


def _larger(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    group = st.builds(
        "{}{})".format, st.sampled_from(["(", "(?:", "(?P<n>"]), part
    )  # a name twice is an error in Python: see the tests
    return st.one_of(
        st.builds("{}{}".format, part, part),
        st.builds("(?:{}|{})".format, part, part),
        st.builds("{}|{}".format, part, part),
        st.builds("{}{}".format, group, _COUNTS),
        group,
    )


REGEXES = st.recursive(
    st.builds("{}{}".format, _ATOM, st.just("") | _COUNTS) | _EDGE | st.just(""),
    _larger,
    max_leaves=12,
)


@pytest.mark.filterwarnings("ignore:Possible set:FutureWarning")
@given(REGEXES, st.lists(NAMES, min_size=1, max_size=6))
@example("(?:|a)+", ["a"])
@example("a{,}", ["aa"])
@example(r"(?!(?:auto_.*)\Z).*", ["auto_1", "auto", "b"])
@example(r"(?!ab)(?!1).*", ["ab1", "1", "b"])
@example("[]a]+", ["a", "b"])
@example("[^]a]+", ["a", "b"])
@example("a{", ["a", "b"])
@example("[a-]", ["a", "-", "b"])
@example("[ab1-]", ["a", "b", "1", "-", "_"])
@example("[^1a-b]", ["a", "b", "1", "-"])
@example("^a$", ["a", "aa"])
@example("a$|^b", ["a", "b", "ab"])
@example(r"\Aa\Z", ["a", "aa"])
@example("(?P<n>a)(?P<m2>b)", ["ab", "nab"])
@example("a{2,}b{,1}", ["a", "aa", "aaab", "aabb"])
@example("a{b}c{1,d}", ["a{b}c{1,d}", "abc"])
@example("a{,b", ["a{,b"])
@example("[^^]a", ["ba", "^a"])
@example("[a^]", ["^", "a", "b"])
@example("a|b|", ["a", "b", "ab"])
@example("[a-a]", ["a", "b", "-"])
@example("-][a-c]", ["-]a", "-]b", "-]-"])
@example(r"[\]-a]", ["]", "^", "a", "-", "b"])
@example("(19|20)[0-9][0-9].*_daily", ["2026-11-23_daily", "1826_daily"])
def test_as_python_matches(regex: str, names: list[str]) -> None:
    """Where Python takes an expression too, both match the same names."""
    try:
        compiled = re.compile(regex, re.DOTALL)
    except re.error:
        with pytest.raises(PatternError):
            regex_matcher(regex if "(?P<n>" not in regex else "(")
        return
    matches = regex_matcher(regex)
    for name in names:
        assert matches(name) == (compiled.fullmatch(name) is not None)


@given(
    st.text("ab1-*?[]!^\\&|~", max_size=10), st.lists(st.text("ab1-]![^\\&|~", max_size=6))
)
@example("*a*a*a*b", ["a" * 250, "aaab"])
@example("[b-a]", ["a", "b"])
@example("[!b-a]", ["a"])
@example("[--a]x", ["-x", "ax", "bx"])
@example("[a-]", ["a", "-", "b"])
@example("[ab1]", ["a", "b", "1", "-"])
@example("[a-b1]", ["a", "b", "1", "-"])
@example("[1a-b]", ["a", "b", "1", "-"])
@example("[]-a]x", ["]x", "^x", "ax", "-x", "bx"])
@example("[!]a]", ["]", "a", "b"])
def test_globs_match_as_the_shell_does(glob: str, names: list[str]) -> None:
    """Globs match as with fnmatchcase: an open class is a bracket, and case counts."""
    matches = glob_matcher(glob)
    for name in names:
        assert matches(name) == fnmatchcase(name, glob)


def test_edges_of_words_and_lines() -> None:
    """An edge lies where a word begins or ends; a dollar matches the end alone."""
    assert regex_matcher(r".*\bdaily\b.*")("auto-daily-1")
    assert not regex_matcher(r".*\bdaily\b.*")("auto_daily_1")
    assert regex_matcher(r"a\Bb")("ab")
    assert not regex_matcher("a$")("a\n")
    assert not regex_matcher("a^b")("ab")


@pytest.mark.parametrize(
    "regex", ["(a|a)+$", "(a*)*b", "(.*a){20}", "(a|aa)+$", "(a?){250}a{250}"]
)
def test_no_expression_is_slow(regex: str) -> None:
    """Expressions that take Python's matcher for ever end after some steps here."""
    matches = regex_matcher(regex)
    assert not matches("a" * 240 + "!")


@pytest.mark.parametrize(
    "regex", ["(?:(?:a{1000}){1000}){1000}", "(?:(?:(?:){1000}){1000}){1000}", "a?" * 2500]
)
def test_no_expression_is_large(regex: str) -> None:
    """Repeats of repeats are refused before they are written out."""
    with pytest.raises(PatternError, match="too many parts"):
        regex_matcher(regex)


def test_many_parts_are_refused() -> None:
    """A stored policy has a hundred parts at most, and reading more builds nothing."""
    parts = [f"regex=.*a.{{13}}{at} keep=1" for at in range(250)]
    assert len(parse_policy("; ".join(parts[:MAX_GROUPS])).groups) == MAX_GROUPS == 100
    with pytest.raises(PolicyError, match="more than 100 parts"):
        parse_policy("; ".join(parts))
