"""The lines that ``zfstune golden`` prints: each step was done in the pool."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import zfstune
from zfstune import golden
from zfstune.cli.main import main
from zfstune.engine.image import ImageEngine, create_image

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_printed_steps_were_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A disk that is cut makes no line; what arrived and went again is both told."""
    file, disk, out = tmp_path / "tank.zpool", tmp_path / "disk.raw", tmp_path / "out"
    create_image(file, size_bytes=256 << 20, pool="tank").close()
    disk.write_bytes(b"x" * (1 << 20))

    def run(*words: str) -> tuple[int, list[str]]:
        status = main(["--image", str(file), *words])
        return status, [line.split()[0] for line in capsys.readouterr().out.splitlines()]

    foreign = "--disk", str(disk), "--format", "qcow2"
    assert run("golden", "create", "tank/disk", *foreign) == (1, [])
    right = "--disk", str(disk)
    assert run("golden", "create", "tank/disk", *right) == (0, ["write", "hold"])
    assert run("golden", "export", "tank/disk", str(out))[0] == 0
    manifest = out / "manifest.json"
    values = json.loads(manifest.read_text())
    values["digest"] = "zfstune-content-1:" + "0" * 64
    manifest.write_text(json.dumps(values))
    assert run("golden", "restore", str(out), "tank/back") == (1, ["receive", "destroy"])
    names = "tank/disk@golden", "tank/a", "tank/b"
    assert run("clone", *names) == (0, ["clone", "clone"])
    with ImageEngine(file) as tank:
        made = {dataset.name for dataset in tank.datasets("tank")}
    assert made == {"tank", "tank/disk", "tank/a", "tank/b"}


def test_the_lineage_of_an_image(tmp_path: Path) -> None:
    """A clone of a clone is listed with its origin."""
    with create_image(tmp_path / "tank.zpool", size_bytes=128 << 20) as tank:
        tank.create("tank/a")
        golden.create("tank/a", engine=tank)
        zfstune.clone("tank/a@golden", "tank/b", engine=tank)
        tank.take_snapshots(["tank/b@1"])
        zfstune.clone("tank/b@1", "tank/c", engine=tank)
        (image,) = golden.images("tank/a", engine=tank)
        assert list(image.descendants()) == [(1, "tank/b"), (2, "tank/c")]
