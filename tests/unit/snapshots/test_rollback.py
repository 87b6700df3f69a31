"""Rollbacks in cases that no kernel can be made to show: races and forced unmounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fake_engine import FakeEngine
from zfstune.snapshots.checkpoint import checkpoint
from zfstune.snapshots.rollback import rollback
from zfstune.values.errors import PlanError
from zfstune.values.state import Mount

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.snapshots.rewind_plan import RewindPlan

BOTH = ("tank/a", "tank/b")


class RewindingEngine(FakeEngine):
    """An engine that rolls back, and unmounts by force the datasets that a test names.

    Attributes:
        mounted: Mountpoints by dataset.
        lost: Datasets that a rollback unmounts.
    """

    def __init__(self, *datasets: str) -> None:
        super().__init__(*datasets)
        self.mounted: dict[str, str] = {}
        self.lost: set[str] = set()

    def mounts(self) -> dict[str, Mount]:
        """Give the mounts that are left."""
        return {
            name: Mount(name, path, uid=0, gid=0, mode=0o755)
            for name, path in self.mounted.items()
        }

    def destroy_bookmarks(self, names: Iterable[str]) -> None:
        """Note the bookmarks that go."""
        self.calls.append(("destroy bookmarks", tuple(names)))

    def rollback(self, snapshot: str) -> None:
        """Roll back, and lose some mounts."""
        self.calls.append(("rollback", (snapshot,)))
        for name in self.lost.intersection(self.mounted):
            del self.mounted[name]

    def mount(self, name: str) -> None:
        """Note the dataset that is mounted."""
        self.calls.append(("mount", (name,)))


def checkpointed() -> RewindingEngine:
    """Make an engine with a checkpoint called one of two datasets."""
    engine = RewindingEngine("tank", *BOTH)
    checkpoint("one", *BOTH, engine=engine.seam)
    engine.calls.clear()
    return engine


def test_newer_snapshots_go_before_all_is_rolled_back() -> None:
    """They go first, since ZFS rolls back to the newest snapshot alone."""
    engine = checkpointed()
    engine.take_snapshots(["tank/a@later"])
    engine.calls.clear()
    done = rollback("one", escape=False, lose=["snapshots"], engine=engine.seam)
    assert done.done == BOTH
    assert engine.calls == [
        ("destroy", ("tank/a@later",)),
        ("destroy bookmarks", ()),
        ("rollback", ("tank/a@checkpoint-one",)),
        ("rollback", ("tank/b@checkpoint-one",)),
    ]


def test_what_lost_its_mount_is_mounted_again() -> None:
    """A dataset is mounted again, but the system's root waits for the reboot."""
    engine = checkpointed()
    engine.mounted = {"tank/a": "/nowhere/a", "tank/b": "/"}
    engine.lost = set(BOTH)
    done = rollback("one", escape=False, lose=["script"], engine=engine.seam)
    assert [targets for call, targets in engine.calls if call == "mount"] == [("tank/a",)]
    assert ["reboot at once" in caution for caution in done.plan.cautions] == [True]


def test_a_snapshot_that_was_taken_since_the_plan_stops_it() -> None:
    """Nobody consented to lose that snapshot, so no dataset is rolled back."""
    engine = checkpointed()

    def race(_: RewindPlan) -> None:
        engine.take_snapshots(["tank/b@race"])

    with pytest.raises(
        PlanError, match="'tank/b@race' was taken after the rollback"
    ) as refused:
        rollback("one", escape=False, engine=engine.seam, show=race)
    assert refused.value.hint == "run the command again"
    assert [call for call, _ in engine.calls if call == "rollback"] == []


def test_a_dataset_without_the_checkpoint_is_left() -> None:
    """The plan and its JSON name the dataset, whether it ever had the checkpoint or not."""
    engine = checkpointed()
    engine.marks["tank/c"] = {}
    done = rollback("one", "tank/a", "tank/c", escape=False, engine=engine.seam)
    assert (done.done, done.plan.left) == (("tank/a",), ("tank/c",))
    assert (done.to_dict()["done"], done.to_dict()["left"]) == (["tank/a"], ["tank/c"])
    del engine.taken["tank/b@checkpoint-one"]
    plan = rollback("one", *BOTH, dry_run=True, engine=engine.seam).plan
    assert (plan.left, plan.missing) == (("tank/b",), 0)


def test_a_dry_run_is_shown_and_changes_nothing() -> None:
    """A dry run needs no consent to a loss, since nothing is done."""
    engine = checkpointed()
    engine.take_snapshots(["tank/a@later"])
    engine.calls.clear()
    shown: list[RewindPlan] = []
    done = rollback("one", dry_run=True, engine=engine.seam, show=shown.append)
    assert (shown, done.done, engine.calls) == ([done.plan], (), [])
    with pytest.raises(PlanError, match="snapshots: tank/a@later"):
        rollback("one", engine=engine.seam)
    assert engine.calls == []
