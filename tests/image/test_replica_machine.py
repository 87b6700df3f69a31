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
    files = tmp_path / "tank", tmp_path / "back"
    create_image(files[1], size_bytes=SIZE_BYTES, pool="back").close()
    with create_image(files[0], size_bytes=SIZE_BYTES) as tank:
        tank.create("tank/empty")
        tank.take_snapshots(["tank/empty@0"])
        empty = sent(tank, tmp_path, "tank/empty@0", compressed=False)
    # Each walk is a dozen replications, and a killed image is opened anew.
    walk(files, empty, tmp_path, examples=max(2, EXAMPLES * 2 // 3))
