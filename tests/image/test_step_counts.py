"""The steps of long work: counted on a terminal, and quiet on a pipe."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.cli import step_line
from zfstune.cli.main import main
from zfstune.engine.image import create_image

if TYPE_CHECKING:
    from pathlib import Path

# Each verb in this order, with the last count that it shows: two snapshots are pruned; one
# dataset is verified; three datasets are taken; each of them is looked at for losses, and
# brought back; three snapshots are dropped; two datasets go, and the snapshot of one of
# them.
VERBS = (
    ("prune tank/a --keep 1 --match own-* --force", "went through 2 of 2"),
    ("verify tank/a --no-owner", "looked at 1 of 1"),
    ("checkpoint one tank/a", "took 3 of 3"),
    ("rollback one", "did step 6 of 6"),
    ("checkpoint drop one", "destroyed 3 of 3"),
    ("destroy tank/a/b --lose datasets --lose snapshots", "destroyed 3 of 3"),
)


@pytest.fixture
def tree(file: Path) -> Path:
    """Make an image with three datasets, and a snapshot of one of the lower two."""
    with create_image(file, size_bytes=256 << 20) as engine:
        for name in ("tank/a", "tank/a/b", "tank/a/b/c"):
            engine.create(name)
        engine.take_snapshots(["tank/a/b/c@mine"])
        for number in range(3):
            engine.take_snapshots([f"tank/a@own-{number}"])
        zfstune.apply("git", at="tank/a", owner=False, engine=engine)
    return file


@pytest.mark.parametrize("on_terminal", [True, False])
def test_counted_on_a_terminal_alone(
    tree: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    on_terminal: bool,
) -> None:
    """The last count of each verb is the whole, and the line is wiped away."""
    monkeypatch.setattr(step_line, "on_terminal", lambda: on_terminal)
    monkeypatch.setattr(step_line, "_AT_FIRST_S", -1)
    monkeypatch.setattr(step_line, "_BETWEEN_S", -1)
    for line, count in VERBS:
        assert main(["--image", os.fspath(tree), *line.split()]) == 0, line
        said = [part.strip() for part in capsys.readouterr().err.split("\r")]
        assert said[-3:] == ([count, "", ""] if on_terminal else [""]), line
