"""The text of a policy: errors lead to the right word, and consent is one of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from zfstune.retention.policy_text import format_policy, parse_policy, stored_form
from zfstune.values.errors import PolicyError

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
DAY = 86400


@pytest.mark.parametrize(
    ("text", "reason", "hint"),
    [
        ("hourly 48", "'hourly': it has no value", "hourly=48"),
        ("daily=30 keep 3", "'keep': it has no value", "keep=3"),
        ("keep= daily=3", "'keep=': it has no value", "keep=48"),
        ("within", "'within': it has no value", "within=7d"),
        ("tz Europe/Berlin daily=3", "'tz': it has no value", "tz=Europe/Berlin"),
        ("free-target 20% daily=3", "'free-target': it has no value", "free-target=20%"),
        ("hourly=48,daily=30", "rules are not separated by commas", "hourly=48 daily=30"),
        ("hourly=48, daily=30", "rules are not separated by commas", "hourly=48 daily=30"),
        (
            "within=7d,keep=3",
            "rules are not separated by commas",
            "separate rules by blanks",
        ),
        ("grid=24x1h,7x1d", "rules are not separated by commas", "steps of a grid"),
        ("blocks=x/30d", "'blocks=x': it takes a length of time", "as in 7d"),
        ("blocks=4h/y", "'blocks=y': it takes a length of time", "as in 7d"),
        ("blocks=4h/z-30d", "'blocks=z': it takes a length of time", "as in 7d"),
        ("blocks=4h", "'blocks=4h': it should read like 4h/30d", ""),
        ("grid=24xh", "'grid=h': it takes a length of time", "as in 7d"),
        ("grid=24h", "'grid=24h': '24h' should read like 24x1h", ""),
        ("grid='1x1h(keep=all'", "': '1x1h(keep=all' should end in (keep=N)", ""),
        ("grid='1x1h(hold=3)'", "': '1x1h(hold=3)' should end in (keep=N)", ""),
        ("grid=ax1h", "'grid=ax1h': 'ax1h' lacks a whole number", ""),
        ("within=7", "'within=7': it takes a length of time", "as in 7d"),
        ("newer-than=a@b", "'newer-than=a@b': it takes the part of the name after", ""),
        ("newer-than=2026-13-01Z", "write a time as in 2026-11-23T03:00:00Z", ""),
        ("keep=x", "'keep=x': it takes a whole number or 'unlimited'", ""),
        ("daily=-1", "'daily=-1': a count is never negative", ""),
        ("daily=3 tz=a/../b", "'tz=a/../b': a time zone has a name like Europe/Berlin", ""),
        ("match='a keep=1", "a single quote is not closed", ""),
        ("hourly weekly=3", "'hourly': it has no value", "blank: hourly="),
        ("dayly=30", "'dayly=30': that is no rule", "did you mean 'daily'?"),
        ("48", "'48': that is no rule", "rules are keep=N"),
        ("keep=0", "every snapshot in scope", "--all-of-them"),
        ("all-of-them", "no rule says what to keep", "as in keep=48"),
    ],
)
def test_the_words_lead_to_what_was_meant(text: str, reason: str, hint: str) -> None:
    """The error says what is wrong with the word, and the hint how to write it."""
    with pytest.raises(PolicyError, match=re.escape(reason)) as refused:
        parse_policy(text)
    assert hint in refused.value.hint


def test_consent_is_a_word_of_the_text() -> None:
    """Consent may stand anywhere, and means nothing to a policy that keeps some."""
    for text in (
        "keep=0 all-of-them",
        "all-of-them keep=0",
        "keep=3; match=a keep=0 all-of-them",
    ):
        policy = parse_policy(text)
        assert policy.allow_zero
        assert parse_policy(stored_form(policy)) == policy
    assert stored_form(parse_policy("keep=3 all-of-them")) == "keep=3"
    assert format_policy(parse_policy("keep=0 all-of-them")) == "keep=0"
    assert str(parse_policy("keep=0 all-of-them")) == "keep=0 all-of-them"
    assert str(parse_policy("hourly=48 tz=Europe/Berlin")) == "hourly=48 tz=Europe/Berlin"
