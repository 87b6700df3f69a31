"""The command on an image: the same verbs, another place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from zfstune.engine.image import ImageEngine, create_image

if TYPE_CHECKING:
    from pathlib import Path


def zfstune(*words: str | Path, status: int = 0, image: str | Path = "") -> tuple[str, str]:
    """Run the command; give what it printed, and what it said."""
    argv = [sys.executable, "-m", "zfstune", *map(str, words)]
    env = {**os.environ, "ZFSTUNE_IMAGE": str(image)}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == status, done.stderr
    return done.stdout, done.stderr


def test_create_and_info(file: Path) -> None:
    """Both say what is in the file, for people and as JSON."""
    said, _ = zfstune(
        "image", "create", file, "--size", "256M", "--ashift", "13", "--pool", "p"
    )
    assert f"{file}: pool p," in said
    assert "ashift 13" in said
    with ImageEngine(file) as engine:
        engine.create("p/a")
        engine.take_snapshots(["p/a@s"])
    facts = json.loads(zfstune("image", "info", file, "--json")[0])
    expected = {"file": str(file), "pool": "p", "ashift": 13, "datasets": 2, "snapshots": 1}
    assert {key: facts[key] for key in expected} == expected
    assert 0 < facts["free_bytes"] < facts["size_bytes"] <= 256 << 20
    assert file.stat().st_size == 256 << 20


def test_what_is_refused_is_said(file: Path) -> None:
    """On stderr, with the file's name and a status; nothing is made or changed."""
    for words, status, reason in (
        (("image", "info", file), 1, "no such file"),
        (("--image", file, "list"), 1, "no such file"),
        (("image", "create", file, "--size", "1M"), 1, "the smallest has 64M"),
        (("image", "create", file, "--size", "many"), 1, "many"),
        (("image", "create", file), 2, "--size"),
        (("image", "create", file, "--size", "1G", "--ashift", "8"), 1, "ashift 8"),
        (("image",), 2, "VERB"),
    ):
        said, error = zfstune(*words, status=status)
        assert said == ""
        assert reason in error
        assert not file.exists()
    with create_image(file, size_bytes=64 << 20):
        _, error = zfstune("--image", file, "list", status=1)
        assert "another process has it open" in error
    _, error = zfstune("image", "create", file, "--size", "1G", status=1)
    assert "exists already" in error


def test_verbs_work_on_an_image(file: Path) -> None:
    """Named by option or by environment, of which the option wins."""
    zfstune("image", "create", file, "--size", "1G")
    zfstune("--image", file, "apply", "logs", image="/nowhere")
    said, _ = zfstune("plan", "logs", "--check", image=file)
    assert "tank/data/logs" not in said
    zfstune("plan", "images", "--check", image=file, status=4)
    for _ in range(4):
        zfstune("snapshot", "tank/data/logs", image=file)
    zfstune("prune", "--keep", "3", "tank/data/logs", image=file)
    with ImageEngine(file) as engine:
        assert len(engine.snapshots("tank/data/logs")) == 3
        assert engine.dataset("tank/data/logs").local("compression") is not None
    said, _ = zfstune("list", "-H", image=file)
    assert [line.split("\t")[0] for line in said.splitlines()] == [
        "tank",
        "tank/data",
        "tank/data/logs",
    ]
