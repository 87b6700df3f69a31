"""Images that a stranger forged, with checksums that are right: an error, or a pool."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from forged_image import forge
from lots import kills, seed, tally
from sparse_copy import sparse_copy
from zfstune.engine.image import ImageEngine, create_image
from zfstune.values.errors import ZfstuneError

if TYPE_CHECKING:
    from pathlib import Path

COUNT = kills(20)
SEED = seed(1)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Make an image with something of each kind that a reader meets."""
    file = tmp_path / "base.zpool"
    with create_image(file, size_bytes=64 << 20) as engine:
        for name in ("tank/a", "tank/a/b", "tank/v"):
            engine.create(name)
            for short in "st":
                engine.take_snapshots([f"{name}@{short}"], properties={"org.x:y": "z"})
        engine.bookmark("tank/a@s", "tank/a#m")
        engine.hold(["tank/a@s"], "tag")
        engine.clone("tank/a@s", "tank/c")
    return file


def read_all(engine: ImageEngine) -> None:
    """Read what the verbs read."""
    engine.pool("tank")
    for dataset in engine.datasets("tank"):
        engine.snapshots(dataset.name, properties=True)
        engine.bookmarks(dataset.name)
        assert dataset.damaged or dict(dataset.properties)


def test_forged(image: Path, tmp_path: Path) -> None:
    """No call hangs, and none ends otherwise than in one of zfstune's errors."""
    file, opened = tmp_path / "forged.zpool", 0
    for number in range(COUNT):
        sparse_copy(image, file)
        forge(file, Random(f"{SEED} {number}"))  # noqa: S311 (no secret)
        try:
            with ImageEngine(file) as engine:
                read_all(engine)
            opened += 1
        except ZfstuneError:
            continue
    tally(forged_images=COUNT)
    assert opened < COUNT
