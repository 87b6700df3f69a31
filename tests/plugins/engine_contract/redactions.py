"""Streams that leave data out, that are of no snapshot, and that repair one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine_contract.streams import received, sent
from zfstune.values.errors import (
    AlreadyExists,
    InvalidName,
    NotFound,
    NotSupported,
    RefusedValue,
)

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.engine.protocol import Engine


def test_a_redacted_stream(engine: Engine, tree: str, tmp_path: Path) -> None:
    """The bookmark tells which snapshots lack the data; the copy is marked as redacted."""
    whole, less, mark = f"{tree}/a@1", f"{tree}/less@1", f"{tree}/a#mark"
    engine.create(f"{tree}/a")
    engine.take_snapshots([whole])
    engine.clone(whole, f"{tree}/less")
    engine.take_snapshots([less])
    engine.redact(whole, mark, [less])
    made = engine.bookmarks(f"{tree}/a")[mark]
    assert made.redact_snaps == (engine.snapshot(less).guid,)
    assert made.redact_complete is True
    assert made.guid == engine.snapshot(whole).guid
    assert engine.send_size(whole, redaction=mark) > 0
    file = tmp_path / "stream"
    with file.open("wb") as stream:
        engine.send(whole, stream.fileno(), redaction=mark)
    received(engine, file, f"{tree}/copy@1")
    for name, expected in ((f"{tree}/copy", "1"), (f"{tree}/a", None)):
        assert engine.dataset(name).value("redacted") == expected


def test_what_cannot_be_redacted(engine: Engine, tree: str) -> None:
    """Each reason is told; the bookmark is not there afterwards."""
    for name in ("a", "b"):
        engine.create(f"{tree}/{name}")
        engine.take_snapshots([f"{tree}/{name}@1"])
    whole, mark = f"{tree}/a@1", f"{tree}/a#mark"
    engine.bookmark(whole, f"{tree}/a#taken")
    engine.clone(whole, f"{tree}/less")
    engine.take_snapshots([f"{tree}/less@1"])
    with pytest.raises(RefusedValue, match="not one of a clone"):
        engine.redact(whole, mark, [f"{tree}/b@1"])
    with pytest.raises(RefusedValue, match="no snapshot is named"):
        engine.redact(whole, mark, [])
    with pytest.raises(NotFound, match="does not exist"):
        engine.redact(whole, mark, [f"{tree}/b@none"])
    with pytest.raises(AlreadyExists, match="exists already"):
        engine.redact(whole, f"{tree}/a#taken", [f"{tree}/less@1"])
    for call in (
        lambda: engine.redact(whole, f"{tree}/b#mark", [f"{tree}/less@1"]),
        lambda: engine.send_size(whole, redaction=f"{tree}/b#mark"),
    ):
        with pytest.raises(InvalidName, match="different datasets"):
            call()
    assert engine.bookmarks(f"{tree}/a").keys() == {f"{tree}/a#taken"}


def test_a_dataset_without_a_snapshot(engine: Engine, tree: str, tmp_path: Path) -> None:
    """It is sent as it is now, from a snapshot on too, and no snapshot stays of it."""
    source, copy = f"{tree}/a", f"{tree}/copy"
    engine.create(source)
    file = sent(engine, tmp_path / "stream", source)
    received(engine, file, f"{tree}/other@now")
    engine.take_snapshots([f"{source}@1"])
    received(engine, sent(engine, file, f"{source}@1"), f"{copy}@1")
    received(engine, sent(engine, file, source, base=f"{source}@1"), f"{copy}@now")
    assert [s.short_name for s in engine.snapshots(copy)] == ["1", "now"]
    assert [s.short_name for s in engine.snapshots(source)] == ["1"]


def test_healing_what_is_whole(engine: Engine, tree: str, tmp_path: Path) -> None:
    """A snapshot without damage stays as it is, where the release can heal at all."""
    for short in "12":
        engine.take_snapshots([f"{tree}@{short}"])
    files = [sent(engine, tmp_path / short, f"{tree}@{short}") for short in "12"]
    can = engine.pool(tree.partition("/")[0]).mountable and engine.limits.release >= (2, 2)
    with files[0].open("rb") as stream:
        if not can:
            with pytest.raises(NotSupported, match=r"this release|an image"):
                engine.heal(f"{tree}@1", stream.fileno())
            return
        engine.heal(f"{tree}@1", stream.fileno())
    with files[1].open("rb") as stream, pytest.raises(RefusedValue, match="another"):
        engine.heal(f"{tree}@1", stream.fileno())
    (tmp_path / "cut").write_bytes(files[0].read_bytes()[:400])
    with (tmp_path / "cut").open("rb") as stream, pytest.raises(Exception, match="early"):
        engine.heal(f"{tree}@1", stream.fileno())
