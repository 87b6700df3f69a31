"""Streams of an image, changed at random, that it receives again: it stays open."""

from __future__ import annotations

import io
from random import Random
from typing import TYPE_CHECKING

import zfstune
from made_files import received, sent, with_files
from mutated_stream import receive_changed
from zfstune.engine.image import create_image
from zfstune.values.key import Key

if TYPE_CHECKING:
    from pathlib import Path


def test_changed_at_random(tmp_path: Path) -> None:
    """Each stream is taken or refused, and the process of the image goes on."""
    content = Random(1)  # noqa: S311 (the same in each run)
    with create_image(tmp_path / "x", size_bytes=512 << 20) as engine:
        engine.create("tank/empty")
        engine.take_snapshots(["tank/empty@0"])
        empty = sent(engine, tmp_path, "tank/empty@0", compressed=False)
        files = {f"{n}": [(0, content.randbytes(3000) * (n + 1))] for n in range(12)}
        received(engine, tmp_path, "tank/files@1", with_files(empty, files, guid=1))
        engine.create("tank/volume", properties={"volsize": "1M"}, volume=True)
        options = {"encryption": "on", "keyformat": "passphrase", "pbkdf2iters": "100000"}
        engine.create("tank/secret", properties=options, key=Key("correct horse"))
        engine.take_snapshots(["tank/volume@1", "tank/secret@1"])
        streams = {}
        for name, dataset, raw in (
            ("plain", "files", False),
            ("volume", "volume", False),
            ("raw", "secret", True),
        ):
            sink = io.BytesIO()
            zfstune.send(f"tank/{dataset}@1", sink, engine=engine, raw=raw)
            streams[name] = sink.getvalue()
        assert receive_changed(engine, "tank", streams) > 5
        assert engine.snapshots("tank/files")
