"""How fast datasets grow, read of an engine."""

from __future__ import annotations

import pytest

from heirs import SECONDS, Heirs
from zfstune.health.read_growth import read_growth
from zfstune.values.duration import WEEK
from zfstune.values.frozen import replace
from zfstune.values.state import NONE, PropertyValue


@pytest.fixture
def tank() -> Heirs:
    """Give datasets with a snapshot of eight days ago that has its sizes."""
    engine = Heirs("tank", "tank/a", "tank/b")
    engine.set("tank/a", {"referenced": str(3 << 30)})
    engine.take("tank/a", [8 * 24])
    [name] = engine.taken
    values = {
        "referenced": PropertyValue(str(1 << 30), NONE),
        "creation": PropertyValue(str(SECONDS - WEEK), NONE),
    }
    engine.taken[name] = replace(engine.taken[name], properties=values)
    return engine


def test_growth(tank: Heirs) -> None:
    """One snapshot is enough; a dataset without one has no growth."""
    found = read_growth(tank.seam, tank.datasets("tank"), SECONDS)
    assert found["tank"] is found["tank/b"] is None
    growth = found["tank/a"]
    assert growth is not None
    assert growth.bytes_a_week == 2 << 30


def test_faults(tank: Heirs) -> None:
    """A dataset that cannot be read, or whose numbers are none, stops nothing."""
    listed = tank.datasets("tank")
    tank.unreadable = ("snapshots", "tank/a")
    assert read_growth(tank.seam, listed, SECONDS)["tank/a"] is None
    tank.unreadable = ("", "")
    tank.set("tank/a", {"referenced": "much"})
    assert read_growth(tank.seam, [tank.dataset("tank/a")], SECONDS) == {"tank/a": None}
