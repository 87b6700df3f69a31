"""The changes between snapshots of an image; the files come in by streams."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from made_files import changed_files
from zfstune.cli.main import main
from zfstune.snapshots.changes import MODIFIED, REMOVED
from zfstune.snapshots.checkpoint import checkpoint
from zfstune.snapshots.diff import diff
from zfstune.values.errors import NotFound, RefusedValue

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.engine.image import ImageEngine


@pytest.fixture
def changed(engine: ImageEngine, tmp_path: Path) -> ImageEngine:
    """Give a pool in which `tank/a` has lost a file and got another content for one."""
    changed_files(engine, tmp_path, "tank/a@1", "tank/a@2")
    return engine


def test_paths(changed: ImageEngine) -> None:
    """A file with other bytes is modified, and one whose object is gone is removed."""
    (found,) = diff("tank/a@1", "@2", engine=changed).datasets
    assert [(c.kind, c.what, c.path) for c in found.paths] == [
        (MODIFIED, "file", "/first"),
        (REMOVED, "file", "/second"),
    ]
    assert 1000 < found.size_bytes < 100_000


def test_nothing_changed(changed: ImageEngine) -> None:
    """Two snapshots in a row, a clone and its origin: no change."""
    changed.take_snapshots(["tank/a@3"])
    changed.clone("tank/a@2", "tank/clone")
    changed.take_snapshots(["tank/clone@x"])
    for first, second in (("tank/a@2", "@3"), ("tank/a@2", "tank/clone@x")):
        assert not diff(first, second, engine=changed).any
    with pytest.raises(RefusedValue, match="cannot compare 'tank/clone@x'"):
        diff("tank/a@3", "tank/clone@x", engine=changed)
    with pytest.raises(NotFound):
        diff("tank/a@1", "@9", engine=changed)


def test_checkpoints(
    changed: ImageEngine, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command tells of each dataset, and JSON has the same."""
    checkpoint("one", "tank", engine=changed)
    changed.create("tank/later")
    checkpoint("two", "tank", engine=changed)
    changed.close()
    assert main(["--image", str(file), "diff", "one", "two"]) == 0
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == [
        *("tank", "tank/a", "tank/empty", "tank/later"),
    ]
    assert main(["--image", str(file), "diff", "one", "two", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {d["dataset"]: d["status"] for d in found["datasets"]} == {
        "tank": "same",
        "tank/a": "same",
        "tank/empty": "same",
        "tank/later": "new",
    }
