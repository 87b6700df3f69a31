"""The schedule that a dataset follows, as far as it can be read."""

from __future__ import annotations

import pytest

from fake_engine import FakeEngine
from zfstune.health.inspect_snapshots import SnapshotInspection
from zfstune.values.marks import SCHEDULE_PROPERTY


@pytest.mark.parametrize(
    ("text", "seconds"), [("hourly", 3600), ("none", None), ("sometimes", None), ("", None)]
)
def test_the_interval_of_a_schedule(text: str, seconds: int | None) -> None:
    """A schedule that cannot be read has none; its own finding says so."""
    engine = FakeEngine("tank", "tank/a")
    if text:
        engine.marks["tank/a"][SCHEDULE_PROPERTY] = text
    datasets = {each.name: each for each in engine.datasets("tank")}
    inspection = SnapshotInspection(engine.seam, datasets, {})
    assert inspection.interval_seconds("tank/a") == seconds
