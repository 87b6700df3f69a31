"""Which snapshots are compared, and what is asked about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from zfstune.snapshots.diff import diff
from zfstune.values.errors import InvalidName, NotFound
from zfstune.values.marks import CHECKPOINT_PROPERTY
from zfstune.values.object_stats import ObjectStats
from zfstune.values.state import LOCAL, Dataset, PropertyValue, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.engine.protocol import Engine

MARK = {CHECKPOINT_PROPERTY: PropertyValue("2", LOCAL)}


class TwoStates:
    """A pool whose datasets have snapshots `1` and `2`, but for what a test removes.

    Attributes:
        asked: The calls that compare or size snapshots.
    """

    def __init__(self) -> None:
        names = ("tank", "tank/a", "tank/a/v", "tank/b")
        kinds = {"tank/a/v": "volume"}
        self.kinds = {name: kinds.get(name, "filesystem") for name in names}
        self.status = "none"
        self.taken = {
            f"{name}@{short}": Snapshot(f"{name}@{short}", 10 * at + n, at, 0, MARK)
            for at, short in enumerate(("1", "2", "checkpoint-x", "checkpoint-y"))
            for n, name in enumerate(names)
        }
        self.asked: list[tuple[object, ...]] = []

    @property
    def seam(self) -> Engine:
        """Give itself as an engine; it has the calls that are made here."""
        return cast("Engine", self)

    def pools(self) -> tuple[str, ...]:
        """Give the one pool."""
        return ("tank",)

    def dataset(self, name: str) -> Dataset:
        """Give a dataset with the state of its key."""
        values = {"keystatus": PropertyValue(self.status)}
        return Dataset(name, self.kinds[name], 1, 1, values)

    def datasets(self, root: str, *, recursive: bool = True) -> list[Dataset]:
        """Give a dataset and those below."""
        assert recursive
        return [self.dataset(n) for n in self.kinds if f"{n}/".startswith(f"{root}/")]

    def snapshots(self, dataset: str) -> list[Snapshot]:
        """Give the snapshots of a dataset."""
        return [taken for taken in self.taken.values() if taken.dataset == dataset]

    def snapshot(self, name: str) -> Snapshot:
        """Give a snapshot."""
        if name not in self.taken:
            raise NotFound(operation="read", target=name, reason="it does not exist")
        return self.taken[name]

    def find_snapshots(
        self, names: Iterable[str], *, properties: bool = False
    ) -> dict[str, Snapshot]:
        """Give those that are there."""
        del properties
        return {name: self.taken[name] for name in names if name in self.taken}

    def send_size(self, snapshot: str, *, base: str = "", raw: bool = False) -> int:
        """Note the question."""
        self.asked.append(("size", base, snapshot, raw))
        return 10 if base else 1000

    def changed_objects(self, base: str, snapshot: str) -> list[int]:
        """Give two objects: one file, and one that is none."""
        self.asked.append(("changed", base, snapshot))
        return [7, 8]

    def object_stats(self, snapshot: str, number: int) -> ObjectStats | None:
        """Give a file that the later snapshot alone has."""
        there = number == 7 and snapshot.endswith(("2", "y"))
        return ObjectStats(f"/{snapshot[-1]}", 1, 0o100644, 1, 0, 0) if there else None


@pytest.fixture
def pool() -> TwoStates:
    """Give a pool."""
    return TwoStates()


@pytest.mark.parametrize("second", ["@2", "tank/a@2"])
def test_one_dataset(pool: TwoStates, second: str) -> None:
    """The second may be named by its short name; only these two are asked about."""
    (changes,) = diff("tank/a@1", second, engine=pool.seam).datasets
    assert (changes.dataset, changes.before, changes.after) == (
        *("tank/a", "tank/a@1", "tank/a@2"),
    )
    assert (changes.size_bytes, changes.changed) == (10, True)
    assert [c.line for c in changes.paths] == ["+ file /2"]
    assert pool.asked == [
        ("changed", "tank/a@1", "tank/a@2"),
        ("size", "tank/a@1", "tank/a@2", False),
    ]


def test_a_clone_and_its_origin(pool: TwoStates) -> None:
    """The changes are those of the later one's dataset."""
    (changes,) = diff("tank/a@2", "tank/b@1", engine=pool.seam).datasets
    assert (changes.dataset, changes.before, changes.after) == (
        *("tank/b", "tank/a@2", "tank/b@1"),
    )


def test_a_tree(pool: TwoStates) -> None:
    """A dataset that lacks one of the two is new or gone; without both it is left out."""
    del pool.taken["tank/a@1"], pool.taken["tank/a/v@2"]
    del pool.taken["tank/b@1"], pool.taken["tank/b@2"]
    found = diff("tank@1", "@2", recursive=True, engine=pool.seam)
    assert [(c.dataset, c.status, c.size_bytes) for c in found.datasets] == [
        ("tank", "changed", 10),
        ("tank/a", "new", 1000),
        ("tank/a/v", "gone", 0),
    ]


def test_no_paths(pool: TwoStates) -> None:
    """A volume has none, and of a filesystem they need not be asked for."""
    (volume,) = diff("tank/a/v@1", "@2", engine=pool.seam).datasets
    (filesystem,) = diff("tank/a@1", "@2", paths=False, engine=pool.seam).datasets
    for changes in (volume, filesystem):
        assert (changes.paths, changes.status) == ((), "changed")


@pytest.mark.parametrize(("status", "raw"), [("available", False), ("unavailable", True)])
def test_a_locked_dataset(pool: TwoStates, status: str, raw: bool) -> None:  # noqa: FBT001
    """Without its key only the size of a raw stream can be told."""
    pool.status = status
    del pool.taken["tank/a@1"]
    diff("tank@1", "@2", recursive=True, engine=pool.seam)
    sizes = [call for call in pool.asked if call[0] == "size"]
    assert {call[-1] for call in sizes} == {raw}
    assert len(sizes) == 4


def test_checkpoints(pool: TwoStates) -> None:
    """All datasets that have either are compared."""
    del pool.taken["tank@checkpoint-x"]
    found = diff("x", "y", engine=pool.seam)
    assert [(c.dataset, c.status) for c in found.datasets] == [
        ("tank", "new"),
        ("tank/a", "changed"),
        ("tank/a/v", "changed"),
        ("tank/b", "changed"),
    ]
    with pytest.raises(NotFound, match="cannot find checkpoint 'z'"):
        diff("x", "z", engine=pool.seam)


@pytest.mark.parametrize(
    ("first", "second", "hint"),
    [
        ("tank/a@1", "2", "write @2 for a snapshot of 'tank/a'"),
        ("tank/a@1", "tank/b", "`zfstune list -t snapshots tank/b` lists its snapshots"),
        ("x", "tank/a@1", "two checkpoints"),
        ("tank/a@1", "@", ""),
        ("tank/a@1@2", "@2", ""),
    ],
)
def test_names_that_fit_nothing(
    pool: TwoStates, first: str, second: str, hint: str
) -> None:
    """The hint says how the other one is written."""
    with pytest.raises(InvalidName) as caught:
        diff(first, second, engine=pool.seam)
    assert hint in caught.value.hint
    assert pool.asked == []
