"""The part that the verbs of checkpoints share: a pool that is ready."""

from __future__ import annotations

import pytest

from fake_engine import FakeEngine
from zfstune.snapshots.checkpoint import ready_pool_of_all
from zfstune.values.errors import InvalidValue, PoolSuspended


def test_the_pool_of_all() -> None:
    """All datasets must be of one pool, which must not be suspended."""
    engine = FakeEngine("tank", "tank/a", "pool")
    found = ready_pool_of_all(
        engine.seam, ["tank/a", "tank"], None, operation="roll back in"
    )
    assert found == "tank"
    assert ready_pool_of_all(engine.seam, [], "pool", operation="roll back in") == "pool"
    with pytest.raises(InvalidValue, match="several pools"):
        ready_pool_of_all(engine.seam, ["tank", "pool"], None, operation="roll back in")
    engine.suspended = True
    with pytest.raises(PoolSuspended, match="cannot roll back in pool 'tank'"):
        ready_pool_of_all(engine.seam, ["tank"], None, operation="roll back in")
