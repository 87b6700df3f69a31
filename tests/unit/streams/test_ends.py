"""Ends: what is taken of a listing, what is refused, and the mark of a first send."""

from __future__ import annotations

from typing import Any

import pytest

from stream_ends import mark, snap
from zfstune.streams.ends import (
    MAX_GUID,
    Replica,
    end_of,
    missing_end,
    placeholder_mark,
)
from zfstune.values.errors import Damaged, InvalidName, InvalidValue
from zfstune.values.marks import REPLICA_PROPERTY
from zfstune.values.state import LOCAL, NONE, RECEIVED, Dataset, Partial, PropertyValue


def dataset(source: str = NONE, damaged: str = "", **properties: str) -> Dataset:
    """Make the dataset of the listings below."""
    values = {name.replace("__", ":"): value for name, value in properties.items()}
    found = {name: PropertyValue(value, source) for name, value in values.items()}
    return Dataset("tank/a", "volume", 9, 1, found, damaged)


def marked(text: str, source: str = LOCAL) -> Dataset:
    """Make a dataset with a value of the mark."""
    found = {REPLICA_PROPERTY: PropertyValue(text, source)}
    return Dataset("tank/a", "filesystem", 9, 1, found)


def test_a_listing_becomes_an_end() -> None:
    """All of a listing is in the end, in the order of transaction groups."""
    partial = Partial("tank/a@9", 9)
    end = end_of(
        dataset(encryption="aes-256-gcm", written="4096"),
        [snap(5, "a"), snap(3, "b")],
        [mark(3, "z"), mark(3, "b"), mark(2)],
        origin=snap(1, dataset="tank/o"),
        partial=partial,
    )
    assert (end.name, end.exists, end.guid, end.kind) == ("tank/a", True, 9, "volume")
    assert [s.guid for s in end.snapshots] == [3, 5]
    assert [m.name for m in end.bookmarks] == ["tank/a#2", "tank/a#b", "tank/a#z"]
    assert end.newest == snap(5, "a")
    assert end.origin == snap(1, dataset="tank/o")
    assert end.encrypted
    assert end.written_bytes == 4096
    assert end.partial is partial
    assert end.identity == 9


def test_a_plain_dataset_has_none_of_that() -> None:
    """A property that a listing lacks counts as not set."""
    end = end_of(dataset(), [])
    assert not end.encrypted
    assert not end_of(dataset(encryption="off"), []).encrypted
    assert end.written_bytes == 0
    assert (end.snapshots, end.bookmarks, end.newest) == ((), (), None)
    assert (end.origin, end.partial, end.replica) == (None, None, None)


def test_the_end_of_no_dataset() -> None:
    """What does not exist has a name that could be made, and nothing else."""
    end = missing_end("backup/a")
    assert (end.name, end.exists, end.guid, end.identity) == ("backup/a", False, 0, 0)
    with pytest.raises(InvalidName):
        missing_end("backup/%recv")


def test_a_damaged_dataset_is_no_end() -> None:
    """A dataset whose properties cannot be read is told, not guessed at."""
    with pytest.raises(Damaged, match="broken"):
        end_of(dataset(damaged="broken"), [])


LISTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "guid of 0": ({"snapshots": [snap(0, "x")]}, "'tank/a@x' has the guid 0"),
    "too large": ({"snapshots": [snap(MAX_GUID + 1, "x")]}, "has the guid 184467440737"),
    "bookmark": ({"snapshots": [], "bookmarks": [mark(0, "x")]}, "'tank/a#x' has the guid"),
    "origin": (
        {"snapshots": [], "origin": snap(0, "x", dataset="tank/o")},
        "'tank/o@x' has the guid 0",
    ),
    "its name": (
        {"snapshots": [], "origin": snap(1, "x", dataset="tank/;")},
        "character ';'",
    ),
    "elsewhere": (
        {"snapshots": [snap(1, dataset="tank/b")]},
        "'tank/b@1' belongs to anoth",
    ),
    "its mark": (
        {"snapshots": [], "bookmarks": [mark(1, dataset="tank")]},
        "'tank#1' belongs to another",
    ),
    "no name": ({"snapshots": [snap(1, "x;y")]}, "character ';'"),
    "one guid": ({"snapshots": [snap(1, "x"), snap(1, "y", txg=2)]}, "have the guid 1"),
    "one name": ({"snapshots": [snap(1, "x"), snap(2, "x")]}, "have the name tank/a@x"),
    "one group": ({"snapshots": [snap(1), snap(2, txg=1)]}, "have the createtxg 1"),
}


@pytest.mark.parametrize(("listing", "reason"), LISTINGS.values(), ids=LISTINGS)
def test_an_impossible_listing_is_refused(listing: dict[str, Any], reason: str) -> None:
    """The other side cannot make two snapshots look like one, or lend those of others."""
    with pytest.raises(InvalidValue, match=reason):
        end_of(dataset(), **listing)


def test_the_largest_guid_is_one() -> None:
    """Guids have 64 bits; most real ones lie above what a float holds."""
    assert end_of(dataset(), [snap(MAX_GUID)]).newest == snap(MAX_GUID)


@pytest.mark.parametrize("text", ["-1", "many", "1e3"])
def test_a_count_that_is_none_is_refused(text: str) -> None:
    """A count of bytes from elsewhere is digits or an error."""
    with pytest.raises(InvalidValue, match=f"'written' is '{text}'"):
        end_of(dataset(written=text), [])


def test_a_mark_counts_where_it_was_set_here() -> None:
    """A mark that came in a stream names the target of another source."""
    text = Replica(255, raw=True).text
    assert text == "raw:00000000000000ff"
    end = end_of(marked(text), [])
    assert (end.identity, end.replica) == (255, Replica(255, raw=True))
    assert end_of(marked(text, RECEIVED), []).replica is None


def test_a_placeholder_that_nobody_can_have_written_to() -> None:
    """It names its source; one that can be written to, or came in a stream, is none."""
    mark = placeholder_mark(end_of(dataset(), ()).guid)
    assert mark == "placeholder:0000000000000009"

    def made(readonly: str, source: str = LOCAL) -> int:
        found = {
            REPLICA_PROPERTY: PropertyValue(mark, source),
            "readonly": PropertyValue(readonly, LOCAL),
        }
        end = end_of(Dataset("b", "filesystem", 1, 1, found), ())
        assert end.placeholder is bool(end.stands_for)
        assert end.replica is None
        return end.stands_for

    assert [made("on"), made("off"), made("on", RECEIVED)] == [9, 0, 0]


def test_another_name() -> None:
    """Snapshots and bookmarks have it too; the origin lies elsewhere."""
    end = end_of(
        dataset(), [snap(5, "a")], [mark(3, "z")], origin=snap(1, dataset="tank/o")
    )
    moved = end.renamed("tank/b")
    assert (moved.name, moved.guid, moved.origin) == ("tank/b", end.guid, end.origin)
    assert [s.name for s in moved.snapshots] == ["tank/b@a"]
    assert [m.name for m in moved.bookmarks] == ["tank/b#z"]
    assert moved.renamed("tank/a") == end
