"""A loss is a way on only where the target's side can be forced to it."""

from __future__ import annotations

import pytest

from two_pools import run, two_pools
from zfstune.streams.local_side import LocalSide
from zfstune.values.errors import NotSupported, PlanError


def test_a_side_that_cannot_be_forced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No loss is named as a way on, and one that is named is refused before a stream."""
    tank, back = two_pools()
    run(tank, back)
    back.take("back/a@own")
    tank.take("tank/a@next")
    with pytest.raises(PlanError, match="own") as refused:
        run(tank, back)
    assert "--lose back/a@own" in refused.value.hint
    monkeypatch.setattr(LocalSide, "forces", False)
    with pytest.raises(PlanError, match="own") as refused:
        run(tank, back)
    assert "--lose" not in refused.value.hint
    with pytest.raises(NotSupported, match="could destroy more than was named"):
        run(tank, back, lose=["own"], dry_run=True)
    assert back.shorts("back/a")[-1] == "own"
