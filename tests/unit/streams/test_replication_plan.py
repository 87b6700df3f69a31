"""The plan of a replication: all that will happen, for people and for programs."""

from __future__ import annotations

import pytest

from stream_ends import MISSING, SOURCE, TARGET, snap, source
from zfstune.streams.arrival import decide_arrival
from zfstune.streams.replication_plan import (
    DatasetPlan,
    Refused,
    ReplicationPlan,
    check_room,
    first_replica,
)
from zfstune.streams.steps import Abort, Full, Move, Transfer
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace

FULL = Full(snap(1), f"{TARGET}@1", raw=False)
ABORT = Abort(TARGET, "its base is gone")
DATASET = DatasetPlan(
    source(1),
    MISSING,
    Transfer(SOURCE, TARGET, (ABORT, FULL), unshared="tank/o@1"),
    (0, 2048),
    decide_arrival("volume", new=True),
    aside=f"{TARGET}-aside",
    returning=(Move(f"{TARGET}-aside/child", f"{TARGET}/child"),),
    losing=(f"{TARGET}@9", "written"),
)
PLAN = ReplicationPlan(
    SOURCE,
    TARGET,
    (DATASET,),
    (Move("backup/a/x", "backup/a/y", "tank/a/y"),),
    (Refused("tank/a/z", "backup/a/z", "it has no snapshot", details={"more": 1}),),
)
DONE = DatasetPlan(source(1), MISSING, Transfer(SOURCE, TARGET))


def test_for_people() -> None:
    """Each change and each loss has a line, sizes are rounded, reasons are given."""
    assert list(PLAN.lines()) == [
        "rename backup/a/x to backup/a/y, as tank/a/y was",
        "rename backup/a to backup/a-aside",
        "LOSE backup/a@9",
        "LOSE the changes to backup/a since its newest snapshot",
        "abort the receive that broke off in backup/a: its base is gone",
        "full tank/a@1 -> backup/a@1  (2K)",
        "rename backup/a-aside/child to backup/a/child",
        "    tank/o@1 is not there: blocks shared with it go again",
        "    readonly      on        one write, and no further stream fits",
        "    volmode       none      no scan of this machine finds disks and labels in it",
        "    snapdev       hidden    no scan of this machine finds disks and labels in it",
        "NOT tank/a/z -> backup/a/z: it has no snapshot",
    ]
    assert PLAN.pending


def test_nothing_to_do() -> None:
    """That is said in one line, also of a tree; properties are listed once a kind."""
    done = replace(PLAN, datasets=(DONE,), moves=(), refused=())
    assert list(done.lines()) == [
        "nothing to do: backup/a has the newest snapshot of tank/a"
    ]
    assert list(replace(done, datasets=(DONE, DONE)).lines()) == [
        "nothing to do: backup/a and 1 below it have the newest snapshots of tank/a"
    ]
    assert not done.pending
    twice = list(replace(PLAN, datasets=(DATASET, DATASET)).lines())
    assert len([line for line in twice if "readonly" in line]) == 1
    assert len([line for line in twice if line.startswith("full")]) == 2


def test_for_programs() -> None:
    """The same in JSON's types, with exact bytes."""
    assert DATASET.to_dict() == {
        **DATASET.transfer.to_dict(),
        "steps": [
            {**ABORT.to_dict(), "estimated_bytes": 0},
            {**FULL.to_dict(), "estimated_bytes": 2048},
        ],
        "estimated_bytes": 2048,
        "arrival": decide_arrival("volume", new=True).to_dict(),
        "properties": None,
        "made_inert": None,
        "placeholder": False,
        "aside": f"{TARGET}-aside",
        "left_aside": None,
        "losing": [f"{TARGET}@9", "written"],
    }
    plain = replace(DATASET, arrival=None, aside="", losing=()).to_dict()
    assert (plain["arrival"], plain["aside"], plain["losing"]) == (None, None, [])
    assert PLAN.to_dict() == {
        "source": SOURCE,
        "target": TARGET,
        "estimated_bytes": 2048,
        "moves": [{"old": "backup/a/x", "new": "backup/a/y", "source": "tank/a/y"}],
        "datasets": [DATASET.to_dict()],
        "refused": [
            {
                "refused": None,
                "source": "tank/a/z",
                "target": "backup/a/z",
                "reason": "it has no snapshot",
                "hint": None,
                "victims": [],
                "written_bytes": None,
                "more": 1,
            }
        ],
        "left_out": [],
        "orphans": [],
    }


def test_a_step_without_a_size() -> None:
    """A plan that lacks the size of a stream is not shown in part."""
    for sizes in ((0,), (0, 2048, 1)):
        broken = replace(PLAN.datasets[0], step_bytes=sizes)
        with pytest.raises(ValueError, match="zip"):
            list(broken.lines())
        with pytest.raises(ValueError, match="zip"):
            broken.to_dict()


def test_streams_that_do_not_fit() -> None:
    """As many bytes as there are fit; one more is refused, with both figures."""
    check_room(PLAN, 2048)
    with pytest.raises(PlanError, match=r"about 2K, and the target has 2\.00K available"):
        check_room(PLAN, 2047)


def test_the_mark_of_a_new_target() -> None:
    """It is the same in the next run, and another for each source, target and pool."""
    first = first_replica(source(), TARGET, 5, raw=True)
    assert first == first_replica(source(1, 2), TARGET, 5, raw=True)
    assert first.raw
    assert 0 < first.identity < 1 << 64
    others = [
        first_replica(replace(source(), guid=1), TARGET, 5, raw=True),
        first_replica(source(), f"{TARGET}b", 5, raw=True),
        first_replica(source(), TARGET, 6, raw=True),
    ]
    assert len({first.identity, *(other.identity for other in others)}) == 4
