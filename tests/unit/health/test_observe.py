"""Observations of states that a test cannot bring a real pool into."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from fake_engine import FakeEngine
from zfstune.engine._errno import engine_error
from zfstune.health.observe import observe
from zfstune.schedules.last_run import LastRun
from zfstune.schedules.note import note
from zfstune.values.errors import NotFound
from zfstune.values.frozen import replace
from zfstune.values.marks import SCHEDULE_PROPERTY, SNAPSHOT_PROPERTY

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.values.state import Dataset, Snapshot

OWN = {SNAPSHOT_PROPERTY: "auto"}
AUTO = "zfstune-20261123T0{}0000Z"


class DamagedEngine(FakeEngine):
    """An engine with one dataset that cannot be read."""

    lost = ""

    def dataset(self, name: str) -> Dataset:
        """Refuse to read the lost dataset."""
        if name == self.lost:
            raise engine_error("read", name, errno.EIO)
        return super().dataset(name)

    def datasets(self, root: str, *, recursive: bool = True) -> list[Dataset]:
        """List the lost dataset as a damaged one."""
        lost, self.lost = self.lost, ""
        listed = super().datasets(root, recursive=recursive)
        self.lost = lost
        return [
            replace(dataset, damaged="an I/O error") if dataset.name == lost else dataset
            for dataset in listed
        ]


def hourly(*datasets: str) -> DamagedEngine:
    """Make an engine whose dataset tank/a is snapshotted hourly, with all below it."""
    engine = DamagedEngine("tank", "tank/a", *datasets)
    engine.marks["tank/a"] = {SCHEDULE_PROPERTY: "hourly", "creation": "1000"}
    return engine


def test_without_names_the_scheduled_ones_are_seen(tmp_path: Path) -> None:
    """A dataset without a schedule is seen only if it is named."""
    engine = hourly("tank/a/b", "tank/c")
    seen = observe(engine.seam, [], os.fspath(tmp_path))
    assert [(d.dataset, d.interval_seconds) for d in seen.datasets] == [
        ("tank/a", 3600),
        ("tank/a/b", 3600),
    ]
    seen = observe(engine.seam, ["tank/c", "tank/c"], os.fspath(tmp_path))
    assert [(d.dataset, d.interval_seconds) for d in seen.datasets] == [("tank/c", None)]
    with pytest.raises(NotFound):
        observe(engine.seam, ["tank/none"], os.fspath(tmp_path))


def test_the_newest_snapshot_is_one_with_a_mark(tmp_path: Path) -> None:
    """A snapshot that only has such a name counts in the number, and not as the newest."""
    engine = hourly()
    marked = f"tank/a@{AUTO.format(3)}"
    engine.take_snapshots([marked], properties=OWN)
    engine.taken[marked] = replace(engine.taken[marked], creation=4000)
    engine.take_snapshots([f"tank/a@{AUTO.format(4)}"])
    engine.take_snapshots(["tank/a@mine"], properties=OWN)
    [dataset] = observe(engine.seam, [], os.fspath(tmp_path)).datasets
    assert (dataset.newest, dataset.created) == (4000, 1000)
    assert (dataset.own, dataset.others) == (2, 1)


def test_nothing_is_read_of_a_suspended_pool(tmp_path: Path) -> None:
    """Only the pool itself is observed."""
    engine = hourly()
    engine.suspended = True
    engine.before = lambda name: pytest.fail(f"{name} was called")
    seen = observe(engine.seam, [], os.fspath(tmp_path))
    assert [(pool.pool, pool.suspended) for pool in seen.pools] == [("tank", True)]
    assert seen.datasets == ()


def test_a_run_is_known_by_the_guid_of_its_dataset(tmp_path: Path) -> None:
    """A dataset that was renamed since keeps its runs, under its new name."""
    engine = hourly("tank/c")
    note(os.fspath(tmp_path), LastRun("tank/old", "prune", 1, 2, "", dataset_guid=1))
    seen = observe(engine.seam, [], os.fspath(tmp_path))
    assert [(run.dataset, run.job) for run in seen.runs] == [("tank/a", "prune")]
    assert observe(engine.seam, ["tank/c"], os.fspath(tmp_path)).runs == ()


def test_a_fault_hides_no_other_dataset(tmp_path: Path) -> None:
    """Schedules and datasets that cannot be read are named beside the others."""
    engine = hourly("tank/c", "tank/d")
    engine.marks["tank/c"] = {SCHEDULE_PROPERTY: "often"}
    engine.lost = "tank/d"
    seen = observe(engine.seam, [], os.fspath(tmp_path))
    assert [dataset.dataset for dataset in seen.datasets] == ["tank/a"]
    assert ["'tank/c'" in str(fault) for fault in seen.faults] == [True]
    assert seen.damaged == (("tank/d", "an I/O error"),)
    # This check is not about a dataset that was not named.
    assert observe(engine.seam, ["tank/a"], os.fspath(tmp_path)).damaged == ()


def test_a_dataset_that_goes_meanwhile(tmp_path: Path) -> None:
    """One that was listed, and is gone when it is read, is left out; a named one is not."""
    engine = hourly("tank/a/b")
    read = engine.snapshots

    def snapshots(dataset: str, **asked: bool) -> list[Snapshot]:
        if dataset == "tank/a/b":
            raise engine_error("list snapshots of", dataset, errno.ENOENT)
        return read(dataset, **asked)

    engine.snapshots = snapshots  # type: ignore[method-assign]
    seen = observe(engine.seam, [], os.fspath(tmp_path))
    assert [d.dataset for d in seen.datasets] == ["tank/a"]
    with pytest.raises(NotFound):
        observe(engine.seam, ["tank/a/b"], os.fspath(tmp_path))


def test_targets_of_a_dataset_that_goes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dataset that is gone when its targets are looked at does not end the rest."""
    asked = []

    def gone(_: object, dataset: Dataset, *__: object) -> list[object]:
        asked.append(dataset.name)
        raise engine_error("list bookmarks of", dataset.name, errno.ENOENT)

    monkeypatch.setattr("zfstune.health.observe.observe_targets", gone)
    seen = observe(hourly("tank/a/b").seam, [], os.fspath(tmp_path))
    assert asked == ["tank", "tank/a", "tank/a/b"]
    assert [d.dataset for d in seen.datasets] == ["tank/a", "tank/a/b"]
