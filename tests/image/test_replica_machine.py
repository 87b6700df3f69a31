"""Random walks over two pools, one the copy of the other, with runs that are cut short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine_machine import EXAMPLES
from made_files import sent
from replica_machine import walk
from zfstune.engine.image import create_image

if TYPE_CHECKING:
    from pathlib import Path

SIZE_BYTES = 1 << 30


def test_machine(tmp_path: Path) -> None:
    """A base is always there, nothing is lost, and once it is quiet both are equal."""
    images = tmp_path / "tank", tmp_path / "back"
    create_image(images[1], size_bytes=SIZE_BYTES, pool="back").close()
    with create_image(images[0], size_bytes=SIZE_BYTES) as tank:
        tank.create("tank/empty")
        tank.create("tank/blank", volume=True, properties={"volsize": "1M"})
        names = ["tank/empty@0", "tank/blank@0"]
        tank.take_snapshots(names)
        files, volume = (sent(tank, tmp_path, name, compressed=False) for name in names)
    # Each walk is a dozen replications, and a killed image is opened anew.
    walk(images, (files, volume), tmp_path, examples=max(2, EXAMPLES * 2 // 3))
