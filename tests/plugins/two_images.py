"""Two pools in files, the first with a dataset of three snapshots to replicate."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from zfstune.engine.image import create_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zfstune.engine.image import ImageEngine

__all__ = ["SIZE_BYTES", "SOURCE", "TARGET", "two_images"]

SOURCE, TARGET = "tank/a", "back/a"
SIZE_BYTES = 128 << 20


@contextmanager
def two_images(folder: Path) -> Iterator[tuple[ImageEngine, ImageEngine]]:
    """Make both pools in a folder; they are closed in the end."""
    with (
        create_image(folder / "tank", size_bytes=SIZE_BYTES) as tank,
        create_image(folder / "back", size_bytes=SIZE_BYTES, pool="back") as back,
    ):
        tank.create(SOURCE, properties={"compression": "zstd"})
        for number in "123":
            tank.take_snapshots([f"{SOURCE}@{number}"])
        yield tank, back
