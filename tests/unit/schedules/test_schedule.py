"""Schedules on datasets made of dicts: which datasets have one and are taken along.

tests/image/test_schedules.py has the same on a pool in a file, with properties that are
inherited.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from fake_engine import FakeEngine
from zfstune.retention.policy_text import format_policy
from zfstune.schedules.schedule import (
    members,
    scheduled,
    taken_along_with,
    targets,
    with_schedule,
)
from zfstune.values.errors import NotFound, PolicyError
from zfstune.values.marks import POLICY_PROPERTY, SCHEDULE_PROPERTY
from zfstune.values.state import INHERITED, LOCAL, RECEIVED, Dataset, PropertyValue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.values.errors import ZfstuneError

TREE = ("tank", "tank/a", "tank/a/b", "tank/a/b/c", "tank/ab", "pool", "pool/x")


def marked(marks: Mapping[str, tuple[str, str]]) -> FakeEngine:
    """Make an engine on whose datasets a schedule and a policy are set; empty: is not."""
    engine = FakeEngine(*TREE)
    for name, (schedule, policy) in marks.items():
        texts = {SCHEDULE_PROPERTY: schedule, POLICY_PROPERTY: policy}
        engine.marks[name] = {prop: text for prop, text in texts.items() if text}
    return engine


def test_datasets_with_a_schedule_are_found_by_name() -> None:
    """A schedule is found in each pool, or only below the roots that are given."""
    engine = marked(
        {
            "tank/a": ("daily", "daily=3"),
            "pool/x": ("hourly", ""),
            "tank": ("none", ""),
        }
    ).seam
    found = scheduled(engine)
    assert [each.dataset for each in found] == ["pool/x", "tank/a"]
    assert [str(each.cadence) for each in found] == ["hourly", "daily"]
    assert [each.prunes for each in found] == [False, True]
    assert [each.dataset for each in scheduled(engine, ["tank"])] == ["tank/a"]
    assert with_schedule(engine) == ["pool/x", "tank/a"]


@pytest.mark.parametrize(
    ("apart", "expected"),
    [
        ((), ("tank/a", "tank/a/b", "tank/a/b/c")),
        (("tank/a/b",), ("tank/a",)),
        (("tank/a/b/c",), ("tank/a", "tank/a/b")),
        # A schedule above, or on a dataset whose name begins alike, changes nothing.
        (("tank", "tank/ab"), ("tank/a", "tank/a/b", "tank/a/b/c")),
    ],
)
def test_members_are_all_below_without_a_schedule_of_their_own(
    apart: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    """A dataset with a schedule, or with none, is not taken along, nor is one below it."""
    for every in ("daily", "none"):
        engine = marked({"tank/a": ("hourly", ""), **dict.fromkeys(apart, (every, ""))})
        tree = {each.name: each for each in engine.seam.datasets("tank")}
        assert members("tank/a", tree) == expected


def test_policies_of_members_are_collected() -> None:
    """A member's own policy is kept beside the schedule's; one that is no policy is not."""
    engine = marked(
        {
            "tank/a": ("daily", "daily=3 tz=Europe/Berlin"),
            "tank/a/b": ("", "keep=2"),
            "tank/a/b/c": ("", "nonsense"),
        }
    ).seam
    [only] = scheduled(engine)
    assert [(name, format_policy(policy)) for name, policy in only.policies] == [
        ("tank/a", "daily=3 tz=Europe/Berlin"),
        ("tank/a/b", "keep=2"),
    ]
    assert only.zone() == ZoneInfo("Europe/Berlin")
    assert scheduled(marked({"tank": ("daily", "")}).seam)[0].zone() == UTC


def test_an_unreadable_schedule_is_raised_or_collected() -> None:
    """A fault stops the listing, unless the caller collects faults."""
    engine = marked({"tank/a": ("often", ""), "pool/x": ("daily", "")}).seam
    with pytest.raises(PolicyError, match="cannot follow the schedule of 'tank/a'"):
        scheduled(engine)
    faults: list[ZfstuneError] = []
    assert [each.dataset for each in scheduled(engine, faults=faults)] == ["pool/x"]
    assert ["tank/a" in str(fault) for fault in faults] == [True]


def test_targets_are_those_named_as_they_will_be() -> None:
    """A given cadence counts before the stored one; a name that is repeated counts once."""
    engine = marked({"tank/a": ("daily", "daily=3"), "pool/x": ("", "")}).seam
    [stored] = targets(engine, ["tank/a", "tank/a"], None, needs_policy=True)
    assert str(stored.cadence) == "daily"
    [given] = targets(engine, ["tank/a"], "weekly", needs_policy=True)
    assert str(given.cadence) == "weekly"
    with pytest.raises(
        PolicyError, match="'pool/x': it has no schedule, and no interval was given"
    ):
        targets(engine, ["pool/x"], None, needs_policy=False)
    with pytest.raises(PolicyError, match="that is no schedule"):
        targets(engine, ["tank/a"], "none", needs_policy=False)
    with pytest.raises(PolicyError, match="no policy says which of them stay"):
        targets(engine, ["pool/x"], "daily", needs_policy=True)
    with pytest.raises(NotFound) as missing:
        targets(engine, ["tank/none"], "daily", needs_policy=False)
    assert "zfstune apply" in missing.value.hint


def test_a_member_whose_snapshots_would_pile_up_is_refused() -> None:
    """A member's own policy must cover zfstune's names too."""
    engine = marked(
        {"tank/a": ("daily", "daily=3"), "tank/a/b": ("", "match=autosnap_* keep=2")}
    ).seam
    with pytest.raises(PolicyError, match="cannot schedule 'tank/a/b'"):
        targets(engine, ["tank/a"], None, needs_policy=True)
    assert len(targets(engine, ["tank/a"], None, needs_policy=False)) == 1


@pytest.mark.parametrize(
    ("value", "source", "above_source", "expected"),
    [
        ("daily", INHERITED, LOCAL, "tank"),
        ("none", INHERITED, LOCAL, ""),
        ("daily", LOCAL, LOCAL, ""),
        ("daily", RECEIVED, LOCAL, ""),
        ("daily", INHERITED, RECEIVED, ""),
    ],
)
def test_a_dataset_is_taken_along_by_an_inherited_schedule(
    value: str, source: str, above_source: str, expected: str
) -> None:
    """An inherited schedule counts unless it is none, or came with a stream."""
    engine = FakeEngine("tank")
    if above_source == LOCAL:
        engine.marks["tank"][SCHEDULE_PROPERTY] = value
    own = {SCHEDULE_PROPERTY: PropertyValue(value, source, "tank")}
    dataset = Dataset("tank/a", "filesystem", 2, 2, own)
    assert taken_along_with(engine.seam, dataset) == expected
