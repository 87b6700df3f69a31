"""Carrying a plan out: a dataset's last snapshots are guarded, and results reported."""

from __future__ import annotations

import errno

import pytest

from fake_engine import FakeEngine
from zfstune.retention.decision import Decision
from zfstune.retention.destroy import MADE_ANEW, Destruction
from zfstune.retention.plan import PrunePlan
from zfstune.retention.policy_text import parse_policy
from zfstune.values.errors import BatchError, EngineError, NoSpace, PoolSuspended
from zfstune.values.marks import KEPT_PROPERTY
from zfstune.values.state import Snapshot

POLICY = parse_policy("match=auto-* keep=1")


class Recording(FakeEngine):
    """An engine that notes each batch, and the survivors that were asked for with it."""

    def __init__(self, *datasets: str) -> None:
        super().__init__("tank", *datasets)
        self.asked: list[set[str]] = []
        self.batches: list[set[str]] = []
        self.programs = 0

    def destroy_exactly(self, snapshots, *, survivors=(), marks=None):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
        """Note and destroy."""
        self.batches.append(set(snapshots))
        self.asked.append(set(survivors))
        return super().destroy_exactly(snapshots, survivors=survivors, marks=marks)


def filled(*rows: str) -> tuple[Recording, PrunePlan]:
    """Return an engine and a plan: ``tank/a: mine+ auto+ auto- ...``, the newest first."""
    engine = Recording(*(row.partition(":")[0] for row in rows))
    decisions = []
    number = 0
    for row in rows:
        dataset, _, words = row.partition(":")
        for place, word in enumerate(words.split()):
            number += 1
            name = f"{dataset}@{word[:-1]}-{place}"
            snapshot = Snapshot(name, number, 1000 - place)
            engine.taken[name] = snapshot
            decisions.append(Decision(snapshot, keep=word[-1] == "+", reasons=("r",)))
    policies = {row.partition(":")[0]: POLICY for row in rows}
    return engine, PrunePlan(policies, tuple(decisions))


def test_the_survivor_is_the_newest_of_the_policys_own() -> None:
    """A foreign snapshot guards nothing where the policy lets all of its own go."""
    engine, plan = filled("tank/a:mine+ auto+ auto+ auto- mine+")
    Destruction(engine.seam, plan).run()
    assert engine.asked == [{"tank/a@auto-1"}]
    engine, plan = filled("tank/a:mine+ auto- auto-")
    Destruction(engine.seam, plan).run()
    assert engine.asked == [set()]
    engine, plan = filled("tank/a:mine+ auto+ auto-", "tank/b:mine+ auto- auto+ auto+")
    Destruction(engine.seam, plan).run()
    assert engine.asked == [{"tank/a@auto-1", "tank/b@auto-2"}]


@pytest.mark.parametrize("programs", [0, errno.EPERM])
def test_victims_stay_where_their_survivor_is_gone(programs: int) -> None:
    """A foreign snapshot is no survivor; the other datasets go on."""
    engine, plan = filled("tank/a:mine+ auto+ auto- auto-", "tank/b:auto+ auto-")
    engine.programs = programs
    del engine.taken["tank/a@auto-1"]
    done = Destruction(engine.seam, plan)
    done.run()
    assert done.destroyed == ["tank/b@auto-1"]
    assert sorted(d.snapshot.name for d in done.spared) == [
        "tank/a@auto-2",
        "tank/a@auto-3",
    ]
    assert all("outlive" in d.reasons[0] for d in done.spared)
    assert "tank/a@auto-2" in engine.taken


def test_what_a_program_spared_is_not_told_as_destroyed() -> None:
    """Snapshots that are anew, held, cloned, gone or unguarded are not reported."""
    engine, plan = filled("tank/a:auto+ auto- auto- auto- auto- auto-")
    anew, held, cloned, gone, goes = [s.name for s in plan.victims]
    engine.taken[anew] = Snapshot(anew, 999, 5)
    engine.busy = {held: errno.EUSERS, cloned: errno.EEXIST}
    del engine.taken[gone]
    done = Destruction(engine.seam, plan)
    done.run()
    assert done.destroyed == [goes]
    told = {d.snapshot.name: d for d in done.spared}
    assert set(told) == {anew, held, cloned}
    assert all(d.keep and d.spared for d in told.values())
    assert set(engine.taken) == {"tank/a@auto-0", anew, held, cloned}
    assert done.fallback == ""
    assert done.failed == {}


def test_one_call_reaches_one_pool() -> None:
    """The victims of each pool go by a call of their own."""
    engine, plan = filled("tank/a:auto+ auto-", "other/b:auto+ auto-", "tank/c:auto+ auto-")
    Destruction(engine.seam, plan).run()
    assert engine.batches == [{"tank/a@auto-1", "tank/c@auto-1"}, {"other/b@auto-1"}]


def test_in_use_by_a_program_goes_by_name() -> None:
    """The snapshot is reported once, by the call that destroyed it."""
    engine, plan = filled("tank/a:auto+ auto- auto-")
    first, second = [s.name for s in plan.victims]
    engine.busy = {first: errno.EBUSY}

    def unmount(call: str) -> None:
        if call == "destroy_snapshots":
            engine.busy = {}

    engine.before = unmount
    done = Destruction(engine.seam, plan)
    done.run()
    assert done.destroyed == [second, first]
    assert done.spared == []
    assert done.fallback == ""


def test_no_room_to_destroy_by_a_program_ends_it() -> None:
    """If there is no room to destroy one snapshot, there is none for the others."""
    engine, plan = filled("tank/a:auto+ auto-")
    engine.busy = {"tank/a@auto-1": errno.ENOSPC}
    with pytest.raises(NoSpace):
        Destruction(engine.seam, plan).run()


def test_made_anew_is_seen_without_programs() -> None:
    """The guid that was planned counts, not the name."""
    engine, plan = filled("tank/a:auto+ auto- auto-")
    engine.programs = errno.EPERM
    engine.taken["tank/a@auto-1"] = Snapshot("tank/a@auto-1", 999, 5)
    done = Destruction(engine.seam, plan)
    done.run()
    assert done.destroyed == ["tank/a@auto-2"]
    assert [d.reasons for d in done.spared] == [(MADE_ANEW,)]
    assert done.fallback == "permission denied"


@pytest.mark.parametrize("code", [errno.EAGAIN, errno.EROFS, errno.ENOSPC])
def test_a_refusal_of_the_pool_is_raised(code: int) -> None:
    """A pool that is suspended, read-only or full refuses all datasets alike."""
    engine, plan = filled("tank/a:auto+ auto-", "tank/b:auto+ auto-")
    engine.programs = errno.EPERM
    engine.busy = {"tank/a@auto-1": code}
    with pytest.raises(EngineError) as refused:
        Destruction(engine.seam, plan).run()
    assert isinstance(refused.value, PoolSuspended) == (code == errno.EAGAIN)
    assert "tank/b@auto-1" in engine.taken


def test_a_dataset_that_refuses_is_not_tried_again() -> None:
    """A dataset's later batches are left out, and its first error is the one reported."""
    rows = ["tank/a:auto+" + " auto-" * 80, "tank/b:auto+" + " auto-" * 80]
    engine, plan = filled(*rows)
    engine.programs = errno.EPERM
    wrong = [s.name for s in plan.victims if s.dataset == "tank/a"]
    engine.busy = dict.fromkeys(wrong, errno.EPERM)
    done = Destruction(engine.seam, plan)
    done.run()
    assert len(done.destroyed) == 80
    assert list(done.failed) == ["tank/a"]
    assert set(wrong) <= set(engine.taken)
    assert [len(targets) for _, targets in engine.calls] == [25, 25, 25, 5]


def test_a_pool_that_refuses_does_not_end_the_work_on_others() -> None:
    """Batches of which a dataset failed before are passed over, and no others."""
    engine, plan = filled("tank/a:auto+" + " auto-" * 60, "z/b:auto+ auto-")
    engine.programs = errno.EPERM
    wrong = [s.name for s in plan.victims if s.dataset == "tank/a"]
    engine.busy = dict.fromkeys(wrong, errno.EPERM)
    done = Destruction(engine.seam, plan)
    done.run()
    assert (done.destroyed, list(done.failed)) == (["z/b@auto-1"], ["tank/a"])


def test_an_error_that_names_no_victim_ends_it() -> None:
    """Where nothing can be left out, the call is not made again for ever."""
    engine, plan = filled("tank/a:auto+ auto-")
    engine.programs = errno.EPERM

    def fail(call: str) -> None:
        if call == "destroy_snapshots":
            other = EngineError(operation="destroy", target="x@1", errno=5, reason="broken")
            raise BatchError(operation="destroy", failures=[other])

    engine.before = fail
    with pytest.raises(BatchError):
        Destruction(engine.seam, plan).run()


def test_a_batch_takes_from_each_dataset_in_turn() -> None:
    """The oldest of each dataset go first, so that no dataset has to wait for another."""
    victims = " auto-" * 60  # those of the second dataset are older than any of the first
    engine, plan = filled("tank/a:auto+" + victims, "tank/b:" + " auto+" * 61 + victims)
    Destruction(engine.seam, plan).run()
    assert [len(batch) for batch in engine.batches] == [50, 50, 20]
    for batch in engine.batches:
        assert sum(name.startswith("tank/a@") for name in batch) * 2 == len(batch)


def test_a_count_that_cannot_be_noted_stops_no_other() -> None:
    """It is only missing in the next run."""
    engine, plan = filled("tank/a:auto+ auto-", "tank/b:auto+ auto-")
    engine.programs = errno.EPERM
    plan = PrunePlan(plan.policies, plan.decisions, remember={"tank/a": 41, "tank/b": 41})
    calls: list[str] = []

    def fail_first(call: str) -> None:
        calls.append(call)
        if calls.count("set") == 1 and call == "set":
            raise EngineError(operation="set", target="tank", errno=5, reason="I/O error")

    engine.before = fail_first
    done = Destruction(engine.seam, plan)
    done.run()
    assert len(done.destroyed) == calls.count("set") == 2
    assert sorted(len(engine.marks[name]) for name in ("tank/a", "tank/b")) == [0, 1]


@pytest.mark.parametrize("programs", [0, errno.EPERM])
def test_what_is_left_is_noted_once(programs: int) -> None:
    """The count is noted when a dataset loses its first snapshot, and on no other."""
    engine, plan = filled("tank/a:auto+ auto-", "tank/b:auto+ auto+")
    engine.programs = programs
    plan = PrunePlan(plan.policies, plan.decisions, remember={"tank/a": 41, "tank/b": 7})
    Destruction(engine.seam, plan).run()
    assert engine.marks["tank/a"] == {KEPT_PROPERTY: "41"}
    assert engine.marks["tank/b"] == {}


def test_progress_is_told() -> None:
    """Before each batch the number of those gone through is told, and of how many."""
    engine, plan = filled("tank/a:auto+ " + "auto- " * 700)
    told: list[tuple[int, int]] = []
    Destruction(engine.seam, plan).run(lambda done, total: told.append((done, total)))
    assert told[0] == (0, len(plan.victims))
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert len(told) > 1
