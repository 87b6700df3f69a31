"""The status of a pool on an image: well, and then a value that somebody changed."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import zfstune
from zfstune.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from zfstune.engine.image import ImageEngine


def test_well_and_not(
    engine: ImageEngine, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Snapshots beside their schedule, a copy, and a finding that moves up."""
    zfstune.apply("web", "git", owner=False, engine=engine)
    zfstune.snapshot("tank/data/www", engine=engine)
    zfstune.replicate("tank/data/www", "tank/copy", engine=engine)
    well = zfstune.status(engine=engine)
    assert not well.pending, well.findings
    by_name = {dataset.name: dataset for dataset in well.datasets}
    assert by_name["tank/data/www"].interval_seconds == 3600
    assert by_name["tank/data/www"].age_seconds is not None
    assert "tank/data" not in by_name  # it only holds others
    [copy] = well.targets
    assert (copy.place, copy.dataset, copy.snapshots) == ("tank/copy", "tank/data/www", 0)
    engine.set("tank/data/git", {"recordsize": "16K"})
    engine.close()
    assert main(["--image", os.fspath(file), "status"]) == 4
    lines = capsys.readouterr().out.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("DATASET")) + 1
    assert lines[first].split()[0] == "tank/data/git"
    assert lines[first].endswith("drift-local")
    assert lines[-1] == "1 finding; `zfstune verify` has the remedies"
    assert main(["--image", os.fspath(file), "status", "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["pending"] is True
