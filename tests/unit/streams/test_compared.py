"""The snapshots that --verify compares: what arrives, else the newest of both sides."""

from __future__ import annotations

from stream_ends import MISSING, SOURCE, TARGET, snap, source, target
from zfstune.streams.compared import Compared, choose_compared
from zfstune.streams.replication_plan import DatasetPlan
from zfstune.streams.steps import Abort, Full, Transfer


def test_what_arrives() -> None:
    """The last stream's snapshot is compared, in the way in which it was sent."""
    steps = (Abort(TARGET, "gone"), Full(snap(1), f"{TARGET}@1", raw=True))
    plan = DatasetPlan(source(1), MISSING, Transfer(SOURCE, TARGET, steps))
    assert choose_compared(plan) == Compared(f"{SOURCE}@1", f"{TARGET}@1", raw=True)


def test_the_newest_of_both() -> None:
    """Where no stream comes, snapshots of one side alone do not count."""
    plan = DatasetPlan(source(1, 2, 4), target(1, 2, 3), Transfer(SOURCE, TARGET))
    assert choose_compared(plan) == Compared(f"{SOURCE}@2", f"{TARGET}@2", raw=False)


def test_nothing_in_common() -> None:
    """Nothing is compared."""
    aborting = Transfer(SOURCE, TARGET, (Abort(TARGET, "gone"),))
    assert choose_compared(DatasetPlan(source(1), MISSING, aborting)) is None
