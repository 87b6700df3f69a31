"""The snapshot and the base of a resumed send, found by guid."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from zfstune.engine._errno import engine_error
from zfstune.engine._resume_base import find_sources
from zfstune.engine._resume_token import ResumeState
from zfstune.values.errors import InvalidValue
from zfstune.values.state import Bookmark, Dataset, PropertyValue, Snapshot

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine


class Pool:
    """An engine with snapshots and bookmarks by name, as guid and createtxg."""

    def __init__(self, marks: dict[str, tuple[int, int]], **origins: str) -> None:
        self.exported = False
        self._marks = marks
        self._origins = {f"tank/{name}": origin for name, origin in origins.items()}
        self._names = {name.replace("#", "@").partition("@")[0] for name in marks}

    def pools(self) -> tuple[str, ...]:
        """Return the one pool, if it is imported."""
        return () if self.exported else ("tank",)

    def dataset(self, name: str) -> Dataset:
        """Return a dataset with its origin."""
        origin = PropertyValue(self._origins.get(name, ""))
        return Dataset(name, "filesystem", 1, 1, {"origin": origin})

    def datasets(self, root: str) -> list[Dataset]:
        """Return all datasets."""
        assert root == "tank"
        if self.exported:
            raise engine_error("list", root, 2)
        return [self.dataset(name) for name in sorted(self._names)]

    def snapshot(self, name: str) -> Snapshot:
        """Return one snapshot."""
        return Snapshot(name, *self._marks[name])

    def snapshots(self, dataset: str) -> list[Snapshot]:
        """Return those of one dataset."""
        if dataset not in self._names:
            raise engine_error("list", dataset, 2)
        own = [name for name in self._marks if name.startswith(f"{dataset}@")]
        return [self.snapshot(name) for name in own]

    def bookmarks(self, dataset: str) -> dict[str, Bookmark]:
        """Return those of one dataset."""
        marks = self._marks.items()
        return {n: Bookmark(n, *m, 0) for n, m in marks if n.startswith(f"{dataset}#")}


def sources(pool: Pool, toguid: int, fromguid: int = 0) -> tuple[str, str]:
    """Find the sources of a send of tank/a@2."""
    state = ResumeState("tank/a@2", toguid, fromguid, 1, 0, frozenset())
    return find_sources(cast("Engine", pool), state)


def test_names_that_have_not_changed() -> None:
    """A full stream has no base; an incremental's is found by its guid."""
    pool = Pool({"tank/a@1": (11, 5), "tank/a@2": (12, 6)})
    assert sources(pool, 12) == ("tank/a@2", "")
    assert sources(pool, 12, 11) == ("tank/a@2", "tank/a@1")


def test_a_dataset_that_was_renamed() -> None:
    """The snapshots of a renamed dataset are found elsewhere in the pool."""
    pool = Pool({"tank/b@1": (11, 5), "tank/b@new": (12, 6)})
    assert sources(pool, 12, 11) == ("tank/b@new", "tank/b@1")


def test_a_base_that_lives_on_as_a_bookmark() -> None:
    """A base that lives on as a bookmark is found, for both have one guid."""
    pool = Pool({"tank/a#1": (11, 5), "tank/a@2": (12, 6)})
    assert sources(pool, 12, 11) == ("tank/a@2", "tank/a#1")


def test_a_base_in_the_origin_of_a_clone() -> None:
    """The base of a clone's snapshot is found in its origin's dataset, up to the origin."""
    marks = {"tank/o@1": (11, 5), "tank/o@2": (20, 6), "tank/o@3": (21, 7)}
    pool = Pool({**marks, "tank/a@2": (12, 9)}, a="tank/o@2")
    assert sources(pool, 12, 11) == ("tank/a@2", "tank/o@1")
    assert sources(pool, 12, 20) == ("tank/a@2", "tank/o@2")
    with pytest.raises(InvalidValue, match="its base is gone"):
        sources(pool, 12, 21)


def test_a_snapshot_that_is_gone() -> None:
    """Another snapshot that took its name is not sent in its place."""
    with pytest.raises(InvalidValue, match="'tank/a@2': that snapshot is gone"):
        sources(Pool({"tank/a@2": (99, 6)}), 12)


def test_a_pool_that_is_gone() -> None:
    """A token of a pool that was exported names a snapshot that is gone."""
    pool = Pool({})
    pool.exported = True
    with pytest.raises(InvalidValue, match="'tank/a@2': that snapshot is gone") as caught:
        sources(pool, 12)
    assert caught.value.hint == (
        "abort the partial receive on the other side and send in full"
    )


def test_a_copy_that_has_the_base() -> None:
    """Of several snapshots with the guid, the one that still has its base is sent."""
    pool = Pool({"tank/a@2": (12, 6), "tank/b@1": (11, 5), "tank/b@2": (12, 8)})
    assert sources(pool, 12) == ("tank/a@2", "")
    assert sources(pool, 12, 11) == ("tank/b@2", "tank/b@1")
    pool = Pool({"tank/a@2": (12, 6), "tank/b@2": (12, 8)})
    with pytest.raises(InvalidValue, match="'tank/a@2': its base is gone") as caught:
        sources(pool, 12, 11)
    assert caught.value.hint == (
        "abort the partial receive on the other side and send from another base"
    )


def test_a_bookmark_of_the_snapshot_itself() -> None:
    """A mark of the very transaction counts, as a base may share it; a later one not."""
    at_once = {"tank/a@1": (11, 6), "tank/a@2": (12, 6)}
    assert sources(Pool(at_once), 12, 11) == ("tank/a@2", "tank/a@1")
    assert sources(Pool({"tank/a@2": (12, 6), "tank/a#1": (11, 6)}), 12, 11)[1]
    with pytest.raises(InvalidValue, match="its base is gone"):
        sources(Pool({"tank/a@2": (12, 6), "tank/a#3": (11, 7)}), 12, 11)


def test_a_later_snapshot_is_no_base() -> None:
    """Only what was there before the snapshot can be its base."""
    with pytest.raises(InvalidValue, match="its base is gone"):
        sources(Pool({"tank/a@2": (12, 6), "tank/a@3": (11, 7)}), 12, 11)
