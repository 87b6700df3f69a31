"""A scope without snapshots is reported, with the scope that was likely meant."""

from __future__ import annotations

import pytest

from zfstune.retention.near_miss import near_misses
from zfstune.retention.policy_text import parse_policy

NAMES = ["daily-2026-11-23", "daily-2026-11-24", "hourly-1", "before"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("match=daily keep=3", "'*daily*' matches 2"),
        ("match=*-23x keep=3", ""),
        ("regex=hourly keep=3", "'.*(hourly).*' matches 1"),
        ("regex=a|ore keep=3", "'.*(a|ore).*' matches 3"),
        ("match=daily-* keep=3", ""),
        ("regex=daily-.* keep=3", ""),
        ("match=weekly keep=3", ""),
        ("regex=(?!x)hourly keep=3", ""),
        ("keep=3", ""),
    ],
)
def test_what_was_likely_meant(text: str, told: str) -> None:
    """A wider scope is named if it has snapshots; zfstune's own needs none."""
    found = near_misses(parse_policy(text), NAMES)
    assert bool(found) == bool(told)
    assert all(told in sentence for sentence in found)


def test_of_several_scopes_the_empty_one_is_told() -> None:
    """Only the scope without snapshots is named, and only if a wider one has some."""
    policy = parse_policy("match=daily keep=3; match=hourly-* keep=2")
    [found] = near_misses(policy, NAMES)
    assert found.startswith("match 'daily'")
    assert near_misses(policy, []) == []
