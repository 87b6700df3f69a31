"""A whole policy simulated: each group by itself, in the policy's zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import zfstune
from zfstune.retention.policy_text import parse_policy
from zfstune.retention.simulate_policy import simulate_policy

DAY = 86400
START = datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_each_group_has_a_simulation() -> None:
    """They stand in the order of the groups, from a text as from a value."""
    text = "match=a* keep=2; match=b* daily=3"
    found = simulate_policy(text, every_s=DAY, until_s=10 * DAY, start=START)
    assert [(len(each.times), each.taken) for each in found] == [(2, 11), (3, 11)]
    parsed = parse_policy(text)
    assert simulate_policy(parsed, every_s=DAY, until_s=10 * DAY, start=START) == found


def test_days_begin_in_the_zone_of_the_policy() -> None:
    """Another zone keeps other snapshots of a day: the newest of it, or the oldest."""
    times = {
        zone: simulate_policy(f"daily=3 tz={zone}", until_s=5 * DAY, start=START)[0].times
        for zone in ("UTC", "Asia/Tokyo")
    }
    assert times["UTC"] != times["Asia/Tokyo"]


def test_what_is_printed() -> None:
    """The bands of ages, and the numbers below them."""
    [found] = simulate_policy("keep=3", until_s=DAY, start=START)
    assert str(found).splitlines()[-1] == (
        "3 of 25 snapshots, the oldest 2h old, worst gap 1h"
    )
    assert found.to_dict()["times"] == [
        "2026-11-02T10:00:00Z",
        "2026-11-02T11:00:00Z",
        "2026-11-02T12:00:00Z",
    ]


def test_what_makes_no_sense() -> None:
    """A text that is no policy, a zone that nobody knows, and too short a time."""
    for text, until_s in (("keep", DAY), ("keep=3 tz=No/Where", DAY), ("keep=3", 60)):
        with pytest.raises(zfstune.PolicyError):
            simulate_policy(text, until_s=until_s, start=START)
