"""The place of a target is noted where it changes, and nowhere else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

import zfstune
from stream_engine import StreamEngine
from zfstune.streams.place import place_of

if TYPE_CHECKING:
    from zfstune.streams.side import Side


IMAGE = "/srv/x.zpool"


@pytest.mark.parametrize(
    ("source_host", "sending", "host", "file", "place"),
    [
        ("", "", "", "", "tank/copy"),
        ("", "", "host", "", "host:tank/copy"),
        ("", "", "", IMAGE, f"{IMAGE}:tank/copy"),
        ("", IMAGE, "", IMAGE, "tank/copy"),
        ("", IMAGE, "host", "", "host:tank/copy"),
        ("far", "", "", "", "here:tank/copy"),
        ("far", "", "", IMAGE, "here:tank/copy"),
        ("far", "", "far", "", "tank/copy"),
        ("far", "", "host", "", "host:tank/copy"),
    ],
)
def test_a_place(source_host: str, sending: str, host: str, file: str, place: str) -> None:
    """A path begins with a slash, which no host does, nor a dataset."""
    from_side = cast("Side", SimpleNamespace(host=source_host, file=sending))
    to_side = cast("Side", SimpleNamespace(host=host, file=file))
    assert place_of("tank/copy", from_side, to_side, "here") == place


def test_a_note_is_written_once() -> None:
    """Another run writes nothing; a target that has moved is noted anew."""
    engine = StreamEngine("tank")
    engine.add("tank/a", "1")
    zfstune.replicate("tank/a", "tank/b", engine=engine.zfs)
    engine.left = 0  # no call that changes anything is let through
    zfstune.replicate("tank/a", "tank/b", engine=engine.zfs)
    engine.left = None
    [(note, place)] = engine.local["tank/a"].items()
    assert place == "tank/b"
    engine.local["tank/a"][note] = "elsewhere"
    zfstune.replicate("tank/a", "tank/b", engine=engine.zfs)
    assert engine.local["tank/a"] == {note: "tank/b"}


def test_replicate_notes_each_target() -> None:
    """The number in the note is that of the bookmark; a copy has no such note."""
    engine = StreamEngine("tank")
    engine.add("tank/a", "1")
    for place in ("tank/b", "tank/c"):
        zfstune.replicate("tank/a", place, engine=engine.zfs)
    notes = engine.local["tank/a"]
    assert sorted(notes.values()) == ["tank/b", "tank/c"]
    numbers = {name.split("-")[2] for name in engine.marks["tank/a"]}
    assert {name.rpartition("-")[2] for name in notes} == numbers
    assert not [n for n in engine.local["tank/b"] if "replica-target" in n]
