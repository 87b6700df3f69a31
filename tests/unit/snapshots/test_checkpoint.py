"""The parts that rollback and drop share: a pool that is ready, datasets that go."""

from __future__ import annotations

import errno

import pytest

from fake_engine import FakeEngine
from zfstune.engine._errno import engine_error
from zfstune.snapshots.checkpoint import destroy_datasets, ready_pool_of_all
from zfstune.values.errors import Busy, InvalidValue, PoolSuspended
from zfstune.values.state import Mount

SNAPSHOTS = {"tank/a/b": ("tank/a/b@1", "tank/a/b@2"), "tank/a": ()}


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

    def unmount(self, name: str) -> None:
        """Refuse a filesystem that is in use."""
        if name == self.in_use:
            raise engine_error("unmount", name, errno.EBUSY)
        self.calls.append(("unmount", (name,)))

    def destroy(self, name: str) -> None:
        """Destroy one dataset."""
        self.calls.append(("destroy dataset", (name,)))


def test_each_goes_with_its_snapshots_once_all_are_unmounted() -> None:
    """Datasets are destroyed in the order that is given."""
    engine = MountedEngine("tank", *SNAPSHOTS)
    destroy_datasets(engine.seam, SNAPSHOTS)
    assert engine.calls == [
        ("unmount", ("tank/a/b",)),
        ("unmount", ("tank/a",)),
        ("destroy", ("tank/a/b@1", "tank/a/b@2")),
        ("destroy dataset", ("tank/a/b",)),
        ("destroy", ()),
        ("destroy dataset", ("tank/a",)),
    ]


def test_nothing_goes_while_one_is_in_use() -> None:
    """A dataset that comes before the busy one stays, too."""
    engine = MountedEngine("tank", *SNAPSHOTS)
    engine.in_use = "tank/a"
    with pytest.raises(Busy):
        destroy_datasets(engine.seam, SNAPSHOTS)
    assert [name for name, _ in engine.calls] == ["unmount"]


def test_what_is_not_mounted_is_not_unmounted() -> None:
    """A volume is never mounted."""
    engine = MountedEngine("tank", "tank/a")
    destroy_datasets(engine.seam, {"tank/vol": ()})
    assert engine.calls == [("destroy", ()), ("destroy dataset", ("tank/vol",))]


def test_the_pool_of_all() -> None:
    """All datasets must be of one pool, which must not be suspended."""
    engine = FakeEngine("tank", "tank/a", "pool")
    found = ready_pool_of_all(
        engine.seam, ["tank/a", "tank"], None, operation="roll back in"
    )
    assert found == "tank"
    assert ready_pool_of_all(engine.seam, [], "pool", operation="roll back in") == "pool"
    with pytest.raises(InvalidValue, match="several pools"):
        ready_pool_of_all(engine.seam, ["tank", "pool"], None, operation="roll back in")
    engine.suspended = True
    with pytest.raises(PoolSuspended, match="cannot roll back in pool 'tank'"):
        ready_pool_of_all(engine.seam, ["tank"], None, operation="roll back in")
