"""Holds and releases planned: safe to repeat, and zfstune's own tags are left alone."""

from __future__ import annotations

import pytest

from zfstune.snapshots.hold_plan import HoldPlan, plan_hold, plan_release
from zfstune.values.errors import PlanError

TAGS = {"tank/a@1": ["keep", "audit"], "tank/a@2": [], "tank/a@3": ["keep"]}


def test_both_are_safe_to_repeat() -> None:
    """What is as it should be is told apart from what changes."""
    plan = plan_hold("keep", TAGS)
    assert plan == HoldPlan("keep", ("tank/a@2",), ("tank/a@1", "tank/a@3"))
    assert plan_release("audit", TAGS).change == ("tank/a@1",)
    assert plan_release("audit", TAGS).to_dict() == {
        "tag": "audit",
        "snapshots": ["tank/a@1"],
        "already": ["tank/a@2", "tank/a@3"],
    }


def test_a_tag_that_nothing_has() -> None:
    """The error names the tags that there are."""
    with pytest.raises(PlanError) as caught:
        plan_release("kept", TAGS)
    assert str(caught.value) == (
        "cannot release 'kept': 'tank/a@1' and 2 more have no such tag"
    )
    assert caught.value.hint == "did you mean 'keep'? the tags there are: audit, keep"
    with pytest.raises(PlanError, match="'tank/a@2' has no such tag") as caught:
        plan_release("keep", {"tank/a@2": []})
    assert caught.value.hint == "nothing holds it"


@pytest.mark.parametrize("tag", ["zfstune-golden", "zfstune-send-0a1b2c3d"])
def test_tags_of_zfstune(tag: str) -> None:
    """They keep images and running sends, and are no tags for others."""
    with pytest.raises(PlanError, match="by this tag itself"):
        plan_hold(tag, {"tank/a@1": []})
    with pytest.raises(PlanError, match="by this tag itself"):
        plan_release(tag, {"tank/a@1": [tag]})
    assert plan_hold("zfstune-goldens", {"tank/a@1": []}).change
