"""The figures of Prometheus for a program: the text, and what it could not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import zfstune
from heirs import Heirs
from zfstune.health.read_metrics import Metrics, read_metrics
from zfstune.values.marks import SCHEDULE_PROPERTY

if TYPE_CHECKING:
    from pathlib import Path


def test_the_text_and_the_faults(tmp_path: Path) -> None:
    """A dataset has its figures; a schedule that cannot be read is told beside them."""
    engine = Heirs("tank", "tank/a", "tank/b")
    engine.set("tank/a", {SCHEDULE_PROPERTY: "hourly"})
    engine.set("tank/b", {SCHEDULE_PROPERTY: "now and then"})
    found = read_metrics(folder=str(tmp_path), engine=engine.seam)
    assert 'zfstune_snapshot_interval_seconds{dataset="tank/a"} 3600' in found.text
    assert 'dataset="tank/b"' not in found.text
    build = f'zfstune_build_info{{version="{zfstune.__version__}"}} 1'
    assert build in found.text
    [fault] = found.faults
    assert "tank/b" in fault.message
    assert str(Metrics("text")) == "text"
