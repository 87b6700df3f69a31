"""A measurement shows in the pool itself that it is at work."""

from __future__ import annotations

import pytest

from fake_engine import FakeEngine
from zfstune.host.process_identity import own_identity
from zfstune.snapshots.at_work import at_work_in, is_at_work

SCRATCH = "tank/zfstune-measure-0000"
GONE = "00000000-0000-0000-0000-000000000000.1.1"


def test_seen_from_everywhere() -> None:
    """What it holds says so where its process cannot be seen, until the block ends."""
    engine = FakeEngine("tank", SCRATCH)
    assert not is_at_work(engine.seam, SCRATCH, GONE)
    with at_work_in(engine.seam, SCRATCH):
        assert is_at_work(engine.seam, SCRATCH, GONE)
    assert list(engine.taken) == [f"{SCRATCH}@at-work"]
    assert not is_at_work(engine.seam, SCRATCH, GONE)


def test_its_process_is_enough() -> None:
    """Before the snapshot is held, the process says so where it can be seen."""
    assert is_at_work(FakeEngine("tank", SCRATCH).seam, SCRATCH, own_identity())


def test_the_hold_ends_with_a_fault() -> None:
    """A measurement that fails holds nothing any more."""
    engine = FakeEngine("tank", SCRATCH)
    with pytest.raises(ValueError, match="failed"), at_work_in(engine.seam, SCRATCH):
        raise ValueError("failed")
    assert not is_at_work(engine.seam, SCRATCH, GONE)
