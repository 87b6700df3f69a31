"""A receive into a dataset that went on by itself: the ways on that its error names."""

from __future__ import annotations

import io
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.engine.image import ImageEngine, create_image
from zfstune.values.errors import PlanError

if TYPE_CHECKING:
    from pathlib import Path


def paste(line: str) -> str:
    """Run a command as somebody who pastes it; give what it printed."""
    program, *words = shlex.split(line)
    assert program == "zfstune"
    argv = [sys.executable, "-m", program, *words]
    return subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout


def sent(engine: ImageEngine, snapshot: str, base: str = "") -> bytes:
    """Give a stream as bytes."""
    sink = io.BytesIO()
    zfstune.send(snapshot, sink, base=base, engine=engine)
    return sink.getvalue()


def guids(engine: ImageEngine, name: str) -> list[int]:
    """Give the guids of a dataset's snapshots, oldest first."""
    return [snapshot.guid for snapshot in engine.snapshots(name)]


def test_the_ways_on(tmp_path: Path) -> None:
    """The one goes back to the common snapshot, the other puts all of it aside."""
    image = tmp_path / "tank"
    with create_image(image, size_bytes=128 << 20) as tank:
        tank.create("tank/a")
        tank.take_snapshots(["tank/a@1"])
        tank.take_snapshots(["tank/a@2"])
        for copy in ("tank/b", "tank/c"):
            full = io.BytesIO(sent(tank, "tank/a@1"))
            zfstune.receive(copy, full, engine=tank)
            tank.take_snapshots([f"{copy}@own"])
        rest = sent(tank, "tank/a@2", "@1")
        hints = []
        for copy in ("tank/b", "tank/c"):
            words = f"after '{copy}@1', which both sides have, .* of its own: {copy}@own"
            with pytest.raises(PlanError, match=words) as refused:
                zfstune.receive(copy, io.BytesIO(rest), engine=tank)
            hints.append(refused.value.hint.split("`")[1::2])
    [[look, _], [_, aside]] = hints
    assert "tank/b@own" in paste(look)
    paste(look.removesuffix(" -n"))
    paste(aside)
    with ImageEngine(image) as tank:
        zfstune.receive("tank/b", io.BytesIO(rest), engine=tank)
        assert guids(tank, "tank/b") == guids(tank, "tank/a")
        assert guids(tank, "tank/c") == guids(tank, "tank/a")
        found = [dataset.name for dataset in tank.datasets("tank")]
        [kept] = [name for name in found if name.startswith("tank/c-aside")]
        assert tank.snapshots(f"{kept}")[-1].name == f"{kept}@own"
