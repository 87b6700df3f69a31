"""A target in a pool of this host is looked at; no other is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import zfstune
from stream_engine import StreamEngine
from zfstune.health.observe_targets import observe_targets
from zfstune.values.frozen import replace
from zfstune.values.marks import TARGET_PREFIX

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine
    from zfstune.health.observation import ObservedTarget

SOURCE, COPY = "tank/a", "tank/copy"


@pytest.fixture
def engine() -> StreamEngine:
    """Make a pool with a dataset and its copy, one snapshot behind."""
    made = StreamEngine("tank")
    made.add(SOURCE, "1")
    zfstune.replicate(SOURCE, COPY, engine=made.zfs)
    made.take(f"{SOURCE}@2")
    return made


def seen(engine: StreamEngine, interval: int | None = None) -> list[ObservedTarget]:
    """Look at the targets of the source."""
    seam: Engine = engine.zfs
    return observe_targets(seam, seam.dataset(SOURCE), interval)


def test_a_copy_that_lags(engine: StreamEngine) -> None:
    """The place, the lag and the interval are told, and no danger."""
    (target,) = seen(engine, 3600)
    assert (target.place, target.lag.snapshots, target.interval_seconds) == (COPY, 1, 3600)
    assert target.danger == ""


def test_a_copy_that_is_gone_or_another(engine: StreamEngine) -> None:
    """The identity tells a target from a dataset that has its name now."""
    engine.local[COPY].clear()
    assert "another dataset" in seen(engine)[0].danger
    for each in (engine.taken, engine.marks, engine.local, engine.guids):
        del each[COPY]
    assert "does not exist any more" in seen(engine)[0].danger


@pytest.mark.parametrize("place", ["host:tank/copy", "/x.zpool:tank/copy", "away/copy"])
def test_a_copy_elsewhere_is_not_looked_for(engine: StreamEngine, place: str) -> None:
    """Nobody can say from here whether it is there."""
    (name,) = (n for n in engine.local[SOURCE] if n.startswith(TARGET_PREFIX))
    engine.local[SOURCE][name] = place
    (target,) = seen(engine)
    assert (target.place, target.danger) == (place, "")


def test_a_target_without_a_note(engine: StreamEngine) -> None:
    """Lists ask for bookmarks everywhere; checks, every minute, do not."""
    engine.local[SOURCE].clear()
    assert seen(engine) == []
    seam = engine.zfs
    (target,) = observe_targets(seam, seam.dataset(SOURCE), unnoted=True)
    assert target.place == f"{target.target.identity:016x}"
    assert replace(target, danger="") == target
