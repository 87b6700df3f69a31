"""Taking snapshots in a case that no kernel can be made to show: a race for names."""

from __future__ import annotations

import errno

import pytest

from fake_engine import FakeEngine
from zfstune.engine._errno import batch_error
from zfstune.snapshots.take import snapshot
from zfstune.values.errors import BatchError, PoolSuspended


def test_others_take_the_name_each_time() -> None:
    """While the name is taken the next one is tried, a hundred times at most."""
    engine = FakeEngine("tank")
    tries = 0

    def taken(name: str) -> None:
        nonlocal tries
        if name == "take_snapshots":
            tries += 1
            errors = {"tank@x": errno.EEXIST}
            raise batch_error("snapshot", errno.EEXIST, errors, ["tank@x"])

    engine.before = taken
    with pytest.raises(BatchError, match="it exists already"):
        snapshot("tank", engine=engine.seam)
    assert tries == 100


def test_other_failures_are_not_tried_again() -> None:
    """A batch that fails for another reason as well is an error at once."""
    engine = FakeEngine("tank", "tank/a")
    tries = 0

    def fails(name: str) -> None:
        nonlocal tries
        if name == "take_snapshots":
            tries += 1
            errors = {"tank@x": errno.EEXIST, "tank/a@x": errno.EBUSY}
            raise batch_error("snapshot", errno.EEXIST, errors, errors)

    engine.before = fails
    with pytest.raises(BatchError, match="cannot snapshot 2 of the targets"):
        snapshot("tank", recursive=True, engine=engine.seam)
    assert tries == 1


def test_a_name_of_ones_own_is_not_changed() -> None:
    """A name that was asked for is taken or refused, never varied."""
    engine = FakeEngine("tank")
    assert snapshot("tank", name="mine", engine=engine.seam) == ("tank@mine",)
    with pytest.raises(BatchError):
        snapshot("tank", name="mine", engine=engine.seam)
    assert list(engine.taken) == ["tank@mine"]


def test_suspended_pool_takes_none() -> None:
    """No snapshot is begun on a suspended pool."""
    engine = FakeEngine("tank")
    engine.suspended = True
    with pytest.raises(PoolSuspended, match="cannot take snapshots in pool 'tank'"):
        snapshot("tank", engine=engine.seam)
