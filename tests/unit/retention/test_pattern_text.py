"""Expressions that are not known are refused by name."""

from __future__ import annotations

import pytest

from zfstune.retention.name_pattern import (
    PatternError,
    regex_matcher,
)
from zfstune.retention.policy import Group, Last
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
