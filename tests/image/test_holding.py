"""Temporary holds in an image, whose process or whose caller is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from zfstune.engine.image import ImageEngine, create_image

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = """
import os, sys
from zfstune.engine.image import ImageEngine
with ImageEngine(sys.argv[1]) as engine, engine.holding(["tank/a@1", "tank/a@2"], "block"):
    print(engine._zfs._child.pid, *engine.holds("tank/a@1"), flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("victim", ["caller", "image"])
def test_a_kill_ends_the_holds(file: Path, victim: str) -> None:
    """When the image is opened again, those of the block are gone and no others."""
    with create_image(file, size_bytes=128 << 20) as engine:
        engine.create("tank/a")
        engine.take_snapshots(["tank/a@1"])
        engine.take_snapshots(["tank/a@2"])
        engine.hold(["tank/a@1"], "stays")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        image, *tags = holder.stdout.readline().split()
        assert set(tags) == {"block", "stays"}
        if victim == "caller":
            holder.kill()
        else:
            subprocess.run(["/bin/kill", "-KILL", image], check=True)
            holder.stdin.close()
        assert holder.wait(60) == (-signal.SIGKILL if victim == "caller" else 1)
    with ImageEngine(file) as engine:
        assert engine.holds("tank/a@1").keys() == {"stays"}
        assert engine.holds("tank/a@2") == {}
        engine.destroy_snapshots(["tank/a@2"])
