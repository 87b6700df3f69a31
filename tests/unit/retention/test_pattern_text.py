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
        (r"(a)\1", r"'\\1' is not matched"),
        ("(?P=n)", r"'\(\?P=' is not matched"),
        ("(?<=a)b", r"'\(\?<=' is not matched"),
        ("a(?!b)", r"'\(\?!b' is not matched"),
        ("(?=a)a", r"'\(\?=a' is not matched"),
        ("(?i)a", r"'\(\?i\)' is not matched"),
        ("(?!a)b|c", "for the whole"),
        (r"\p{L}", r"'\\p' is not matched"),
        (r"\x41", r"'\\x' is not matched"),
        ("a*+", "multiple repeat"),
        ("a**", "multiple repeat"),
        ("a{2}{3}", "multiple repeat"),
        ("*a", "nothing to repeat"),
        ("{2}a", "nothing to repeat"),
        ("^*", "nothing to repeat"),
        ("a{3,2}", "goes down"),
        ("a{1001}", "more than 1000 times"),
        ("a{" + "9" * 5000 + "}", "more than 1000 times"),
        ("(a", r"missing '\)'"),
        ("a)", r"unbalanced '\)' at position 2"),
        ("[a", r"missing '\]'"),
        ("[b-a]", "bad range"),
        (r"[\d-a]", "bad range"),
        ("[[:alpha:]]", "classes like"),
        ("a\\", "backslash at the end"),
        ("(" * 200 + ")" * 200, "lie in each other"),
    ],
)
def test_what_is_not_matched_is_named(regex: str, reason: str) -> None:
    """The error names the form that is not matched here."""
    with pytest.raises(PatternError, match=reason):
        regex_matcher(regex)
    with pytest.raises(PolicyError, match="cannot use policy 'regex="):
        Group((Last(1),), regex=regex)
