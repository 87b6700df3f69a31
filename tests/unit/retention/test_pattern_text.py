"""Expressions that are not known are refused by name."""

from __future__ import annotations

import pytest

from zfstune.retention.name_pattern import (
    PatternError,
    regex_matcher,
)
from zfstune.retention.policy import Group
from zfstune.retention.rule_kinds import Last
from zfstune.values.errors import PolicyError


@pytest.mark.parametrize(
    ("regex", "reason"),
    [
        (r"(a)\1", r"'\\1' is not supported"),
        ("(?P=n)", r"'\(\?P=' is not supported"),
        ("(?<=a)b", r"'\(\?<=' is not supported"),
        ("a(?!b)", r"'\(\?!b' is not supported"),
        ("(?=a)a", r"'\(\?=a' is not supported"),
        ("(?i)a", r"'\(\?i\)' is not supported"),
        ("(?!a)b|c", "needs a group behind it"),
        (r"\p{L}", r"'\\p' is not supported"),
        (r"\x41", r"'\\x' is not supported"),
        ("a*+", "multiple repeat"),
        ("a**", "multiple repeat"),
        ("a*+b", "multiple repeat before position 3"),
        ("a?{2}b", "multiple repeat"),
        ("a+?+b", "multiple repeat"),
        ("(a)*{,}b", "multiple repeat"),
        ("a{2}{3}", "multiple repeat"),
        ("*a", "nothing to repeat"),
        ("{2}a", "nothing to repeat"),
        ("^*", "nothing to repeat"),
        ("a{3,2}", "second number is below the first"),
        ("a{1001}", "more than 1000 times"),
        ("a{" + "9" * 5000 + "}", "more than 1000 times"),
        ("(a", r"missing '\)'"),
        ("a)", r"unbalanced '\)' at position 2"),
        ("[a", r"missing '\]'"),
        ("x[^a", r"missing '\]' for the '\[' at position 2"),
        ("[a-", r"missing '\]' for the '\[' at position 1"),
        (r"b[a-\d]", "bad range in the class at position 2"),
        ("$+", "nothing to repeat before position 3"),
        (r"\b{2}", "nothing to repeat before position 6"),
        ("a|?", "nothing to repeat at position 3"),
        ("(?:a", r"missing '\)'"),
        ("(?!a", r"missing '\)'"),
        ("(?P<1>a)", r"'\(\?P<' is not supported"),
        ("(?P<a", r"'\(\?P<' is not supported"),
        ("(?>a)", r"'\(\?>a' is not supported"),
        ("[b-a]", "bad range"),
        (r"[\d-a]", "bad range"),
        ("[[:alpha:]]", r"classes like \[\[:alpha:\]\] are not supported"),
        ("a\\", "ends in a backslash"),
        ("(" * 200 + ")" * 200, "nested more than 50 deep"),
    ],
)
def test_what_is_not_matched_is_named(regex: str, reason: str) -> None:
    """The error names the form that is not supported."""
    with pytest.raises(PatternError, match=reason):
        regex_matcher(regex)
    with pytest.raises(PolicyError, match="cannot use policy 'regex="):
        Group((Last(1),), regex=regex)


@pytest.mark.parametrize("regex", ["a{1000}", "a{0,1000}", "(" * 50 + ")" * 50])
def test_bounds_that_are_still_matched(regex: str) -> None:
    """A thousand repeats and fifty groups in each other are few enough."""
    assert not regex_matcher(regex)("b")


def test_only_groups_within_each_other_are_nested() -> None:
    """A group that was closed before leaves fifty for the next one, and no more."""
    deepest = "(" * 50 + "a" + ")" * 50
    assert regex_matcher(f"(a)((a)a){deepest}")("aaaa")
    with pytest.raises(PatternError, match="nested more than 50 deep"):
        regex_matcher(f"(a)((a)a)({deepest})")
