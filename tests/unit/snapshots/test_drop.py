"""Listing and dropping checkpoints, where the order of calls counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fake_engine import FakeEngine
from zfstune.snapshots.drop import drop_checkpoint, list_checkpoints
from zfstune.snapshots.rewind_plan import ESCAPE
from zfstune.values.errors import NotFound, PlanError
from zfstune.values.frozen import replace
from zfstune.values.marks import CHECKPOINT_PROPERTY
from zfstune.values.state import NONE, PropertyValue

if TYPE_CHECKING:
    from zfstune.snapshots.drop_plan import DropPlan


class CloneEngine(FakeEngine):
    """An engine that can destroy datasets and give a snapshot a clone."""

    def destroy(self, name: str) -> None:
        """Destroy one dataset."""
        self.calls.append(("destroy dataset", (name,)))
        del self.marks[name]

    def clone(self, snapshot: str, name: str) -> None:
        """Make a clone of a snapshot."""
        self.marks[name] = {}
        taken = self.taken[snapshot]
        clones = {**taken.properties, "clones": PropertyValue(name, NONE)}
        self.taken[snapshot] = replace(taken, properties=clones, clones=1)


def checkpointed(name: str, *datasets: str, size: int = 2) -> CloneEngine:
    """Make an engine that has one checkpoint of these datasets."""
    engine = CloneEngine("tank", "tank/a", "tank/b")
    take(engine, name, *datasets, mark=str(size))
    engine.calls.clear()
    return engine


def take(engine: FakeEngine, name: str, *datasets: str, mark: str) -> None:
    """Take snapshots as a checkpoint, or a rollback, does."""
    names = [f"{dataset}@checkpoint-{name}" for dataset in datasets]
    engine.take_snapshots(names, properties={CHECKPOINT_PROPERTY: mark})


def test_the_oldest_checkpoint_comes_first() -> None:
    """Each has the datasets that still have it, and the number that it was taken of."""
    engine = checkpointed("zz", "tank/a", "tank/b")
    take(engine, "aa", "tank/b", mark="2")
    found = list_checkpoints(engine=engine.seam)
    assert [(c.name, c.datasets, c.size) for c in found] == [
        ("zz", ("tank/a", "tank/b"), 2),
        ("aa", ("tank/b",), 2),
    ]


def test_other_snapshots_are_no_checkpoints() -> None:
    """A name alone proves nothing, and a rollback's own snapshot is none."""
    engine = FakeEngine("tank", "tank/a")
    engine.take_snapshots(["tank/a@checkpoint-mine"])
    take(engine, "escape", "tank/a", mark=ESCAPE)
    assert list_checkpoints(engine=engine.seam) == ()
    with pytest.raises(NotFound, match="find checkpoint 'mine'"):
        drop_checkpoint("mine", engine=engine.seam)


def test_the_snapshots_go_last_all_at_once() -> None:
    """A drop that fails before them leaves the checkpoint, and can be repeated."""
    engine = checkpointed("one", "tank/a", "tank/b")
    engine.clone("tank/a@checkpoint-one", "tank/clone")
    plan = drop_checkpoint("one", lose=["clones"], engine=engine.seam)
    assert engine.calls == [
        ("destroy dataset", ("tank/clone",)),
        ("destroy", ("tank/a@checkpoint-one", "tank/b@checkpoint-one")),
    ]
    assert plan.snapshots == ("tank/a@checkpoint-one", "tank/b@checkpoint-one")


def test_a_refused_drop_is_shown_and_changes_nothing() -> None:
    """A dry run is shown and changes nothing either, and needs no consent."""
    engine = checkpointed("one", "tank/a")
    engine.clone("tank/a@checkpoint-one", "tank/clone")
    shown: list[DropPlan] = []
    with pytest.raises(PlanError, match="would be lost: clones: tank/clone"):
        drop_checkpoint("one", engine=engine.seam, show=shown.append)
    assert [clone.name for clone in shown[0].clones] == ["tank/clone"]
    assert drop_checkpoint("one", dry_run=True, engine=engine.seam) == shown[0]
    assert engine.calls == []


def test_a_drop_may_be_of_some_datasets() -> None:
    """The datasets that were not named keep the checkpoint."""
    engine = checkpointed("one", "tank/a", "tank/b")
    drop_checkpoint("one", "tank/b", engine=engine.seam)
    assert list(engine.taken) == ["tank/a@checkpoint-one"]
