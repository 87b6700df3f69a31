"""Roles changed between two pools: over, back and over again, and no stream is full."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

import zfstune
from zfstune.engine.image import create_image
from zfstune.health.observe_targets import observe_targets
from zfstune.retention.read_targets import read_targets
from zfstune.streams.steps import Full
from zfstune.values.errors import BatchError, PlanError
from zfstune.values.key import Key
from zfstune.values.marks import REPLICA_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zfstune.engine.image import ImageEngine
    from zfstune.streams.replication_plan import ReplicationPlan

PASSPHRASE = {"encryption": "on", "keyformat": "passphrase", "pbkdf2iters": "100000"}
KEY = Key("correct horse")
# A key without a salt by which two datasets could be seen to share it.
HEX = {"encryption": "on", "keyformat": "hex"}
HEX_KEY = Key("5a" * 32)
A, B = "tank/data", "back/data"
SIZE_BYTES = 128 << 20


class Pair:
    """Two hosts with a pool each, and a tree on the first that the second has a copy of."""

    def __init__(
        self,
        tank: ImageEngine,
        back: ImageEngine,
        *,
        encrypted: bool = False,
        sealed_by: tuple[dict[str, str], Key] = (PASSPHRASE, KEY),
    ) -> None:
        self.engines = {"tank": tank, "back": back}
        self.names = [A, B]
        self.encrypted = encrypted
        if encrypted:
            properties, key = sealed_by
            tank.create(A, properties=properties, key=key)
        else:
            tank.create(A)
        tank.create(f"{A}/shop")
        tank.create(f"{A}/disk", volume=True, properties={"volsize": "1M"})
        self.take("tank", "monday")
        self.replicate(A, B)

    def engine(self, name: str) -> ImageEngine:
        """Give the engine of a dataset."""
        return self.engines[name.partition("/")[0]]

    def tree(self, name: str) -> dict[str, list[int]]:
        """Give the guids of a tree's snapshots, without what was put aside."""
        engine = self.engine(name)
        return {
            d.name[len(name) :]: [s.guid for s in engine.snapshots(d.name)]
            for d in engine.datasets(name)
            if d.local(REPLICA_PROPERTY) != "aside"
        }

    def take(self, pool: str, short: str) -> None:
        """Take a snapshot of a tree."""
        root = f"{pool}/data"
        self.engines[pool].take_snapshots([f"{root}{n}@{short}" for n in self.tree(root)])

    def replicate(self, source: str, target: str, **how: Any) -> ReplicationPlan:
        """Replicate a tree, and give the plan."""
        return zfstune.replicate(
            source,
            target,
            engine=self.engine(source),
            target_engine=self.engine(target),
            recursive=True,
            **how,
        )

    def incrementally(self, source: str, target: str, **how: Any) -> None:
        """Replicate a tree without a full stream, and see that both sides are alike."""
        plan = self.replicate(source, target, **how)
        steps = [step for dataset in plan.datasets for step in dataset.transfer.steps]
        assert steps
        assert not any(isinstance(step, Full) for step in steps)
        assert {n: found[-1] for n, found in self.tree(target).items()} == {
            n: found[-1] for n, found in self.tree(source).items()
        }
        self.check_marks(source, target)

    def check_marks(self, source: str, target: str) -> None:
        """See that the source knows its copy alone, and that no hold stays."""
        for dataset in self.engine(source).datasets(source):
            if dataset.local(REPLICA_PROPERTY) == "aside":
                continue
            (seen,) = observe_targets(self.engine(source), dataset, unnoted=True)
            assert (seen.lag.snapshots, seen.danger) == (0, "")
            assert seen.target.place
            assert len(seen.target.bookmarks) == 1
        for dataset in self.engine(target).datasets(target):
            assert read_targets(self.engine(target), dataset) == ()
        for name in (source, target):
            engine = self.engine(name)
            for dataset in engine.datasets(name):
                assert all(not engine.holds(s.name) for s in engine.snapshots(dataset.name))

    def fail_over(self, name: str, **how: Any) -> None:
        """Change the role of a tree; another run has nothing to do."""
        zfstune.failover(name, engine=self.engine(name), **how)
        again = zfstune.failover(name, engine=self.engine(name), dry_run=True, **how)
        assert not again.pending, again.to_dict()


@pytest.fixture(params=["plain", "raw"])
def pair(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Pair]:
    """Make both, of plain datasets or of encrypted ones that are sent raw."""
    with (
        create_image(tmp_path / "tank", size_bytes=SIZE_BYTES) as tank,
        create_image(tmp_path / "back", size_bytes=SIZE_BYTES, pool="back") as back,
    ):
        yield Pair(tank, back, encrypted=request.param == "raw")


def local(engine: ImageEngine, name: str) -> dict[str, str]:
    """Give what is set on a dataset, without zfstune's marks and where its key is."""
    dataset = engine.dataset(name)
    names = [n for n in dataset.properties if not n.startswith(("org.", "keylocation"))]
    own = {name: dataset.local(name) for name in names}
    return {n: value for n, value in own.items() if value is not None}


def test_over_and_back(pair: Pair) -> None:
    """The source is lost, comes back with changes, stands by, and takes over again."""
    tank, back = pair.engine(A), pair.engine(B)
    pair.take("tank", "never-arrived")
    pair.fail_over(B, properties={"mountpoint": "/srv"})
    assert local(back, B) == {"mountpoint": "/srv", "canmount": "on"}
    assert local(back, f"{B}/shop") == {"canmount": "on"}
    assert back.dataset(f"{B}/disk").value("volmode") == "default"
    with pytest.raises(BatchError, match="it has taken over"):
        pair.replicate(A, B)
    stream = io.BytesIO()
    zfstune.send(
        f"{A}@never-arrived", stream, engine=tank, base="@monday", raw=pair.encrypted
    )
    with pytest.raises(PlanError, match="it has taken over, and is no copy any more"):
        zfstune.receive(B, io.BytesIO(stream.getvalue()), engine=back)
    pair.take("back", "tuesday")
    # Days later. What was common is pruned; a bookmark has it still.
    for name in pair.tree(B):
        back.destroy_snapshots([f"{B}{name}@monday"])
    pair.fail_over(A, standby=True)
    with pytest.raises(BatchError, match="tank/data@never-arrived"):
        pair.replicate(B, A)
    pair.incrementally(B, A, keep_aside=True)
    pair.take("back", "wednesday")
    pair.incrementally(B, A)
    pair.fail_over(B, standby=True)
    pair.fail_over(A)
    pair.take("tank", "thursday")
    pair.incrementally(A, B)
    asides = [d for d in tank.datasets("tank") if d.local(REPLICA_PROPERTY) == "aside"]
    assert [s.short_name for d in asides for s in tank.snapshots(d.name)] == [
        "never-arrived"
    ] * 3
    assert not any("aside" in d.name for d in back.datasets(B))


def test_a_planned_change_and_back(pair: Pair) -> None:
    """All had arrived: nothing is kept aside, and each dataset keeps its values."""
    tank = pair.engine(A)
    tank.set(A, {"mountpoint": "/srv", "compression": "zstd"})
    for source, target, day in ((A, B, 2), (B, A, 3), (A, B, 4)):
        pair.fail_over(source, standby=True)
        pair.fail_over(target)
        pair.take(target.partition("/")[0], str(day))
        pair.incrementally(target, source)
    assert local(tank, A).items() >= {"mountpoint": "/srv", "compression": "zstd"}.items()
    names = ["monday", "2", "3", "4"]
    assert [s.short_name for s in tank.snapshots(f"{A}/shop")] == names
    assert pair.tree(A) == pair.tree(B)


def test_a_change_of_roles_without_a_passphrase(tmp_path: Path) -> None:
    """Those below the root of a tree use its key there, and have it themselves here."""
    with (
        create_image(tmp_path / "tank", size_bytes=SIZE_BYTES) as tank,
        create_image(tmp_path / "back", size_bytes=SIZE_BYTES, pool="back") as back,
    ):
        pair = Pair(tank, back, encrypted=True, sealed_by=(HEX, HEX_KEY))
        for source, target, day in ((A, B, 2), (B, A, 3)):
            pair.fail_over(source, standby=True)
            pair.fail_over(target)
            pair.take(target.partition("/")[0], str(day))
            pair.incrementally(target, source)
        tank.unload_key(A)
        tank.load_key(A, HEX_KEY)
        for name in pair.tree(A):
            back.load_key(f"{B}{name}", HEX_KEY)
            found = zfstune.compare(
                f"{A}{name}@3", f"{B}{name}@3", engine=tank, other_engine=back
            )
            assert found.equal


def test_what_is_no_copy(pair: Pair) -> None:
    """A dataset that never was one is left alone, at the root and below it."""
    tank, back = pair.engine(A), pair.engine(B)
    with pytest.raises(PlanError, match="no copy"):
        zfstune.failover(A, engine=tank)
    if pair.encrypted:
        back.load_key(B, KEY)
    back.create(f"{B}/own", properties={"readonly": "on"})
    pair.fail_over(B)
    assert local(back, f"{B}/own") == {"readonly": "on"}


def test_a_tree_that_is_read_only_above(pair: Pair) -> None:
    """A pool for copies may be read-only as a whole; what takes over is not."""
    back = pair.engine(B)
    back.set("back", {"readonly": "on"})
    pair.fail_over(B)
    assert {d.value("readonly") for d in back.datasets(B)} == {"off"}
    assert back.dataset(f"{B}/shop").local("readonly") is None
