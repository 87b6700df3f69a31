"""What the page is made of: managed and scheduled datasets, and what is late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heirs import SECONDS, Heirs
from zfstune.health import status
from zfstune.health.status import read_status
from zfstune.health.verification import Verification
from zfstune.values.marks import APPLIED_PROPERTY, PROFILE_PROPERTY, SCHEDULE_PROPERTY

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tank(monkeypatch: pytest.MonkeyPatch) -> Heirs:
    """Give a pool with a holder of others, a managed dataset, and one with a schedule."""
    engine = Heirs("tank", "tank/data", "tank/data/git", "tank/mine", "tank/other")
    engine.set("tank/data", {APPLIED_PROPERTY: "{}"})
    engine.set("tank/data/git", {PROFILE_PROPERTY: "git", "used": "4096"})
    engine.set("tank/mine", {SCHEDULE_PROPERTY: "hourly"})
    monkeypatch.setattr(status, "time", lambda: SECONDS)
    monkeypatch.setattr(status, "verify", lambda **_: Verification((), ()))
    return engine


def test_managed_or_scheduled(tank: Heirs, tmp_path: Path) -> None:
    """A dataset that only holds others, or that nobody looks after, has no row."""
    tank.take("tank/mine", [12])
    page = read_status(folder=str(tmp_path), engine=tank.seam)
    assert [pool.name for pool in page.pools] == ["tank"]
    git, mine = page.datasets
    assert (git.name, git.profiles, git.used_bytes) == ("tank/data/git", ("git",), 4096)
    assert (git.age_seconds, git.interval_seconds) == (None, None)
    assert (mine.name, mine.interval_seconds, mine.state) == ("tank/mine", 3600, "late")
    assert mine.age_seconds is not None
    assert page.findings[0][0] == "tank/mine"
    assert page.pending
