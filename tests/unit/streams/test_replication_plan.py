"""The plan of a replication: all that will happen, for people and for programs."""

from __future__ import annotations

import pytest

from stream_ends import SOURCE, TARGET, snap, source
from zfstune.streams.arrival import decide_arrival
from zfstune.streams.replication_plan import ReplicationPlan, check_room, first_replica
from zfstune.streams.steps import Abort, Full, Transfer
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace

FULL = Full(snap(1), f"{TARGET}@1", raw=False)
ABORT = Abort(TARGET, "its base is gone")
PLAN = ReplicationPlan(
    Transfer(SOURCE, TARGET, (ABORT, FULL)),
    (0, 2048),
    decide_arrival("volume", new=True),
    None,
    aside=f"{TARGET}-aside",
    losing=(f"{TARGET}@9", "written"),
)


def test_for_people() -> None:
    """Each change and each loss has a line, sizes are rounded, reasons are given."""
    assert list(PLAN.lines()) == [
        "rename backup/a to backup/a-aside",
        "LOSE backup/a@9",
        "LOSE the changes to backup/a since its newest snapshot",
        "abort the receive that broke off in backup/a: its base is gone",
        "full tank/a@1 -> backup/a@1  (2K)",
        "    readonly      on        one write, and no further stream fits",
        "    volmode       none      no scan of this machine finds disks and labels in it",
        "    snapdev       hidden    no scan of this machine finds disks and labels in it",
    ]
    done = replace(
        PLAN, transfer=Transfer(SOURCE, TARGET), step_bytes=(), aside="", losing=()
    )
    assert list(done.lines()) == [
        "nothing to do: backup/a has the newest snapshot of tank/a"
    ]
    assert (PLAN.pending, done.pending) == (True, False)


def test_for_programs() -> None:
    """The same in JSON's types, with exact bytes."""
    found = PLAN.to_dict()
    assert found == {
        **PLAN.transfer.to_dict(),
        "steps": [{**ABORT.to_dict(), "bytes": 0}, {**FULL.to_dict(), "bytes": 2048}],
        "bytes": 2048,
        "arrival": decide_arrival("volume", new=True).to_dict(),
        "aside": f"{TARGET}-aside",
        "losing": [f"{TARGET}@9", "written"],
    }
    plain = replace(PLAN, arrival=None, aside="", losing=()).to_dict()
    assert (plain["arrival"], plain["aside"], plain["losing"]) == (None, None, [])


def test_a_step_without_a_size() -> None:
    """A plan that lacks the size of a stream is not shown in part."""
    for sizes in ((0,), (0, 2048, 1)):
        broken = replace(PLAN, step_bytes=sizes)
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
