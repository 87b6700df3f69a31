"""The targets of a source: known by its own marks, and by nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stream_ends import SOURCE, mark, snap
from zfstune.retention.known_targets import (
    NOWHERE,
    KnownTarget,
    Lag,
    Replicated,
    known_targets,
    lag_of,
    replicated_to_all,
)
from zfstune.values.frozen import replace
from zfstune.values.marks import REPLICA_PROPERTY
from zfstune.values.replication_marks import (
    BaseMark,
    Replica,
    noted_places,
    target_property,
)
from zfstune.values.state import (
    INHERITED,
    LOCAL,
    RECEIVED,
    Dataset,
    PropertyValue,
)

if TYPE_CHECKING:
    from zfstune.values.state import (
        Bookmark,
    )

HERE, THERE = 5, 6


def dataset(source: str = LOCAL, **places: str) -> Dataset:
    """Make a source whose properties tell of targets: ``n5="tank/copy"``."""
    properties = {
        target_property(int(number[1:])): PropertyValue(place, source)
        for number, place in places.items()
    }
    return Dataset(SOURCE, "filesystem", 1, 1, properties)


def kept(guid: int, identity: int = HERE, *, tentative: bool = False) -> Bookmark:
    """Make a bookmark as zfstune makes it."""
    return mark(guid, BaseMark(identity, guid, tentative).short_name)


def test_targets_are_told_apart_by_their_numbers() -> None:
    """The newest confirmed bookmark is the base, whatever is on its way."""
    old, new, coming = kept(1), kept(2), kept(3, tentative=True)
    other = kept(1, THERE)
    strangers = [mark(9), mark(4, BaseMark(HERE, 5).short_name)]
    assert known_targets(
        dataset(n5="tank/copy"), [coming, other, *strangers, new, old]
    ) == (
        KnownTarget(THERE, "", other, (other,)),
        KnownTarget(HERE, "tank/copy", new, (old, new, coming)),
    )


def test_a_target_is_known_by_either_mark() -> None:
    """The property outlives bookmarks that somebody destroyed."""
    assert known_targets(dataset(n5="tank/copy"), []) == (
        KnownTarget(HERE, "tank/copy", None, ()),
    )
    first = kept(1, tentative=True)
    assert known_targets(dataset(), [first]) == (KnownTarget(HERE, "", None, (first,)),)
    assert known_targets(dataset(), [mark(1)]) == ()


@pytest.mark.parametrize("source", [INHERITED, RECEIVED])
def test_a_property_of_another_dataset_tells_of_no_target(source: str) -> None:
    """Datasets below a source inherit its properties, and copies receive them."""
    assert noted_places(dataset(source, n5="tank/copy")) == {}
    assert known_targets(dataset(source, n5="tank/copy"), []) == ()


def test_a_target_has_a_label() -> None:
    """A place that could garble a terminal is shown without that."""
    assert KnownTarget(255, "host:tank/copy", None, ()).label == "'host:tank/copy'"
    assert KnownTarget(255, "", None, ()).label == "target 00000000000000ff"
    assert "\x1b" not in KnownTarget(255, "a\x1b[2J", None, ()).label


def test_the_lag_counts_from_the_base() -> None:
    """A target that lacks nothing does not lag, however old its base is."""
    taken = [replace(snap(guid), creation=100 * guid) for guid in (1, 2, 3)]

    def lag(bookmark: Bookmark | None) -> Lag:
        return lag_of(KnownTarget(HERE, "", bookmark, ()), taken)

    def at(guid: int) -> Bookmark:
        return replace(kept(guid), creation=100 * guid)

    assert lag(at(3)) == Lag(0, 0)
    assert lag(at(1)) == Lag(2, 200)
    assert lag(None) == Lag(3, None)
    assert lag(replace(at(1), creation=999)) == Lag(2, 0)  # a clock was set back
    undated = [*taken[:2], replace(taken[2], creation=None)]
    assert lag_of(KnownTarget(HERE, "", at(1), ()), undated) == Lag(2, None)


def test_the_target_that_lags_most_decides() -> None:
    """A snapshot is replicated once all targets have it."""
    near = KnownTarget(HERE, "tank/copy", kept(7), ())
    far = KnownTarget(THERE, "host:b", kept(3, THERE), ())
    assert replicated_to_all([]) == NOWHERE
    assert replicated_to_all([near, far]) == Replicated(3, "'host:b'")
    assert replicated_to_all([far, near]) == Replicated(3, "'host:b'")
    unconfirmed = KnownTarget(9, "c", None, ())
    assert replicated_to_all([near, unconfirmed, far]) == Replicated(
        0, "nothing is known to have arrived at 'c'"
    )


@pytest.mark.parametrize("live", [False, True])
def test_the_bookmarks_of_a_change_of_roles(live: bool) -> None:  # noqa: FBT001 (a parameter)
    """A copy has the targets that are noted on it; one that took over, others as well.

    Neither is a target of its own.
    """
    mark_of_copy = PropertyValue(Replica(HERE, raw=False, live=live).text, LOCAL)
    own = dataset(n7="tank/copy")
    own = replace(own, properties={**own.properties, REPLICA_PROPERTY: mark_of_copy})
    found = known_targets(own, [kept(1), kept(1, THERE), kept(1, 7)])
    assert [target.identity for target in found] == ([THERE, 7] if live else [7])
