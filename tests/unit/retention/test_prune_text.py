"""The text of a prune: rows, numbers, and space."""

from __future__ import annotations

from zfstune.retention.decision import Decision
from zfstune.retention.plan import Pruned, PrunePlan
from zfstune.retention.policy_text import parse_policy
from zfstune.retention.prune_text import count_lines, decision_lines, freed_lines
from zfstune.values.state import Snapshot

OLD, NEW = (Snapshot(f"tank/a@{n}", n, n, creation=60 * n) for n in (1, 2))
DECISIONS = (
    Decision(NEW, keep=True, reasons=("the newest",), expires=120),
    Decision(OLD, keep=False, reasons=("no rule keeps it",)),
)


def test_a_row_for_each_snapshot() -> None:
    """With the time at which it goes; what stayed all the same is kept."""
    header, kept, gone = decision_lines(DECISIONS, {"tank/a@1"})
    assert header.split() == ["ACTION", "SNAPSHOT", "GOES", "WHY"]
    assert kept.split(None, 2)[:2] == ["keep", "tank/a@2"]
    assert kept.endswith("1970-01-01 00:02Z  the newest")
    assert gone.split() == ["destroy", "tank/a@1", "now", "no", "rule", "keeps", "it"]
    assert decision_lines(DECISIONS, ())[2].split()[:3] == ["keep", "tank/a@1", "-"]


def test_numbers() -> None:
    """A line a dataset, also where nothing goes; space where it is known."""
    datasets = ("tank/a", "tank/b")
    assert count_lines(datasets, DECISIONS, {"tank/a@1"}, "destroyed") == [
        "tank/a: destroyed 1, kept 1",
        "tank/b: destroyed 0, kept 0",
    ]
    frees = {"tank/a": 2048}
    assert count_lines(datasets[:1], DECISIONS, (), "would destroy", frees) == [
        "tank/a: would destroy 0, kept 2, would free 2K"
    ]
    assert count_lines((), (), (), "destroyed")[0].startswith("nothing to do")


def test_space() -> None:
    """By pool; a pool that holds more now has freed nothing."""
    assert freed_lines({"tank": 1024, "b": None, "c": -5}, {"tank/a": 2048}) == [
        "tank: freed 1K, expected 2K",
        "b: freed not all space yet, expected 0",
        "c: freed 0, expected 0",
    ]


def test_a_plan_and_what_came_of_it() -> None:
    """Each prints what the command does, and the result is true if something went."""
    plan = PrunePlan({"tank/a": parse_policy("keep=1")}, DECISIONS)
    assert str(plan).splitlines()[-1] == "tank/a: would destroy 1, kept 1"
    assert len(plan.lines()) == 4
    done = Pruned(plan, ("tank/a@1",), ())
    assert (bool(done), str(done)) == (True, "tank/a: destroyed 1, kept 1")
    assert done.lines(verbose=True)[:3] == plan.lines()[:3]
    spared = Pruned(plan, (), (DECISIONS[1],), freed={"tank": 0})
    assert not spared
    assert spared.lines() == [
        "tank/a: destroyed 0, kept 2",
        "tank: freed 0, expected 0",
    ]
