"""Whose next stream loses its base, by a rollback and by the loss of a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stream_ends import SOURCE, mark, snap
from zfstune.snapshots.lost_bases import lost_by_destroying, lost_by_going_back
from zfstune.values.marks import REPLICA_PROPERTY
from zfstune.values.replication_marks import BaseMark, Replica, target_property
from zfstune.values.state import LOCAL, Dataset, PropertyValue

if TYPE_CHECKING:
    from zfstune.values.state import Bookmark

SNAPSHOTS = [snap(n) for n in (3, 5, 7)]
BACK = {target_property(9): "far:back/a"}


def dataset(**properties: str) -> Dataset:
    """Make a dataset on which properties were set."""
    values = {name: PropertyValue(text, LOCAL) for name, text in properties.items()}
    return Dataset(SOURCE, "filesystem", 1, 1, values)


def base(guid: int, target: int = 9, *, tentative: bool = False) -> Bookmark:
    """Make zfstune's bookmark of a snapshot for a target."""
    return mark(guid, BaseMark(target, guid, tentative).short_name)


@pytest.mark.parametrize(
    ("bookmarks", "createtxg", "lost"),
    [
        ([base(5)], 5, False),
        ([base(5)], 3, True),
        ([base(3), base(7, tentative=True)], 3, False),
        ([base(3), base(7)], 5, True),
        ([], 7, False),
        ([], 5, True),
        ([base(7, tentative=True)], 5, True),
        ([mark(7, "mine")], 7, False),
    ],
)
def test_going_back(bookmarks: list[Bookmark], createtxg: int, *, lost: bool) -> None:
    """The bookmark of a base goes with what is newer; without one, any may be the base."""
    found = lost_by_going_back(dataset(**BACK), SNAPSHOTS, bookmarks, createtxg)
    assert found == (("far:back/a, the target of tank/a",) if lost else ())


def test_a_target_without_a_place() -> None:
    """It is named by its number; a dataset that is sent nowhere loses nothing."""
    found = lost_by_going_back(dataset(), SNAPSHOTS, [base(7)], 5)
    assert found == ("number 0000000000000009, the target of tank/a",)
    assert lost_by_going_back(dataset(), SNAPSHOTS, [], 3) == ()


def test_a_copy() -> None:
    """It needs its newest snapshot; one that has taken over takes no stream any more."""
    role = Replica(4, raw=False)
    copy = dataset(**{REPLICA_PROPERTY: role.text})
    assert lost_by_going_back(copy, SNAPSHOTS, [], 7) == ()
    assert lost_by_going_back(copy, SNAPSHOTS, [], 5) == ("tank/a, which is a copy",)
    assert lost_by_destroying(copy, SNAPSHOTS, [], ["tank/a@5"]) == ()
    assert lost_by_destroying(copy, SNAPSHOTS, [], ["tank/a@7"]) == (
        "tank/a, which is a copy",
    )
    assert lost_by_destroying(copy, [], [], ["tank/a@7"]) == ()
    live = dataset(**{REPLICA_PROPERTY: Replica(4, raw=False, live=True).text})
    assert lost_by_going_back(live, SNAPSHOTS, [], 5) == ()
    # Bookmarks of the time before it was a copy are for nobody.
    assert lost_by_going_back(copy, SNAPSHOTS[:1], [base(7)], 3) == ()


def test_destroying_a_snapshot_of_a_source() -> None:
    """The bookmark stays, and keeps the base; without one, any snapshot may be it."""
    victims = ["tank/a@3"]
    source = dataset(**BACK)
    assert lost_by_destroying(source, SNAPSHOTS, [base(3)], victims) == ()
    assert lost_by_destroying(source, SNAPSHOTS, [], victims) == (
        "far:back/a, the target of tank/a",
    )
    assert lost_by_destroying(dataset(), SNAPSHOTS, [], victims) == ()
