"""What a dataset of a tree has to wait for."""

from __future__ import annotations

from stream_ends import snap, source, target
from zfstune.streams.complete import _needs
from zfstune.streams.replication_plan import DatasetPlan
from zfstune.streams.steps import Incremental, Transfer
from zfstune.values.frozen import replace


def plan_of(target_name: str, *steps: Incremental) -> DatasetPlan:
    """Plan a target with these streams."""
    transfer = Transfer("tank/a", target_name, steps)
    return DatasetPlan(source(1), target(1).renamed(target_name), transfer)


def test_a_clone_of_what_a_promotion_brings() -> None:
    """Its origin is the new dataset's once the one that was put aside is done with."""
    stream = Incremental(snap(2), snap(1), "backup/z@2", raw=False, origin="backup/a@1")
    clone = plan_of("backup/z", stream)
    above = plan_of("backup/a")
    assert _needs(clone, {"tank/a": above}) == ()
    promoted = replace(above, left_aside="backup/a-aside-20300101T000000Z")
    assert _needs(clone, {"tank/a": promoted}) == ("tank/a",)
    assert _needs(plan_of("other/z", stream), {"tank/a": promoted}) == ("tank/a",)
    assert _needs(plan_of("backup/a/below"), {"tank/a": promoted}) == ()
