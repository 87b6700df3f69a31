"""Policies: which ones are refused, and that a policy and its text are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.retention.policy import Group, Policy
from zfstune.retention.policy_text import MAX_POLICY_BYTES, format_policy, parse_policy
from zfstune.retention.rule_kinds import (
    PERIODS,
    Blocks,
    Every,
    Grid,
    Last,
    Never,
    NewerThan,
    Step,
    Unreplicated,
    Within,
)
from zfstune.values.errors import PolicyError

if TYPE_CHECKING:
    from zfstune.retention.rule_kinds import Rule

_counts = st.none() | st.integers(1, 10**6)
_names = st.text("abz09-_.: *?[];", min_size=1, max_size=12)
_steps = st.lists(
    st.builds(
        Step, st.integers(1, 99), st.integers(1, 10**6), st.none() | st.integers(1, 9)
    ),
    min_size=1,
    max_size=4,
).map(lambda steps: tuple(sorted(steps, key=lambda step: step.seconds)))

RULES: st.SearchStrategy[Rule] = st.one_of(
    st.builds(Last, _counts),
    st.builds(Every, st.sampled_from(list(PERIODS)), _counts),
    st.builds(Within, st.integers(1, 10**9)),
    st.builds(NewerThan, st.text("abz-_.: ", min_size=1, max_size=12)),
    st.builds(NewerThan, st.just(""), st.integers(0, 4 * 10**9)),
    st.builds(Grid, _steps),
    st.builds(Blocks, st.integers(1, 10**6), st.integers(101, 10**8), st.integers(0, 100)),
    st.builds(Never),
    st.builds(Unreplicated, st.booleans()),
)
_groups = st.builds(
    Group, st.lists(RULES, min_size=1, max_size=4).map(tuple), st.none() | _names
) | st.builds(
    Group,
    st.lists(RULES, min_size=1, max_size=4).map(tuple),
    st.none(),
    st.sampled_from(["auto-.*", "a b", "x;y", r"\d{4}(-\d\d){2}"]),
)
_zones = st.sampled_from(["UTC", "Europe/Berlin", "Etc/GMT+5", "America/Port-au-Prince"])
POLICIES = st.builds(Policy, st.lists(_groups, min_size=1, max_size=3).map(tuple), _zones)


@given(POLICIES)
def test_text_gives_the_policy_back(policy: Policy) -> None:
    """A stored text is read as the same policy, and has one spelling."""
    text = format_policy(policy)
    assert "\n" not in text
    assert parse_policy(text) == policy
    assert format_policy(parse_policy(text)) == text


@given(st.text(max_size=60) | st.text("keptz=0;' within1d()|xall", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Any text of a property is a policy or a PolicyError, and no other error."""
    try:
        policy = parse_policy(text)
    except PolicyError:
        return
    assert parse_policy(format_policy(policy)) == policy


def test_the_words() -> None:
    """Each word means what the manual says."""
    policy = parse_policy(
        "keep=3 hourly=48 yearly=unlimited within=36h newer-than=2026-01-01T00:00:00Z "
        "grid='1x1h(keep=all) | 24x1h|7x1d(keep=2)' tz=Europe/Berlin; "
        "match='my auto-*' never; regex=x.y newer-than=a"
    )
    assert policy.tz == "Europe/Berlin"
    own, glob, regex = policy.groups
    assert own.rules == (
        Last(3),
        Every("hourly", 48),
        Every("yearly", None),
        Within(36 * 3600),
        NewerThan(time=1767225600),
        Grid((Step(1, 3600, None), Step(24, 3600), Step(7, 86400, 2))),
    )
    assert (glob.match, glob.rules) == ("my auto-*", (Never(),))
    assert (regex.regex, regex.rules) == ("x.y", (NewerThan("a"),))
    assert regex.scope()("xay")
    assert not regex.scope()("xay-1")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no rule"),
        (" ; ", "no rule"),
        ("tz=UTC", "no rule"),
        ("match=a", "no rule"),
        ("keep=0", "every snapshot in scope"),
        ("keep=-1", "never negative"),
        ("keep=", "it has no value"),
        ("keep=many", "whole number or 'unlimited'"),
        ("daily=0", "keeps nothing"),
        ("dayly=3", "that is no rule"),
        ("48", "that is no rule"),
        ("within=7", "length of time"),
        ("within=7y", "length of time"),
        ("within=0d", "above zero"),
        ("grid=24", "24x1h"),
        ("grid=1x1d|1x1h", "must not get shorter"),
        ("grid='1x1h(keep=0)'", r"grid=1x3600s\(keep=0\)': each number must be from 1 to"),
        ("grid='0x1h(keep=all)'", r"'grid=0x3600s\(keep=all\)'"),
        ("grid='1x1h(hold=1)'", "keep=N"),
        ("blocks=4h", "like 4h/30d"),
        ("blocks=4h/30d-7d", "the ages rise"),
        ("newer-than=2026-13-01T00:00:00Z", "write a time as in"),
        ("newer-than=tank@a", "after the @"),
        ("keep=1 match=a match=b", "its part has 'match=a' already"),
        ("keep=1 match=a regex=b", "one scope"),
        ("keep=1 match=", "empty glob"),
        ("keep=1 regex=", "empty expression"),
        ("keep=1 regex=(", "missing"),
        ("keep=1 tz=../../etc/passwd", "a time zone has a name like"),
        ("keep=1 tz=/etc/localtime", "a time zone has a name like"),
        ("keep=1 tz=UTC; keep=2 match=a tz=Europe/Berlin", "has 'tz=UTC' already"),
        ("keep=1 match='a", "is not closed"),
        ("keep=1 match=" + "a" * MAX_POLICY_BYTES, "bytes"),
    ],
)
def test_nonsense_is_refused_with_the_reason(text: str, reason: str) -> None:
    """A policy that nobody can mean is an error with the reason."""
    with pytest.raises(PolicyError, match=reason):
        parse_policy(text)


def test_keeping_none_takes_consent_in_text_too() -> None:
    """The text `keep=0` is read only with consent."""
    assert parse_policy("keep=0", allow_zero=True) == Policy.last(0, allow_zero=True)


def test_a_quote_cannot_be_written() -> None:
    """An expression that the text cannot hold is refused, not changed."""
    with pytest.raises(PolicyError, match="single quote"):
        format_policy(Policy((Group((Last(1),), regex="a'b"),)))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("keep=1 free-target=20%", "keep=1 free-target=20%"),
        (
            "free-target=51200M hourly=2 tz=Europe/Berlin",
            "hourly=2 free-target=50G tz=Europe/Berlin",
        ),
        (
            "match=a keep=1; free-target=1536 match=b never",
            "match=a keep=1; match=b never free-target=1536",
        ),
    ],
)
def test_a_target_goes_with_the_whole_policy(text: str, written: str) -> None:
    """A target is said once, in any place, and reads back as it was written."""
    policy = parse_policy(text)
    assert format_policy(policy) == written
    assert parse_policy(written) == policy
    assert policy.with_least(3).free_target == policy.free_target


@pytest.mark.parametrize(
    "text",
    ["free-target=20%", "keep=1 free-target=100%", "keep=1 free-target=1G free-target=2G"],
)
def test_a_target_is_no_rule(text: str) -> None:
    """A target keeps nothing by itself; a bad one, or two, are refused."""
    with pytest.raises(PolicyError):
        parse_policy(text)
