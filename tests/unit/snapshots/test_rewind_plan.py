"""Rewinds: the snapshots and clones that go, and the words that consent to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zfstune.snapshots.rewind_plan import (
    ESCAPE,
    LOSSES,
    RewindPlan,
    datasets_of,
    has_changed,
    left_behind,
    make_rewind,
)
from zfstune.values.errors import PlanError
from zfstune.values.marks import CHECKPOINT_PROPERTY
from zfstune.values.state import (
    LOCAL,
    NONE,
    Dataset,
    PropertyValue,
    RunningFile,
    Snapshot,
)

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from zfstune.snapshots.rewind_plan import Rewind


def taken(txg: int, name: str = "tank/a", **values: str) -> Snapshot:
    """Make a snapshot of that transaction group."""
    found = {n: PropertyValue(v, NONE) for n, v in values.items()}
    return Snapshot(f"{name}@{txg}", txg, txg, len(values.get("clones", "")), found)


def rewind(
    *snapshots: Snapshot,
    bookmarks: Mapping[str, int] | None = None,
    bases: tuple[str, ...] = (),
    parents: Container[str] = (),
    below: Mapping[str, list[Snapshot]] | None = None,
    path: str = "",
) -> Rewind:
    """Plan the way back to the first snapshot."""
    return make_rewind(
        snapshots[0],
        snapshots,
        bookmarks=bookmarks or {},
        bases=bases,
        parents=parents,
        below=below or {},
        path=path,
    )


def test_what_is_newer_goes_and_nothing_else() -> None:
    """Snapshots and bookmarks after the checkpoint go, the newest first."""
    # A bookmark of the checkpoint itself has its createtxg, so it is not newer.
    marks = {"tank/a#old": 4, "tank/a#own": 5, "tank/a#new": 8}
    one = rewind(taken(5), taken(3), taken(7), taken(9), bookmarks=marks, path="/a")
    assert one.newer == ("tank/a@9", "tank/a@7")
    assert one.bookmarks == ("tank/a#new",)
    assert one.path == "/a"


def test_what_an_escape_left_is_no_loss() -> None:
    """A snapshot that a killed rollback left may be lost without consent."""
    mark = {CHECKPOINT_PROPERTY: PropertyValue(ESCAPE, LOCAL)}
    assert rewind(taken(5), Snapshot("tank/a@x", 6, 6, 0, mark)).newer == ()


def test_clones_go_with_what_they_hang_on() -> None:
    """A clone goes with its own snapshots, unless it has clones or datasets of its own."""
    name = "tank/b"
    cloned = [taken(5), taken(7, clones=name)]
    one = rewind(*cloned, parents={"tank"}, below={name: [taken(8, name)]})
    assert [(c.name, c.snapshots) for c in one.clones] == [(name, (f"{name}@8",))]
    with pytest.raises(PlanError, match=r"back 'tank/a': 'tank/b', .*datasets below it"):
        rewind(*cloned, parents={name}, below={name: []})
    with pytest.raises(
        PlanError, match=f"back 'tank/a': clones hang on '{name}@8' in turn"
    ):
        rewind(*cloned, below={name: [taken(8, name, clones="tank/c")]})


def test_copies_in_the_way_are_told_apart() -> None:
    """Copies of an earlier rollback are dropped by their own name."""
    copy = "tank/zfstune-escape/my own-20260101T000000Z/tank/a"
    newer = Snapshot(
        "tank/a@checkpoint-my own", 7, 7, 1, {"clones": PropertyValue(copy, NONE)}
    )
    with pytest.raises(PlanError, match=f"'{copy}', a clone of 'tank/a@checkp") as refused:
        rewind(taken(5), newer, parents={copy}, below={copy: []})
    assert refused.value.hint == (
        "zfstune checkpoints --drop-copies 'my own-20260101T000000Z'"
    )
    with pytest.raises(PlanError, match="'tank/b', a clone of 'tank/a@7'") as refused:
        rewind(taken(5), taken(7, clones="tank/b"), parents={"tank/b"})
    assert refused.value.hint == ""


def test_a_dataset_that_is_as_its_checkpoint_loses_nothing() -> None:
    """The snapshot that was taken just now knows how many bytes were written since."""
    one = rewind(taken(5))

    def changed(*others: Snapshot, at: Rewind = one) -> bool:
        return has_changed(at, [taken(3, written="9"), taken(5, written="9"), *others])

    assert not changed(taken(7, written="0"))
    assert not changed(taken(6, written="0"), taken(7, written="0"))
    assert changed(taken(7, written="1"))
    assert changed(taken(6, written="1"), taken(7, written="0"))
    assert changed(taken(7))
    assert changed()
    assert not changed(taken(7, written="0"), at=rewind(taken(5), taken(6)))
    # Without the checkpoint in the list, all that was ever written counts.
    assert not has_changed(one, [taken(1, written="0")])
    assert has_changed(one, [taken(1, written="9"), taken(7, written="0")])


def test_what_is_left_behind() -> None:
    """A dataset that lacks the checkpoint is left if it is named, or may have lost it."""
    mark = {CHECKPOINT_PROPERTY: PropertyValue("2", LOCAL)}
    whole = [Snapshot(f"tank/{n}@x", 1, 5, 0, mark) for n in ("a", "b")]
    there = [
        Dataset(name, "filesystem", 1, createtxg, {})
        for name, createtxg in {
            "tank": 1,
            "tank/a": 2,
            "tank/a/in": 5,
            "tank/a/new": 6,
            "tank/b": 3,
            "tank/c": 4,
            "tank/d": 4,
        }.items()
    ]
    asked = {"tank/a", "tank/b", "tank/c"}
    assert left_behind(whole, asked, there, ()) == ()
    assert left_behind(whole, asked, there, ["tank/c", "tank"]) == ("tank/c",)
    assert left_behind(whole, asked, there, ["tank/a/new"]) == ("tank/a/new",)
    # tank/b lost it, and nobody knows the name: each older dataset may be that one.
    assert left_behind(whole[:1], asked, there, ()) == ("tank/a/in", "tank/b", "tank/c")


def test_what_is_held_cannot_go() -> None:
    """No flag consents to the loss of a held snapshot."""
    with pytest.raises(PlanError) as no:
        rewind(taken(5), taken(7, userrefs="1"))
    assert no.value.message == (
        "cannot roll back 'tank/a': 'tank/a@7' is held: see `zfs holds tank/a@7`"
    )
    with pytest.raises(PlanError, match=r"^cannot roll back 'tank/a': 'tank/b@8' is held"):
        rewind(
            taken(5),
            taken(7, clones="tank/b"),
            below={"tank/b": [taken(8, "tank/b", userrefs="2")]},
        )


def test_each_loss_takes_its_word() -> None:
    """The error names all that would be lost, and the words that consent."""
    cloned = [taken(5), taken(7, clones="tank/b")]
    plan = RewindPlan(
        "test",
        (rewind(*cloned, below={"tank/b": []}, bases=("back/a",)),),
        (RunningFile(7, "bash", "/a/run.sh", "tank/a"),),
    )
    assert sorted(plan.losses) == sorted(LOSSES)
    with pytest.raises(PlanError) as no:
        plan.check([])
    assert str(no.value).startswith(
        "cannot roll back to 'test': this would be lost: snapshots: tank/a@7; "
        "clones: tank/b; bases: back/a; script: /a/run.sh (process 7, bash)"
    )
    assert no.value.hint.endswith("lose=['snapshots', 'clones', 'script', 'bases']")
    with pytest.raises(PlanError) as no:
        plan.check(["snapshots", "script", "bases"])
    assert no.value.hint == (
        "dry_run=True returns the plan; to lose that all the same, give "
        "lose=['snapshots', 'clones', 'script', 'bases']"
    )
    plan.check(LOSSES)
    with pytest.raises(PlanError, match="consent to lose 'data'") as no:
        plan.check(["data"])
    assert no.value.hint == "the words that consent are snapshots, clones, script, bases"
    RewindPlan("test", (rewind(taken(5)),)).check([])


def test_the_plan_as_json() -> None:
    """The JSON has every name that the plan shows to people, and null for a missing one."""
    both = (taken(5), taken(7, clones="tank/b"))
    one = rewind(*both, bookmarks={"tank/a#m": 9}, bases=("back/a",), path="/a")
    plan = RewindPlan(
        "test",
        (one, rewind(taken(5))),
        (RunningFile(7, "bash", "/a/run.sh", "tank/a"),),
        escape="tank/x",
        cautions=("mind",),
        left=("tank/c",),
        missing=2,
    )
    assert plan.to_dict() == {
        "checkpoint": "test",
        "snapshot": None,
        "datasets": [
            {
                "name": "tank/a",
                "snapshot": "tank/a@5",
                "newer": ["tank/a@7"],
                "bookmarks": ["tank/a#m"],
                "clones": ["tank/b"],
                "bases": ["back/a"],
                "mounted": "/a",
            },
            {
                "name": "tank/a",
                "snapshot": "tank/a@5",
                "newer": [],
                "bookmarks": [],
                "clones": [],
                "bases": [],
                "mounted": None,
            },
        ],
        "losses": {
            "snapshots": ["tank/a@7", "tank/a#m"],
            "clones": ["tank/b"],
            "bases": ["back/a"],
            "script": ["/a/run.sh (process 7, bash)"],
        },
        "escape": "tank/x",
        "cautions": ["mind"],
        "left": ["tank/c"],
        "missing": 2,
    }
    assert RewindPlan("test", ()).to_dict()["escape"] is None


def test_a_plan_for_one_snapshot() -> None:
    """It is no checkpoint, and its copies have the name behind the @."""
    plan = RewindPlan("tank/a@5", (rewind(taken(5)),))
    found = plan.to_dict()
    assert (found["checkpoint"], found["snapshot"]) == (None, "tank/a@5")
    assert (plan.label, RewindPlan("test", ()).label) == ("5", "test")


@pytest.mark.parametrize(
    ("texts", "number"),
    [(["3", "3"], 3), (["2", "7"], 7), (["abc", "4"], 4), (["9" * 5000], 0), (["-1"], 0)],
)
def test_how_many_datasets_a_checkpoint_was_of(texts: list[str], number: int) -> None:
    """A user may write anything into the note: text that is no number does not count."""
    found = [
        Snapshot(
            f"tank/a{n}@checkpoint-x",
            n,
            n,
            0,
            {CHECKPOINT_PROPERTY: PropertyValue(text, LOCAL)},
        )
        for n, text in enumerate(texts, 1)
    ]
    assert datasets_of(found) == number
