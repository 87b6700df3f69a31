"""The plan of a receive, for people and for programs."""

from __future__ import annotations

from typing import Any

from zfstune.streams.arrival import Arrival
from zfstune.streams.receive_plan import Received, ReceivePlan, Skipped

ARRIVAL = Arrival({"readonly": "on"}, {}, (), {})
FULL = Received(
    "t/a@1", "b/a@1", 1, 0, "", raw=False, rest=False, new=True, arrival=ARRIVAL
)
REST = Received("t/a@2", "b/a@2", 2, 1, "", raw=True, rest=True, new=False, arrival=ARRIVAL)
CLONE = Received(
    "t/c@2", "b/c@2", 3, 1, "b/a@1", raw=False, rest=False, new=True, arrival=ARRIVAL
)
THERE = Skipped("t/a@1", "b/a@old", 1)


def test_lines() -> None:
    """Each stream has one, which says what becomes of it."""
    plan = ReceivePlan((FULL, REST, CLONE, THERE), ("b/parent",))
    assert list(plan.lines()) == [
        "create b/parent  (holds what is received)",
        "full t/a@1 -> b/a@1",
        "rest of the raw incremental t/a@2 -> b/a@2",
        "clone t/c@2 -> b/c@2 as a clone of b/a@1",
        "skip t/a@1: it is there already, as b/a@old",
    ]
    assert plan.pending
    assert not ReceivePlan((THERE,)).pending
    assert FULL.dataset == "b/a"


def test_json() -> None:
    """Guids are text, for many a reader of JSON rounds large numbers."""
    plan = ReceivePlan((FULL, REST, CLONE, THERE), ("b/parent",)).to_dict()
    assert plan["parents"] == ["b/parent"]
    streams: Any = plan["streams"]
    full, rest, clone, there = streams
    assert full == {
        "step": "receive",
        "sent": "t/a@1",
        "received": "b/a@1",
        "guid": "1",
        "base_guid": None,
        "origin": None,
        "raw": False,
        "new": True,
        "arrival": ARRIVAL.to_dict(),
    }
    assert (rest["step"], rest["base_guid"], clone["origin"]) == ("resume", "1", "b/a@1")
    assert there == {"step": "skip", "sent": "t/a@1", "received": "b/a@old", "guid": "1"}
