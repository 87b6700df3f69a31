"""The base of two ends: found by guid, kept by bookmarks that nobody else can make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ends import TARGET, TARGET_GUID, mark, snap, source, target
from zfstune.streams.base import (
    Base,
    BaseMark,
    BookmarkChanges,
    find_base,
    marks_for,
    settle_bookmarks,
)
from zfstune.streams.ends import MAX_GUID, Replica, missing_end
from zfstune.values.errors import InvalidName

if TYPE_CHECKING:
    from zfstune.streams.ends import End
    from zfstune.values.state import Bookmark

GUIDS = st.integers(1, MAX_GUID)


def marked(guid: int, *, tentative: bool = False, identity: int = TARGET_GUID) -> Bookmark:
    """Make a bookmark as zfstune makes it."""
    return mark(guid, BaseMark(identity, guid, tentative).short_name)


def test_the_newest_common_snapshot_is_the_base() -> None:
    """What only one side has does not matter, however new it is."""
    assert find_base(source(1, 2, 4), target(1, 2, 3)) == Base(
        snap(2), snap(2, dataset=TARGET)
    )


def test_a_mark_has_the_name_of_a_new_bookmark() -> None:
    """Where ZFS would refuse the bookmark, the reason comes before the transfer."""
    base = BaseMark(TARGET_GUID, 1)
    assert base.on("tank/a") == f"tank/a#{base.short_name}"
    for dataset in ("tank/%recv", "tank" + "/a" * 50):
        with pytest.raises(InvalidName):
            base.on(dataset)


def test_guids_decide_and_not_names() -> None:
    """A renamed snapshot is the same one, and a namesake is another one."""
    sending = source(snap(1, "x"), snap(2, "daily"))
    found = find_base(sending, target(snap(1, "y", dataset=TARGET), snap(3, "daily")))
    assert found is not None
    assert (found.sent.name, found.received.name) == ("tank/a@x", "backup/a@y")


def test_a_bookmark_is_a_base_where_the_snapshot_is_gone() -> None:
    """A snapshot comes before its bookmarks, and the first bookmark before the others."""
    found = find_base(source(1, 4, marks=[mark(2, "b"), mark(2, "c")]), target(1, 2))
    assert found is not None
    assert found.sent.name == "tank/a#b"
    found = find_base(source(1, 2, marks=[2]), target(1, 2))
    assert found is not None
    assert found.sent.name == "tank/a@2"


def test_no_base() -> None:
    """Two sides that share nothing have none, nor does a target without snapshots."""
    assert find_base(source(1, 2), target(3)) is None
    assert find_base(source(1, 2), target()) is None
    assert find_base(source(1, 2), missing_end(TARGET)) is None


def test_the_order_on_the_target_decides() -> None:
    """The newest is the one of the target's last transaction group."""
    received = [snap(2, dataset=TARGET, txg=70), snap(1, dataset=TARGET, txg=80)]
    found = find_base(source(1, 2), target(*received))
    assert found is not None
    assert found.sent.guid == 1


def test_bookmarks_are_told_apart_by_target() -> None:
    """A source with two targets keeps the base of each."""
    here, there = marked(1), marked(1, identity=5)
    sending = source(2, marks=[here, there, mark(1, "x")])
    assert list(marks_for(sending, target(1))) == [here.name]
    replica = Replica(5, raw=False)
    assert list(marks_for(sending, target(1, replica=replica))) == [there.name]


def settled(sending: End, receiving: End) -> tuple[dict[str, str], set[str]]:
    """Give what is made of what, and what goes, by name."""
    changes = settle_bookmarks(sending, receiving)
    return dict(changes.make), set(changes.drop)


def test_what_arrived_is_confirmed_and_its_forerunners_go() -> None:
    """A crash between any two steps of a transfer leaves what the next run settles."""
    old, new, other = marked(1), marked(2, tentative=True), marked(1, identity=5)
    sending = source(2, 3, marks=[old, other, new])
    assert settled(sending, target(1, 2)) == (
        {marked(2).name: "tank/a@2"},
        {old.name, new.name},
    )


def test_a_confirmed_base_stays_and_is_not_made_twice() -> None:
    """Settling what is settled changes nothing."""
    assert settle_bookmarks(source(3, marks=[marked(2)]), target(2)) == BookmarkChanges(
        {}, ()
    )


def test_what_is_on_its_way_stays() -> None:
    """A tentative bookmark that is newer than the base may be needed for a resume."""
    on_its_way = marked(3, tentative=True)
    sending = source(2, 3, marks=[marked(2), on_its_way])
    assert settled(sending, target(2)) == ({}, set())


def test_a_base_that_is_only_a_bookmark_is_copied() -> None:
    """The snapshot is gone from the source; another tool's bookmark serves as well."""
    assert settled(source(3, marks=[mark(2, "x")]), target(2)) == (
        {marked(2).name: "tank/a#x"},
        set(),
    )
    tentative = marked(2, tentative=True)
    assert settled(source(3, marks=[tentative]), target(2)) == (
        {marked(2).name: tentative.name},
        {tentative.name},
    )


def test_without_a_base_nothing_is_dropped() -> None:
    """The snapshot may come back, as from a copy of the target."""
    assert settled(source(3, marks=[marked(1)]), target(2)) == ({}, set())


@given(
    st.sets(st.integers(1, 9)),
    st.sets(st.integers(1, 9)),
    st.sets(st.tuples(st.integers(1, 9), st.booleans(), st.sampled_from([TARGET_GUID, 5]))),
)
def test_settling_keeps_every_base(
    sent: set[int], received: set[int], marks: set[tuple[int, bool, int]]
) -> None:
    """After the changes the base is a confirmed bookmark, and nothing else was lost."""
    made = [marked(g, tentative=t, identity=i) for g, t, i in sorted(marks)]
    sending, receiving = source(*sorted(sent), marks=made), target(*sorted(received))
    base = find_base(sending, receiving)
    changes = settle_bookmarks(sending, receiving)
    names = {m.name: m.guid for m in made}
    assert not changes.make.keys() & names.keys()
    assert names.keys() >= set(changes.drop)
    assert all(f"{TARGET_GUID:016x}" in name for name in changes.drop)
    for name in changes.drop:
        del names[name]
    if base is None:
        assert changes == BookmarkChanges({}, ())
        return
    names |= dict.fromkeys(changes.make, base.sent.guid)
    assert names[BaseMark(TARGET_GUID, base.sent.guid).on("tank/a")] == base.sent.guid
    # All snapshots are gone from the source: the base is still there.
    left = source(
        marks=[mark(guid, name.partition("#")[2]) for name, guid in names.items()]
    )
    again = find_base(left, receiving)
    assert again is not None
    assert again.sent.guid == base.sent.guid
    assert settle_bookmarks(left, receiving) == BookmarkChanges({}, ())


def test_all_changes_of_a_run_at_once() -> None:
    """Bookmarks of what is on its way come to those that settle the run before.

    One that is there already, tentative or confirmed, is not made again.
    """
    sending = source(1, 2, 3, 4, marks=[marked(2, tentative=True), marked(3)])
    changes = settle_bookmarks(sending, target(1, 2))
    assert [*changes.make.values()] == [snap(2).name]
    settled_end = changes.applied_to(sending)
    every = changes.with_tentative(settled_end, TARGET_GUID, settled_end.snapshots)
    assert [*every.make.values()] == [snap(2).name, snap(1).name, snap(4).name]
    assert every.drop == changes.drop == (marked(2, tentative=True).name,)
    after = every.applied_to(sending)
    assert [mark.guid for mark in after.bookmarks] == [1, 2, 3, 4]
    assert settle_bookmarks(after, target(1, 2)).make == {}


def test_changes_may_copy_what_they_drop() -> None:
    """A tentative bookmark whose snapshot is gone is the source of the confirmed one."""
    sending = source(3, marks=[marked(2, tentative=True)])
    changes = settle_bookmarks(sending, target(2))
    after = changes.applied_to(sending)
    assert [(m.name, m.guid, m.createtxg) for m in after.bookmarks] == [
        (marked(2).name, 2, 2)
    ]
    assert settle_bookmarks(after, target(2)) == BookmarkChanges({}, ())
