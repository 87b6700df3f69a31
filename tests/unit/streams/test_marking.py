"""A copy without a mark: refused where it may have arrived so, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stream_ends import mark, source, target
from zfstune.streams.base import BaseMark
from zfstune.streams.marking import unmarked
from zfstune.values.replication_marks import read_replica

if TYPE_CHECKING:
    from zfstune.values.state import Bookmark

NUMBER = 5


def kept(guid: int, *, number: int = NUMBER, tentative: bool = True) -> Bookmark:
    """Make a bookmark that the source keeps for a target."""
    return mark(guid, BaseMark(number, guid, tentative=tentative).short_name)


def test_it_may_have_arrived_without() -> None:
    """Both ways on are commands; the mark is one that a copy can have."""
    error = unmarked(source(1, 2, marks=[kept(1), kept(2)]), target(1, 2), NUMBER)
    assert error is not None
    assert "it has no mark of a copy" in error.message
    text = error.hint.partition("org.zfstune:replica=")[2].partition(" ")[0]
    replica = read_replica(text)
    assert replica is not None
    assert (replica.identity, replica.raw, replica.live) == (NUMBER, False, False)
    assert "zfstune replicas tank/a --forget 0000000000000005" in error.hint


@pytest.mark.parametrize(
    "marks",
    [
        [],
        [kept(2, tentative=False)],  # it has arrived, and was marked then
        [kept(1, tentative=False), kept(2)],
        [kept(2, number=6)],  # of another target
        [kept(1)],  # another stream than the one that made the copy
    ],
)
def test_another_tool_made_it(marks: list[Bookmark]) -> None:
    """A stream goes on there as to any other dataset."""
    assert unmarked(source(1, 2, marks=marks), target(2), NUMBER) is None


def test_nothing_in_common() -> None:
    """That is told elsewhere."""
    assert unmarked(source(1, marks=[kept(1)]), target(9), NUMBER) is None
