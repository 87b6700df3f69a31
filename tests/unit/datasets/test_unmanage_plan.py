"""Marks taken off: of the dataset that is named, and of those below only when asked."""

from __future__ import annotations

import pytest

from zfstune.datasets.unmanage_plan import plan_unmanage
from zfstune.values.errors import PlanError
from zfstune.values.marks import (
    APPLIED_PROPERTY,
    POLICY_PROPERTY,
    PROFILE_PROPERTY,
    SCHEDULE_PROPERTY,
    STANDS_FOR_PROPERTY,
)
from zfstune.values.state import INHERITED, LOCAL, Dataset, PropertyValue


def dataset(name: str, *, source: str = LOCAL, **values: str) -> Dataset:
    """Give a dataset with properties."""
    shown = {key: PropertyValue(value, source) for key, value in values.items()}
    return Dataset(name, "filesystem", 1, 1, shown)


TOP = dataset(
    "tank/a",
    **{
        PROFILE_PROPERTY: "postgres",
        APPLIED_PROPERTY: "{}",
        STANDS_FOR_PROPERTY: "postgres",
        SCHEDULE_PROPERTY: "hourly",
        POLICY_PROPERTY: "keep=3",
        "recordsize": "8192",
    },
)
BELOW = dataset("tank/a/b", **{PROFILE_PROPERTY: "postgres", SCHEDULE_PROPERTY: "none"})
HEIR = dataset("tank/a/c", source=INHERITED, **{PROFILE_PROPERTY: "postgres"})
ALL = (TOP, BELOW, HEIR)


def test_one_dataset() -> None:
    """The note goes first, so that half a run leaves it managed; the rest is named."""
    plan = plan_unmanage("tank/a", ALL, recursive=False)
    assert plan.marks == (
        ("tank/a", (APPLIED_PROPERTY, STANDS_FOR_PROPERTY, PROFILE_PROPERTY)),
    )
    below, scheduled, pruned = plan.cautions()
    assert below.endswith(": tank/a/b")
    assert "`zfstune schedule remove tank/a`" in scheduled
    assert "`zfstune policy clear tank/a`" in pruned
    assert plan.to_dict() == {
        "datasets": [
            {"name": "tank/a", "profiles": ["postgres"], "marks": list(plan.marks[0][1])}
        ],
        "below": ["tank/a/b"],
        "scheduled": ["tank/a"],
        "pruned": ["tank/a"],
    }


def test_with_those_below() -> None:
    """A mark that is inherited is another dataset's."""
    plan = plan_unmanage("tank/a", ALL, recursive=True)
    assert plan.datasets == ("tank/a", "tank/a/b")
    assert plan.marks[1] == ("tank/a/b", (PROFILE_PROPERTY,))
    assert plan.below == ()
    assert plan_unmanage("tank/a/b", [BELOW], recursive=False).cautions() == []


def test_what_is_not_managed() -> None:
    """It is an error, which says where managed datasets are."""
    with pytest.raises(PlanError, match="zfstune does not manage it") as caught:
        plan_unmanage("tank/a/c", [HEIR], recursive=True)
    assert "zfstune list" in caught.value.hint
    with pytest.raises(PlanError) as caught:
        plan_unmanage("tank", [dataset("tank"), *ALL], recursive=False)
    assert caught.value.hint.endswith("zfstune unmanage -r tank")
