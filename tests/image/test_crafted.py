"""A pool that was made to do harm: properties of types that nobody would set."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import crafted_pool
from zfstune.engine.image import ImageEngine, create_image
from zfstune.values.state import LOCAL

if TYPE_CHECKING:
    from pathlib import Path

OWN = [
    f"org.zfstune:{name}"
    for name in (
        "applied",
        "checkpoint",
        "kept",
        "policy",
        "profile",
        "schedule",
        "snapshot",
    )
]
NUMBERS = {**dict.fromkeys(OWN, 48), "org.x:y": (1 << 64) - 1, "com.x:z": 0}
# native ones whose type is another, or which stand for no word
NATIVE = {"mountpoint": 7, "sharenfs": 5, "atime": 99}
COMMANDS = """\
list
list -H
list --json
list -t snapshots --json
snapshots tank/a
snapshots tank/a --json
verify
verify --json
plan logs
plan logs --json
explain logs
prune -n
prune -n --json
prune tank/a --keep 1 -n
prune tank/a --keep 1
snapshot tank/a
snapshot -r tank
checkpoint x
checkpoint list
rollback x -n
policy show
policy show tank/a
policy show tank/b
schedule show
schedule run --every hourly
check
check --json
metrics
simulate tank/a
apply logs
roles
image info IMAGE
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an image whose datasets and snapshots are marked with numbers."""
    file = tmp_path_factory.mktemp("crafted") / "x.zpool"
    with create_image(file, size_bytes=64 << 20) as engine:
        for name in ("tank/a", "tank/b", "tank/data/logs"):
            engine.create(name, parents=True)
            engine.take_snapshots([f"{name}@zfstune-20260101T000000Z"])
            engine.take_snapshots([f"{name}@2"])
    harm = {
        "tank/a": {**NUMBERS, **NATIVE},
        "tank/b": {"org.zfstune:policy": 48},
        "tank/data/logs": {"org.zfstune:applied": 1, "org.zfstune:profile": 2},
        "tank/a@2": NUMBERS,
        "tank/a@zfstune-20260101T000000Z": NUMBERS,
    }
    subprocess.run(
        [sys.executable, crafted_pool.__file__, file],
        input=json.dumps(harm),
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return file


@pytest.fixture
def crafted(original: Path, file: Path) -> Path:
    """Give a copy of that image."""
    shutil.copyfile(original, file)
    return file


def test_numbers_read_as_text(crafted: Path) -> None:
    """A user property that holds a number is its digits, and so is a native one."""
    with ImageEngine(crafted) as engine:
        found = engine.dataset("tank/a")
        snapshot = engine.snapshot("tank/a@2")
        for name, value in NUMBERS.items():
            for each in (found, snapshot):
                assert each.properties[name].value == str(value)
                assert each.properties[name].source == LOCAL
        assert {name: found.value(name) for name in NATIVE} == {
            name: str(value) for name, value in NATIVE.items()
        }
        for name, prop in found.properties.items():
            assert isinstance(prop.value, str), name


@pytest.mark.parametrize("command", COMMANDS.splitlines())
def test_no_command_falls_over(crafted: Path, command: str) -> None:
    """Each does its work, or says in one line what is wrong; none prints a traceback."""
    words = [str(crafted) if word == "IMAGE" else word for word in command.split()]
    done = subprocess.run(
        [sys.executable, "-m", "zfstune", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ZFSTUNE_IMAGE": str(crafted)},
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in range(6), done.stderr
    # check says in its one line on stdout what is late or cannot be read
    if done.returncode == 1 and words[0] != "check":
        assert done.stderr.startswith("zfstune: ")
