"""Bookmarks are asked for where there may be a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from stream_ends import SOURCE, mark
from zfstune.retention.read_targets import read_noted_targets, read_targets
from zfstune.values.replication_marks import BaseMark, target_property
from zfstune.values.state import LOCAL, Dataset, PropertyValue

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Bookmark


class _Bookmarks:
    """An engine of one dataset with one bookmark, which counts the questions."""

    asked = 0

    def bookmarks(self, name: str) -> dict[str, Bookmark]:
        """Give the bookmark of a base."""
        assert name == SOURCE
        self.asked += 1
        kept = mark(1, BaseMark(5, 1).short_name)
        return {kept.name: kept}


def test_a_dataset_without_a_noted_target_costs_nothing() -> None:
    """A prune of thousands of datasets asks only where a property tells of a target."""
    bookmarks = _Bookmarks()
    engine = cast("Engine", bookmarks)
    plain = Dataset(SOURCE, "filesystem", 1, 1)
    assert read_noted_targets(engine, plain) == ()
    assert bookmarks.asked == 0
    assert [target.identity for target in read_targets(engine, plain)] == [5]
    place = {target_property(5): PropertyValue("host:b", LOCAL)}
    noted = Dataset(SOURCE, "filesystem", 1, 1, place)
    (target,) = read_noted_targets(engine, noted)
    assert (target.place, target.base is not None) == ("host:b", True)
