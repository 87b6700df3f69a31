"""Datasets that go: all unmounted and no longer served first, or none."""

from __future__ import annotations

import errno

import pytest

from fake_engine import FakeEngine
from zfstune.engine._errno import engine_error
from zfstune.snapshots import destroy_datasets as room
from zfstune.snapshots.destroy_datasets import (
    destroy_datasets,
    destroy_planned,
    step_counter,
)
from zfstune.values.errors import BatchError, Busy, EngineError
from zfstune.values.exports import Exports
from zfstune.values.state import Mount, Snapshot

TREE = {"tank/a/b": ("tank/a/b@1", "tank/a/b@2"), "tank/a": ()}


class MountedEngine(FakeEngine):
    """An engine with mounted filesystems, one of which may be in use."""

    in_use = ""

    def mounts(self) -> dict[str, Mount]:
        """List all of the datasets but the pool's own."""
        return {
            name: Mount(name, f"/{name}", uid=0, gid=0, mode=0o755)
            for name in self.marks
            if "/" in name
        }

    def mount(self, name: str) -> None:
        """Mount it again."""
        self.calls.append(("mount", (name,)))

    def unmount(self, name: str) -> None:
        """Refuse a filesystem that is in use."""
        if name == self.in_use:
            raise engine_error("unmount", name, errno.EBUSY)
        self.calls.append(("unmount", (name,)))

    def destroy(self, name: str) -> None:
        """Destroy one dataset."""
        self.calls.append(("destroy dataset", (name,)))


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> MountedEngine:
    """Give such an engine, on a host where NFS serves one of its filesystems."""
    engine = MountedEngine("tank", *TREE, "tank/c")
    lines = {"/tank/a": ("/tank/a *(ro)",), "/tank/c": ("/tank/c *(ro)",)}

    def export(path: str, lines: tuple[str, ...]) -> None:
        engine.calls.append(("export", (path, *lines)))

    monkeypatch.setattr(room, "export", export)
    monkeypatch.setattr(
        room, "read_exports", lambda: Exports(lines, frozenset(), frozenset())
    )
    return engine


def test_each_goes_with_its_snapshots_once_all_are_unmounted(
    engine: MountedEngine,
) -> None:
    """NFS lets go first; datasets are destroyed in the order that is given."""
    destroy_datasets(engine.seam, TREE)
    assert engine.calls == [
        ("export", ("/tank/a",)),
        ("unmount", ("tank/a/b",)),
        ("unmount", ("tank/a",)),
        ("destroy", ("tank/a/b@1", "tank/a/b@2")),
        ("destroy dataset", ("tank/a/b",)),
        ("destroy dataset", ("tank/a",)),
    ]


def test_nothing_goes_while_one_is_in_use(engine: MountedEngine) -> None:
    """What was unmounted is mounted again, and served as before."""
    engine.in_use = "tank/a"
    with pytest.raises(Busy):
        destroy_datasets(engine.seam, TREE)
    assert engine.calls == [
        ("export", ("/tank/a",)),
        ("unmount", ("tank/a/b",)),
        ("mount", ("tank/a/b",)),
        ("export", ("/tank/a", "/tank/a *(ro)")),
    ]


def test_what_is_not_mounted_is_not_unmounted(engine: MountedEngine) -> None:
    """A volume is never mounted."""
    destroy_datasets(engine.seam, {"tank/vol": ()})
    assert engine.calls == [("destroy dataset", ("tank/vol",))]


def test_no_snapshot_that_took_a_name_since_goes(engine: MountedEngine) -> None:
    """The program that destroys compares the guids; a name alone is not enough."""
    engine.programs = 0
    engine.take_snapshots(["tank/a@1", "tank/a@2"])
    guids = {name: snapshot.guid for name, snapshot in engine.taken.items()}
    engine.taken["tank/a@1"] = other = Snapshot("tank/a@1", 77, 77, clones=0)
    with pytest.raises(EngineError, match="'tank/a@1'"):
        destroy_planned(engine.seam, guids, guids)
    assert engine.taken == {"tank/a@1": other}


def test_what_a_program_leaves(engine: MountedEngine) -> None:
    """A call by name tries what is in use; what somebody destroyed is no error."""
    engine.programs = 0
    engine.take_snapshots(["tank/a@1"])
    engine.calls.clear()
    engine.busy["tank/a@1"] = errno.EBUSY
    guids = {"tank/a@1": engine.taken["tank/a@1"].guid}
    with pytest.raises(BatchError):
        destroy_planned(engine.seam, guids, guids)
    destroy_planned(engine.seam, ["tank/a@2"], {"tank/a@2": 2})
    assert engine.calls == [("destroy exactly", ()), ("destroy exactly", ())]


def test_where_no_program_may_run(engine: MountedEngine) -> None:
    """Names have to do then; thousands go in calls of a limited size elsewhere."""
    guids = {f"tank/a@{number}": number for number in range(120)}
    destroy_planned(engine.seam, guids, guids)
    engine.programs = 0
    for name, guid in guids.items():
        engine.taken[name] = Snapshot(name, guid, guid, clones=0)
    destroy_planned(engine.seam, guids, guids)
    (_, by_name), *exactly = engine.calls
    assert by_name == tuple(guids)
    assert [len(names) for _, names in exactly] == [50, 50, 20]
    assert engine.taken == {}


def test_what_is_gone_is_counted(engine: MountedEngine) -> None:
    """Snapshots a batch and datasets one by one; what a call by name took counts once."""
    engine.programs = 0
    own = tuple(f"tank/a/b@{number}" for number in range(60))
    engine.take_snapshots(own)
    guids = {name: snapshot.guid for name, snapshot in engine.taken.items()}
    told: list[tuple[int, int]] = []
    gone = step_counter(62, lambda done, total: told.append((done, total)))
    destroy_datasets(engine.seam, {"tank/a/b": own, "tank/a": ()}, guids, gone=gone)
    assert told == [(50, 62), (60, 62), (61, 62), (62, 62)]
    told.clear()
    destroy_planned(
        engine.seam, ["tank/c@1"], {}, gone=step_counter(1, lambda *t: told.append(t))
    )
    assert told == [(1, 1)]
