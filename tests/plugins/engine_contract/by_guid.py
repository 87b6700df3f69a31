"""A stream that goes on: snapshots and bookmarks that are found by their guids.

Such a search reads the whole pool, so these tests come early, before others fill it.
"""

from __future__ import annotations

import os
import secrets
import struct
import zlib
from typing import TYPE_CHECKING

import pytest

from engine_contract.streams import received, sent
from zfstune.engine._binding import Binding
from zfstune.values.errors import InvalidValue
from zfstune.values.state import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.engine.protocol import Engine


def token_of(snapshot: Snapshot, base: int = 0) -> str:
    """Write the token of a receive that broke off before anything had arrived."""
    values: dict[str, object] = {
        "toname": snapshot.name,
        "toguid": snapshot.guid,
        "object": 0,
        "offset": 0,
        "bytes": 0,
        "compressok": None,
    }
    if base:
        values["fromguid"] = base
    plain = Binding("zt_open_nvpair").pack(values)
    squeezed = zlib.compress(plain)
    words = struct.unpack(f"<{len(squeezed) // 4}I", squeezed[: len(squeezed) // 4 * 4])
    return f"1-{sum(words):x}-{len(plain):x}-{squeezed.hex()}"


def resume(engine: Engine, file: Path, token: str, target: str, **how: object) -> str:
    """Send the rest and receive it; give the name of the snapshot that was sent."""
    with file.open("wb") as stream:
        name = engine.send_resumed(token, stream.fileno())
    received(engine, file, target, **how)
    return name


@pytest.fixture
def pair(engine: Engine, tree: str, tmp_path: Path) -> tuple[str, str]:
    """Give a dataset with two snapshots, the first one bookmarked, and a copy of it."""
    source, copy = f"{tree}/source", f"{tree}/copy"
    engine.create(source)
    engine.take_snapshots([f"{source}@1"])
    engine.bookmark(f"{source}@1", f"{source}#1")
    received(engine, sent(engine, tmp_path / "stream", f"{source}@1"), f"{copy}@1")
    engine.take_snapshots([f"{source}@2"])
    return source, copy


@pytest.mark.parametrize("bookmark", [False, True])
@pytest.mark.parametrize("renamed", [False, True])
def test_resuming_finds_what_moved(
    engine: Engine, pair: tuple[str, str], tmp_path: Path, *, bookmark: bool, renamed: bool
) -> None:
    """Snapshot and base are found by guid, under whatever name they have by now."""
    source, copy = pair
    first, second = engine.snapshots(source)
    token = token_of(second, first.guid)
    if bookmark:
        engine.destroy_snapshots([first.name])
    if renamed:
        engine.rename(second.name, f"{source}@two")
        engine.create(f"{source}s")
        engine.rename(source, f"{source}s/moved")
        source = f"{source}s/moved"
    short = "two" if renamed else "2"
    sent_as = resume(engine, tmp_path / "stream", token, f"{copy}@2")
    assert sent_as == f"{source}@{short}"
    assert engine.snapshots(copy)[-1].guid == second.guid


@pytest.mark.parametrize("base", ["@2", "@1", "#1"])
def test_resuming_finds_the_origin_of_a_clone(
    engine: Engine, pair: tuple[str, str], tmp_path: Path, base: str
) -> None:
    """A clone's history goes on in its origin's dataset, bookmarks among it."""
    source, copy = pair
    file = tmp_path / "stream"
    received(engine, sent(engine, file, f"{source}@2", base=f"{source}@1"), f"{copy}@2")
    guid = engine.snapshot(f"{source}@{base[1:]}").guid
    clone = f"{source}-clone"
    engine.clone(f"{source}@2", clone)
    engine.take_snapshots([f"{clone}@3"])
    if base == "#1":
        engine.destroy_snapshots([f"{source}@1"])
    token = token_of(engine.snapshot(f"{clone}@3"), guid)
    origin = f"{copy}@{base[1:]}"
    assert resume(engine, file, token, f"{copy}-new@3", origin=origin) == f"{clone}@3"
    assert engine.dataset(f"{copy}-new").value("origin") == origin


def test_resuming_in_full(engine: Engine, pair: tuple[str, str], tmp_path: Path) -> None:
    """A full stream needs no base; a promoted clone has taken the snapshot over."""
    source, copy = pair
    first = engine.snapshot(f"{source}@1")
    engine.destroy_snapshots([f"{copy}@1"])  # which has the same guid
    engine.destroy(copy)
    engine.clone(f"{source}@2", f"{source}-clone")
    engine.promote(f"{source}-clone")
    name = resume(engine, tmp_path / "stream", token_of(first), f"{copy}-new@1")
    assert name == f"{source}-clone@1"
    assert engine.snapshot(f"{copy}-new@1").guid == first.guid


def test_resuming_what_is_gone(engine: Engine, pair: tuple[str, str]) -> None:
    """Without its snapshot, or its base and each bookmark of it, it says what is gone."""
    source, _ = pair
    first, second = engine.snapshots(source)
    token = token_of(second, first.guid)
    devnull = os.open("/dev/null", os.O_WRONLY)
    try:  # each search for a guid reads the whole pool: tests/unit has more of them
        engine.destroy_snapshots([first.name])
        engine.destroy_bookmarks([f"{source}#1"])
        with pytest.raises(InvalidValue, match=f"'{source}@2'.*its base is gone"):
            engine.send_resumed(token, devnull)
        engine.destroy_snapshots([second.name])
        engine.destroy(source)
        with pytest.raises(InvalidValue, match="that snapshot is gone"):
            engine.send_resumed(token, devnull)
        elsewhere = Snapshot(f"zt{secrets.token_hex(4)}/a@1", 1, 1)
        with pytest.raises(InvalidValue, match="that snapshot is gone"):
            engine.send_resumed(token_of(elsewhere), devnull)
    finally:
        os.close(devnull)
