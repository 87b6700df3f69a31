"""Where the datasets of a stream are received: always at or below the target."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.streams.landing import ALL_BUT_POOL, AS_TARGET, LAST_PART, Landing
from zfstune.values.errors import InvalidName

PARTS = st.lists(st.sampled_from(["a", "b.c", "..", "", "x" * 90, "%recv"]), min_size=1)


@pytest.mark.parametrize(
    ("keep", "root", "name", "received"),
    [
        (AS_TARGET, "tank/a/b", "tank/a/b", "back/x"),
        (AS_TARGET, "tank/a/b", "tank/a/b/c", "back/x/c"),
        (AS_TARGET, "tank", "tank/a", "back/x/a"),
        (ALL_BUT_POOL, "tank/a/b", "tank/a/b/c", "back/x/a/b/c"),
        (ALL_BUT_POOL, "tank", "tank", "back/x"),
        (ALL_BUT_POOL, "tank", "tank/a", "back/x/a"),
        (LAST_PART, "tank/a/b", "tank/a/b/c", "back/x/b/c"),
        (LAST_PART, "tank", "tank/a", "back/x/tank/a"),
    ],
)
def test_names(keep: str, root: str, name: str, received: str) -> None:
    """As zfs receive names them without an option, with -d and with -e."""
    assert Landing("back/x", keep).of_dataset(root, name) == received


def test_names_of_snapshots() -> None:
    """They keep their names, unless the target is one."""
    assert Landing("back/x").snapshot_name("1") == "1"
    assert Landing("back/x@mine").snapshot_name("1") == "mine"
    assert Landing("back/x@mine").of_dataset("tank/a", "tank/a") == "back/x"


@pytest.mark.parametrize("target", ["", "back/x@", "back/../x", "back/x#b", "/back"])
def test_targets_that_cannot_be(target: str) -> None:
    """A target has the name of a dataset or a snapshot."""
    with pytest.raises(InvalidName):
        Landing(target)


@pytest.mark.parametrize("keep", [ALL_BUT_POOL, LAST_PART])
def test_no_dataset_lies_below_a_snapshot(keep: str) -> None:
    """Those two choices take a dataset."""
    with pytest.raises(InvalidName, match="name of a snapshot"):
        Landing("back/x@mine", keep)


@given(PARTS, PARTS, st.sampled_from([AS_TARGET, ALL_BUT_POOL, LAST_PART]))
def test_nothing_lands_elsewhere(root: list[str], below: list[str], keep: str) -> None:
    """Whatever a stream calls its datasets, they lie at or below the target."""
    first = "/".join(root)
    with suppress(InvalidName):
        name = Landing("back/x", keep).of_dataset(first, "/".join([first, *below]))
        assert name.startswith("back/x/")
        assert ".." not in name.split("/")
