"""A plan and its result, as values and as JSON."""

from __future__ import annotations

import json

from zfstune.retention.decision import Decision
from zfstune.retention.plan import Pruned, PrunePlan
from zfstune.retention.policy_text import parse_policy
from zfstune.values.errors import PlanError
from zfstune.values.state import Snapshot
from zfstune.values.text import utc_instant

KEEP, OTHER = parse_policy("keep=2"), parse_policy("match=a-* keep=3")


def decision(name: str, what: str) -> Decision:
    """Return one decision: ``keep``, ``destroy``, or ``spare``."""
    number = len(name)
    snapshot = Snapshot(name, number, 10 * number, creation=100 * number)
    return Decision(
        snapshot,
        keep=what != "destroy",
        reasons=(f"why {what}",),
        spared=what == "spare",
        expires=7 if what == "keep" else None,
    )


DECISIONS = (
    decision("tank/a@1", "keep"),
    decision("tank/a@22", "destroy"),
    decision("tank/b@333", "spare"),
    decision("tank/b@4444", "destroy"),
)
PLAN = PrunePlan(
    {"tank/a": KEEP, "tank/b": OTHER},
    DECISIONS,
    {"tank/b": ("first", "second")},
    {"tank/a": 5, "tank/b": 6},
    {"tank/a": 11, "tank/b": 12},
    {"tank/c": PlanError("no such luck")},
)


def names(decisions: tuple[Decision, ...]) -> list[str]:
    """Return the names of the snapshots of decisions."""
    return [d.snapshot.name for d in decisions]


def test_what_a_plan_says() -> None:
    """Victims are the snapshots not kept; spared ones are kept by something else."""
    assert PLAN.datasets == ("tank/a", "tank/b")
    assert [s.name for s in PLAN.victims] == ["tank/a@22", "tank/b@4444"]
    assert names(PLAN.spared) == ["tank/b@333"]
    assert PLAN.alarms == ("first", "second")
    assert PrunePlan({}, ()).alarms == ()


def test_without_some_datasets() -> None:
    """Nothing of the named datasets is left in the plan, and all of the others is."""
    left = PLAN.without({"tank/b"})
    assert left.datasets == ("tank/a",)
    assert left.policies["tank/a"] == KEEP
    assert names(left.decisions) == ["tank/a@1", "tank/a@22"]
    assert left.alarms == ()
    assert left.remember == {"tank/a": 11}
    assert (left.reclaims, left.failed) == (PLAN.reclaims, PLAN.failed)
    assert PLAN.without({"tank/a"}).alarms == PLAN.alarms
    assert PLAN.without(()) == PLAN


def test_a_plan_as_json() -> None:
    """Each snapshot has its end and the reasons; a shared policy is shown in parts."""
    told = json.loads(json.dumps(PLAN.to_dict()))
    assert told == {
        "keep": None,
        "match": None,
        "datasets": ["tank/a", "tank/b"],
        "policies": {"tank/a": "keep=2", "tank/b": "match=a-* keep=3"},
        "alarms": ["first", "second"],
        "failed": [{"name": "tank/c", "reason": "no such luck"}],
        "would_free_bytes": {"tank/a": 5, "tank/b": 6},
        "snapshots": [
            {
                "name": name,
                "guid": str(len(name)),
                "createtxg": str(10 * len(name)),
                "action": action,
                "spared": spared,
                "reasons": [f"why {why}"],
                "creation": utc_instant(100 * len(name)),
                "expires": utc_instant(expires),
            }
            for name, action, spared, why, expires in (
                ("tank/a@1", "keep", False, "keep", 7),
                ("tank/a@22", "destroy", False, "destroy", None),
                ("tank/b@333", "keep", True, "spare", None),
                ("tank/b@4444", "destroy", False, "destroy", None),
            )
        ],
    }
    same = PrunePlan({"tank/a": OTHER, "tank/b": OTHER}, ()).to_dict()
    assert (same["keep"], same["match"], same["would_free_bytes"]) == (3, "a-*", None)
    assert PrunePlan({}, ()).to_dict()["keep"] is None
    timed = PrunePlan({"tank/a": parse_policy("keep=2 daily=3")}, ()).to_dict()
    assert timed["keep"] is None


def test_what_came_of_it_as_json() -> None:
    """The document has the plan, the destroyed and spared snapshots, and the checks."""
    done = Pruned(
        PLAN, ("tank/a@22",), PLAN.spared, "no programs", {"tank": 9}, PLAN.failed
    )
    told = json.loads(json.dumps(done.to_dict()))
    assert told["destroyed"] == ["tank/a@22"]
    assert told["spared"] == [{"name": "tank/b@333", "reasons": ["why spare"]}]
    assert (told["checked"], told["fallback"]) == ("just before", "no programs")
    assert told["freed_bytes"] == {"tank": 9}
    assert told["failed"] == [{"name": "tank/c", "reason": "no such luck"}]
    assert told["datasets"] == ["tank/a", "tank/b"]
    plain = Pruned(PLAN, (), ()).to_dict()
    assert (plain["checked"], plain["fallback"]) == ("in the transaction", None)
    assert (plain["freed_bytes"], plain["failed"]) == (None, [])
