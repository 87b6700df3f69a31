"""Prunes in cases that no kernel can be made to show: races, and errors half way."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from fake_engine import FakeEngine
from zfstune.retention.prune import prune
from zfstune.values.errors import BatchError, NoSpace, PolicyError, PoolSuspended
from zfstune.values.marks import PROFILE_PROPERTY, SNAPSHOT_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable

OWN = {SNAPSHOT_PROPERTY: "auto"}


def filled(count: int, *datasets: str) -> FakeEngine:
    """Return datasets with marked snapshots of the same names."""
    engine = FakeEngine("tank", *datasets)
    for number in range(1, count + 1):
        short = f"zfstune-20260101T000000Z-{number}"
        engine.take_snapshots([f"{name}@{short}" for name in datasets], properties=OWN)
    engine.calls.clear()
    return engine


def at(call: str, turn: int, happens: Callable[[], object]) -> Callable[[str], None]:
    """Let something happen just before the n-th call of a kind."""
    seen = 0

    def before(name: str) -> None:
        nonlocal seen
        seen += name == call
        if name == call and seen == turn:
            happens()

    return before


def test_error_half_way_keeps_what_is_done() -> None:
    """When the second batch fails, the first is gone, and the next run does the rest."""
    engine = filled(121, "tank/a")

    def full() -> None:
        raise NoSpace(operation="destroy snapshot", target="x", errno=28, reason="full")

    engine.before = at("destroy_snapshots", 2, full)
    with pytest.raises(NoSpace):
        prune("tank/a", keep=1, engine=engine.seam)
    assert [len(targets) for _, targets in engine.calls] == [50]
    engine.before = lambda _: None
    assert len(prune("tank/a", keep=1, engine=engine.seam).destroyed) == 70
    assert list(engine.taken) == ["tank/a@zfstune-20260101T000000Z-121"]


def test_oldest_go_first() -> None:
    """Wherever a prune stops, the newest of each dataset are left."""
    engine = filled(60, "tank/a", "tank/b")

    def stop() -> None:
        raise KeyboardInterrupt

    engine.before = at("destroy_snapshots", 2, stop)
    with pytest.raises(KeyboardInterrupt):
        prune("tank/a", "tank/b", keep=1, engine=engine.seam)
    left = [s.createtxg for s in engine.snapshots("tank/a")]
    assert left == list(range(26, 61))
    assert left == [s.createtxg for s in engine.snapshots("tank/b")]


def test_made_anew_between_check_and_batch() -> None:
    """The guid is read again just before each batch, not once for all."""
    engine = filled(61, "tank/a")
    last = "tank/a@zfstune-20260101T000000Z-60"

    def make_anew() -> None:
        del engine.taken[last]
        engine.take_snapshots([last], properties=OWN)

    # The first call is for the plan, the second for the first batch.
    engine.before = at("find_snapshots", 3, make_anew)
    pruned = prune("tank/a", keep=1, engine=engine.seam)
    assert last in engine.taken
    assert [d.snapshot.name for d in pruned.spared] == [last]
    assert len(pruned.destroyed) == 59


def test_held_between_check_and_call() -> None:
    """ZFS refuses the whole batch and names two; the others go in the next round."""
    engine = filled(6, "tank/a")
    names = list(engine.taken)
    engine.busy = {names[0]: errno.EBUSY, names[3]: errno.EEXIST}
    pruned = prune("tank/a", keep=1, engine=engine.seam)
    assert set(engine.taken) == {names[0], names[3], names[5]}
    reasons = {d.snapshot.name: d.reasons for d in pruned.spared}
    assert "held" in reasons[names[0]][0]
    assert "clones" in reasons[names[3]][0]


def test_all_of_a_batch_in_use() -> None:
    """The prune ends although no snapshot of a batch can go."""
    engine = filled(4, "tank/a")
    engine.busy = dict.fromkeys(engine.taken, errno.EBUSY)
    pruned = prune("tank/a", keep=1, engine=engine.seam)
    assert pruned.destroyed == ()
    assert len(pruned.spared) == 3


def test_other_refusals_are_errors() -> None:
    """An error other than busy and missing is raised, for that one snapshot."""
    engine = filled(4, "tank/a")
    first = next(iter(engine.taken))
    engine.busy = {first: errno.EPERM}
    with pytest.raises(Exception, match=f"'{first}': permission denied") as refused:
        prune("tank/a", keep=1, engine=engine.seam)
    assert not isinstance(refused.value, BatchError)
    assert len(engine.taken) == 4


def test_destroyed_by_others_meanwhile() -> None:
    """A snapshot that is gone by now is neither destroyed again nor reported."""
    engine = filled(4, "tank/a")
    names = list(engine.taken)
    engine.before = at("find_snapshots", 2, lambda: engine.taken.pop(names[1], None))
    pruned = prune("tank/a", keep=1, engine=engine.seam)
    assert pruned.destroyed == (names[0], names[2])
    assert pruned.spared == ()


def test_no_dataset_means_the_managed_ones() -> None:
    """Without names, only datasets with a profile's note of their own are pruned."""
    engine = filled(3, "tank/a", "tank/a/b", "tank/c")
    engine.marks["tank/a"][PROFILE_PROPERTY] = "logs"
    pruned = prune(keep=1, pool="tank", engine=engine.seam)
    assert pruned.plan.datasets == ("tank/a",)
    assert len(pruned.destroyed) == 2


def test_nothing_managed_destroys_nothing() -> None:
    """A pool without managed datasets gives an empty plan."""
    engine = filled(3, "tank/a")
    pruned = prune(keep=1, pool="tank", engine=engine.seam)
    assert pruned.plan.datasets == pruned.destroyed == ()
    assert engine.calls == []


@pytest.mark.parametrize("keep", [0, -1])
def test_policy_is_checked_before_anything_is_read(keep: int) -> None:
    """A policy that cannot be used is refused before anything is listed."""
    engine = filled(3, "tank/a")

    def listed(name: str) -> None:
        pytest.fail(f"{name} was called")

    engine.before = listed
    with pytest.raises(PolicyError):
        prune("tank/a", keep=keep, engine=engine.seam)


def test_suspended_pool_is_not_listed() -> None:
    """On a suspended pool no call is made that could wait."""
    engine = filled(3, "tank/a")
    engine.suspended = True
    with pytest.raises(PoolSuspended):
        prune("tank/a", keep=1, engine=engine.seam)


def test_one_transaction_looks_and_destroys() -> None:
    """Where programs run, one a batch does all, and no other call is made."""
    engine = filled(61, "tank/a")
    engine.programs = 0
    asked: list[str] = []
    engine.before = asked.append
    pruned = prune("tank/a", keep=1, engine=engine.seam)
    assert (len(pruned.destroyed), pruned.spared, pruned.fallback) == (60, (), "")
    assert [(word, len(targets)) for word, targets in engine.calls] == [
        ("destroy exactly", 50),
        ("destroy exactly", 10),
    ]
    # The plan is the only one to ask.
    assert asked.count("find_snapshots") == 1


def test_without_programs_it_says_so_and_asks_once() -> None:
    """A user without programs is refused one once, and the result has the reason."""
    engine = filled(121, "tank/a")
    asked: list[str] = []
    engine.before = asked.append
    pruned = prune("tank/a", keep=1, engine=engine.seam)
    assert len(pruned.destroyed) == 120
    assert "permission denied" in pruned.fallback
    assert asked.count("destroy_exactly") == 1
    assert pruned.to_dict()["checked"] == "just before"


@pytest.mark.parametrize("code", [errno.ECHRNG, errno.ENOSPC, errno.ENOTSUP, errno.ETIME])
def test_a_program_that_fails_is_no_end(code: int) -> None:
    """A full pool answers a program with odd errors: destroying by name goes on."""
    engine = filled(61, "tank/a")
    engine.programs = code
    pruned = prune("tank/a", keep=1, engine=engine.seam)
    assert len(pruned.destroyed) == 60
    assert pruned.fallback


def test_a_pool_that_suspends_ends_it() -> None:
    """An error that would stop the other way too is raised, not tried again."""
    engine = filled(3, "tank/a")
    engine.programs = errno.EAGAIN
    with pytest.raises(PoolSuspended):
        prune("tank/a", keep=1, engine=engine.seam)
    assert engine.calls == []


@pytest.mark.parametrize("programs", [0, errno.EPERM])
def test_what_was_to_outlive_the_victims_is_gone(programs: int) -> None:
    """If the newest was destroyed meanwhile, the victims are the newest, and stay."""
    engine = filled(4, "tank/a", "tank/b")
    engine.programs = programs
    newest = "tank/a@zfstune-20260101T000000Z-4"

    def lose(name: str) -> None:
        if name == "destroy_exactly":
            engine.taken.pop(newest, None)

    engine.before = lose
    pruned = prune("tank/a", "tank/b", keep=1, engine=engine.seam)
    assert len(engine.snapshots("tank/a")) == 3
    assert len(engine.snapshots("tank/b")) == 1
    assert {d.snapshot.dataset for d in pruned.spared} == {"tank/a"}
    assert "outlive" in pruned.spared[0].reasons[0]


def test_in_use_is_tried_by_name() -> None:
    """A snapshot mounted below .zfs is in use to a program, and unmounted by the call."""
    engine = filled(4, "tank/a")
    engine.programs = 0
    first, second, *_ = engine.taken
    engine.busy = {first: errno.EBUSY, second: errno.EUSERS}

    def unmount(name: str) -> None:
        if name == "destroy_snapshots":
            del engine.busy[first]

    engine.before = unmount
    pruned = prune("tank/a", keep=1, engine=engine.seam)
    assert first in pruned.destroyed
    assert [d.snapshot.name for d in pruned.spared] == [second]
    assert "held" in pruned.spared[0].reasons[0]


def test_no_room_even_to_destroy() -> None:
    """Where ZFS has no room for the destruction itself, the error says what to do."""
    engine = filled(4, "tank/a")
    engine.programs = 0
    engine.busy = {next(iter(engine.taken)): errno.ENOSPC}
    with pytest.raises(NoSpace, match="no room even to destroy") as refused:
        prune("tank/a", keep=1, engine=engine.seam)
    assert "zpool checkpoint -d" in refused.value.hint
