"""Rows of a listing by C: the value of each property, whatever its type."""

from __future__ import annotations

from typing import Any

import pytest

from zfstune.engine import _rows
from zfstune.values.state import DEFAULT, INHERITED, LOCAL, NONE, Bookmark

RELEASE = (2, 3, 2)


def read(raw: dict[str, dict[str, Any]], objset_type: int = 2) -> Any:
    """Return a dataset with these properties."""
    return _rows.dataset(["tank/a", objset_type, 11, 22, 33, 0, raw], RELEASE)


@pytest.mark.parametrize(
    ("value", "text"),
    [("x", "x"), ("", ""), (48, "48"), (0, "0"), (2**64 - 1, str(2**64 - 1))],
)
def test_user_properties_are_text(value: object, text: str) -> None:
    """A user property that is stored as a number becomes its digits."""
    found = read({"org.x:y": {"value": value, "source": "tank/a"}})
    assert found.value("org.x:y") == found.local("org.x:y") == text


def test_sources_of_user_properties() -> None:
    """User properties have the five sources of zfs get, as native ones have."""
    found = read({"org.x:y": {"value": 1, "source": "tank"}, "org.x:z": {"source": "tank"}})
    assert found.properties["org.x:y"].source == INHERITED
    assert found.properties["org.x:y"].origin == "tank"
    assert found.value("org.x:z") is None


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("recordsize", 8192, "8192"),
        ("recordsize", "many", "131072"),
        ("special_small_blocks", "x", "0"),
        ("mountpoint", 7, "7"),
        ("atime", 0, "off"),
        ("atime", 99, "99"),
        ("compression", "zstd", "zstd"),
        ("unheard_of", "x", "x"),
    ],
)
def test_native_properties_of_another_type(name: str, value: object, text: str) -> None:
    """Text in the place of a number is read as the default, as the kernel does."""
    found = read({name: {"value": value, "source": "tank/a"}})
    assert found.value(name) == text
    wrong = text != str(value) and isinstance(value, str)
    assert found.properties[name].source == (DEFAULT if wrong else LOCAL)


def test_own_values() -> None:
    """Values that lie in the filesystem itself have no source, and count as its own."""
    found = read(
        {
            "version": {"value": 5},
            "atime": {"value": 0, "source": "tank/a"},
            "sync": {"value": 1, "source": "tank"},
        }
    )
    assert found.properties["version"].source == NONE
    assert (found.own("version"), found.local("version")) == ("5", None)
    assert found.own("atime") == "off"
    assert (found.own("sync"), found.value("sync")) == (None, "always")
    assert found.own("nothing") is None


def test_bookmarks() -> None:
    """A bookmark has its snapshot's guid, createtxg and time."""
    raw = {"guid": {"value": 1}, "createtxg": {"value": 2}, "creation": {"value": 3}}
    assert _rows.bookmark("tank/a#b", raw) == Bookmark("tank/a#b", 1, 2, 3)


def test_what_a_bookmark_keeps_beside_that() -> None:
    """The set of IVs, the space, and the guids of a redaction; an empty list of these."""
    values = {"guid": 1, "createtxg": 2, "creation": 3, "ivsetguid": 4, "referenced": 5}
    raw: dict[str, dict[str, object]] = {n: {"value": v} for n, v in values.items()}
    assert _rows.bookmark("tank/a#b", raw) == Bookmark("tank/a#b", 1, 2, 3, 4, 5)
    for guids, complete in (([7, 8], True), ([], False)):
        raw["redact_snaps"], raw["redact_complete"] = {"value": guids}, {"value": complete}
        made = Bookmark("tank/a#b", 1, 2, 3, 4, 5, tuple(guids), complete)
        assert _rows.bookmark("tank/a#b", raw) == made
