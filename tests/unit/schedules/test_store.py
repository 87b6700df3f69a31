"""What is stored of a schedule: only what differs, and in the order that is safe."""

from __future__ import annotations

import pytest

from fake_engine import FakeEngine
from zfstune.schedules.store import set_schedule, store_changes, stored_changes
from zfstune.schedules.stored_changes import StoredChanges
from zfstune.values.errors import PolicyError
from zfstune.values.marks import (
    REPLICATE_PROPERTY,
    REPLICATE_WITH_PROPERTY,
    SCHEDULE_PROPERTY,
)
from zfstune.values.replication_marks import UNSENT


def test_a_schedule_is_stored_once() -> None:
    """Only another schedule is written, and a text that is no cadence is refused."""
    engine = FakeEngine("tank", "tank/a")
    engine.marks["tank/a"] = {SCHEDULE_PROPERTY: "daily"}
    calls: list[str] = []
    engine.before = calls.append
    set_schedule(engine.seam, "tank/a", "daily")
    assert "set" not in calls
    set_schedule(engine.seam, "tank/a", "none")
    assert engine.marks["tank/a"] == {SCHEDULE_PROPERTY: "none"}
    with pytest.raises(PolicyError, match="names no interval that zfstune knows"):
        set_schedule(engine.seam, "tank/a", "often")
    assert engine.marks["tank/a"] == {SCHEDULE_PROPERTY: "none"}


def test_changes_are_stored_and_are_none_then() -> None:
    """The dataset says then what they say, and a second look finds none."""
    engine = FakeEngine("tank", "tank/a")
    changes = StoredChanges(
        {"tank/a": "hourly"}, {"tank/a": "backup/a"}, {"tank/a": "properties"}
    )
    store_changes(engine.seam, changes)
    assert engine.marks["tank/a"] == {
        SCHEDULE_PROPERTY: "hourly",
        REPLICATE_PROPERTY: "backup/a",
        REPLICATE_WITH_PROPERTY: "properties",
    }
    again = stored_changes(engine.seam, unscheduled={"tank/a": "hourly"})
    assert not list(again.lines())


def test_targets_are_taken_away_before_their_options() -> None:
    """A run between the two steps must not send what the options leave out."""
    engine = FakeEngine("tank", "tank/a")
    store_changes(
        engine.seam,
        StoredChanges({}, {"tank/a": "backup/a"}, {"tank/a": "properties"}),
    )
    gone: list[str] = []
    inherit = engine.inherit

    def noting(name: str, prop: str) -> None:
        gone.append(prop)
        inherit(name, prop)

    engine.inherit = noting  # type: ignore[method-assign]
    changes = StoredChanges({}, {"tank/a": ""}, {"tank/a": ""})
    store_changes(engine.seam, changes)
    assert gone == [REPLICATE_PROPERTY, REPLICATE_WITH_PROPERTY]
    assert engine.marks["tank/a"] == {}


def test_a_dataset_that_is_sent_with_no_tree_stays_so() -> None:
    """Its own word against the tree above is no target that a removal takes away."""
    engine = FakeEngine("tank", "tank/a")
    engine.marks["tank/a"] = {REPLICATE_PROPERTY: UNSENT}
    assert not list(stored_changes(engine.seam, unsent=["tank/a"]).lines())
