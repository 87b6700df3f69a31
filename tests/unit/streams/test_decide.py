"""What happens to each dataset of a tree: made, continued, cloned, or refused alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from two_pools import run, run_tree, two_pools
from zfstune.streams.replicate import replicate
from zfstune.values.errors import BatchError, InvalidProperty, PlanError

if TYPE_CHECKING:
    from stream_engine import StreamEngine
    from zfstune.streams.replication_plan import ReplicationPlan


@pytest.fixture
def sides() -> tuple[StreamEngine, StreamEngine]:
    """Make two pools, the first with a tree whose middle has no snapshot."""
    tank, back = two_pools()
    tank.add("tank/a/m")
    tank.add("tank/a/m/x", "1")
    return tank, back


def steps(plan: ReplicationPlan) -> list[str]:
    """Give all streams."""
    return [s.describe() for dataset in plan.datasets for s in dataset.transfer.steps]


def test_a_parent_without_a_snapshot(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """It gets a placeholder, which its first stream replaces and nothing else."""
    tank, back = sides
    run_tree(tank, back)
    assert back.local["back/a/m"]["canmount"] == "off"
    assert back.local["back/a/m"]["readonly"] == "on"
    assert back.shorts("back/a/m/x") == ["1"]
    assert not run_tree(tank, back).pending
    tank.take("tank/a/m@1")
    run_tree(tank, back)
    assert back.shorts("back/a/m") == ["1"]


def test_a_placeholder_that_somebody_uses(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """It is no placeholder any more once it can be written to; a clone finds no room."""
    tank, back = sides
    run_tree(tank, back)
    tank.take("tank/a/m@1")
    tank.origins["tank/a/m"] = "tank/a@1"
    with pytest.raises(BatchError, match="it is a placeholder") as caught:
        run_tree(tank, back)
    assert "--keep-aside" in caught.value.hint
    back.local["back/a/m"]["readonly"] = "off"
    with pytest.raises(BatchError, match="it exists and has no snapshot"):
        run_tree(tank, back)
    run_tree(tank, back, keep_aside=True)
    assert back.origins["back/a/m"] == "back/a@1"
    assert back.shorts("back/a/m/x") == ["1"]


def test_a_leaf_without_a_snapshot(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """It is refused, in a tree and alone: nothing of it would be safe."""
    tank, back = sides
    tank.add("tank/a/empty")
    with pytest.raises(BatchError, match="the source has no snapshot") as caught:
        run_tree(tank, back)
    assert "zfstune snapshot tank/a/empty" in caught.value.hint
    assert back.shorts("back/a/m/x") == ["1"]
    with pytest.raises(PlanError, match="no snapshot"):
        replicate("tank/a/empty", "back/e", engine=tank.zfs, target_engine=back.zfs)


def test_clones_of_clones(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """Each follows its origin, whatever the names say, even if only the newest is sent."""
    tank, back = sides
    tank.add("tank/a/1", "y", "z")
    tank.add("tank/a/0", "z")
    tank.origins |= {"tank/a/1": "tank/a@2", "tank/a/0": "tank/a/1@y"}
    plan = run_tree(tank, back, every=False)
    assert back.origins == {"back/a/1": "back/a@2", "back/a/0": "back/a/1@y"}
    assert back.shorts("back/a") == ["2", "3"]
    assert back.shorts("back/a/1") == ["y", "z"]
    assert not any(dataset.transfer.unshared for dataset in plan.datasets)


def test_promoted_since_the_last_run(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """Both go on from their own newest snapshots; the target's clones stay as they are."""
    tank, back = sides
    tank.add("tank/a/c", "y")
    tank.origins["tank/a/c"] = "tank/a@2"
    run_tree(tank, back)
    tank.promote("tank/a/c")
    for name in ("tank/a", "tank/a/c"):
        tank.take(f"{name}@4")
    plan = run_tree(tank, back)
    assert sorted(steps(plan)) == [
        "incremental tank/a/c@4 from tank/a/c@y -> back/a/c@4",
        "incremental tank/a@4 from tank/a@3 -> back/a@4",
    ]
    assert back.origins == {"back/a/c": "back/a@2"}


@pytest.mark.parametrize("sent", [True, False])
def test_promoted_with_all_that_both_have(
    sides: tuple[StreamEngine, StreamEngine], *, sent: bool
) -> None:
    """The base went to the clone, snapshot and bookmark: the bookmark is made again.

    Of the one that the promotion carried away nothing is left.
    """
    tank, back = sides
    run_tree(tank, back)
    tank.add("tank/a/c", "y")
    tank.origins["tank/a/c"] = "tank/a@3"
    if sent:
        run_tree(tank, back)
    tank.promote("tank/a/c")
    assert tank.marks["tank/a"] == {}
    for name in ("tank/a", "tank/a/c"):
        tank.take(f"{name}@4")
    plan = run_tree(tank, back)
    assert not [step for step in steps(plan) if step.startswith("full")]
    assert back.shorts("back/a") == ["1", "2", "3", "4"]
    assert back.shorts("back/a/c") == ["y", "4"]
    assert back.origins["back/a/c"] == "back/a@3"
    assert [len(tank.marks[name]) for name in ("tank/a", "tank/a/c")] == [1, 1]
    assert not run_tree(tank, back).pending


def test_promoted_past_what_had_arrived(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """The base lies before the origin: all in between is sent from the promoted clone.

    That holds where the base is left as a bookmark only.
    """
    tank, back = sides
    run_tree(tank, back)
    for short in ("4", "5"):
        tank.take(f"tank/a@{short}")
    tank.add("tank/a/c", "y")
    tank.origins["tank/a/c"] = "tank/a@5"
    tank.promote("tank/a/c")
    tank.taken["tank/a/c"] = [s for s in tank.taken["tank/a/c"] if s.short_name > "3"]
    tank.take("tank/a@6")
    plan = run_tree(tank, back)
    assert back.shorts("back/a") == ["1", "2", "3", "4", "5", "6"]
    assert back.origins["back/a/c"] == "back/a@5"
    assert back.shorts("back/a/c") == ["y"]
    assert not [step for step in steps(plan) if step.startswith("full")]
    assert [len(tank.marks[name]) for name in ("tank/a", "tank/a/c")] == [1, 1]
    assert not run_tree(tank, back).pending


def test_promoted_before_it_was_ever_sent(
    sides: tuple[StreamEngine, StreamEngine],
) -> None:
    """The snapshots that it took over are on the target already: it is a clone of them."""
    tank, back = sides
    run_tree(tank, back)
    tank.add("tank/a/c", "y")
    tank.origins["tank/a/c"] = "tank/a@2"
    tank.promote("tank/a/c")
    plan = run_tree(tank, back)
    assert steps(plan) == [
        "incremental tank/a/c@y from tank/a/c@2 -> back/a/c@y as a clone of back/a@2"
    ]
    assert not run_tree(tank, back).pending


def test_a_clone_of_what_lies_below_it(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """Neither can be first: both are refused, and no other dataset is."""
    tank, back = sides
    tank.add("tank/a/c", "y")
    tank.add("tank/a/c/o", "x")
    tank.origins["tank/a/c"] = "tank/a/c/o@x"
    with pytest.raises(BatchError, match="one of them is a clone") as caught:
        run_tree(tank, back)
    assert len(caught.value.failures) == 2
    assert back.shorts("back/a/m/x") == ["1"]


def test_the_others_go_on(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """A refused dataset stops neither its sisters, nor children whose parent is there."""
    tank, back = sides
    run_tree(tank, back)
    back.take("back/a@own")
    for name in ("tank/a", "tank/a/m/x"):
        tank.take(f"{name}@9")
    with pytest.raises(BatchError, match="back/a@own") as caught:
        run_tree(tank, back)
    assert [str(f)[:32] for f in caught.value.failures] == [
        "cannot send 'tank/a' to 'back/a'"
    ]
    assert caught.value.done == ("tank/a/m/x@9",)
    assert back.shorts("back/a/m/x") == ["1", "9"]


def test_children_of_what_is_not_made(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """They name their parent, and so on down the tree."""
    tank, back = sides
    tank.add("tank/a/v", "1")
    tank.add("tank/a/v/w", "1")
    tank.damaged.add("tank/a/v")
    with pytest.raises(BatchError) as caught:
        run_tree(tank, back)
    assert [failure.reason for failure in caught.value.failures] == [
        "cannot read 'tank/a/v': it is damaged",
        "its parent 'back/a/v' is not made",
    ]


@pytest.mark.parametrize("recursive", [True, False])
def test_kept_aside_with_children(
    sides: tuple[StreamEngine, StreamEngine], *, recursive: bool
) -> None:
    """They come back under the new dataset, also where only their parent is replicated."""
    tank, back = sides
    run_tree(tank, back)
    back.take("back/a@own")
    tank.take("tank/a@9")
    plan = run(tank, back, keep_aside=True, recursive=recursive)
    assert back.shorts("back/a/m/x") == ["1"]
    aside = plan.datasets[0].aside
    assert [name for name in back.taken if name.startswith(aside)] == [aside]


def test_all_below_waits_for_what_goes_aside(
    sides: tuple[StreamEngine, StreamEngine],
) -> None:
    """A dataset further below is away meanwhile, and so may be the origin of another."""
    tank, back = sides
    run_tree(tank, back)
    tank.add("tank/a/c")
    tank.origins["tank/a/c"] = "tank/a/m/x@1"
    tank.take("tank/a/c@1")
    back.take("back/a@own")
    for name in ("tank/a", "tank/a/m/x"):
        tank.take(f"{name}@9")
    plan = run_tree(tank, back, keep_aside=True, dry_run=True)
    needs = {p.transfer.source: p.needs for p in plan.datasets if p.pending}
    assert needs == {"tank/a": (), "tank/a/c": ("tank/a",), "tank/a/m/x": ("tank/a",)}


def test_a_renamed_dataset_is_followed(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """The plan shows it, a dry run leaves it, and nothing is sent again."""
    tank, back = sides
    run_tree(tank, back)
    tank.rename("tank/a/m", "tank/a/n")
    back.left = 0
    plan = run_tree(tank, back, dry_run=True)
    assert list(plan.lines()) == ["rename back/a/m to back/a/n, as tank/a/n was"]
    assert plan.pending
    back.left = None
    assert steps(run_tree(tank, back)) == []
    assert "back/a/n/x" in back.taken
    assert not run_tree(tank, back).pending


def test_what_a_tree_does_not_take(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """A loss is of one dataset, a tree never holds its own copy, and exclude is heard."""
    tank, back = sides
    with pytest.raises(PlanError, match="each loss is of one dataset"):
        run_tree(tank, back, lose=["back/a@1"])
    with pytest.raises(PlanError, match="lies in the source tree") as caught:
        replicate("tank", "tank/copy", engine=tank.zfs, recursive=True)
    assert "--exclude tank/copy" in caught.value.hint
    with pytest.raises(
        PlanError, match="it is to be left out: 'tank/\\*' matches its name"
    ):
        run_tree(tank, back, exclude=["tank/*"])
    run_tree(tank, back, exclude=["*/m"])
    assert sorted(back.taken) == ["back", "back/a"]


def test_properties_go_where_they_fit(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """A volume of a tree has no atime; alone that is refused, and a wrong name always."""
    tank, back = sides
    tank.add("tank/a/v", "1")
    tank.kinds["tank/a/v"] = "volume"
    off = {"atime": "off"}
    run_tree(tank, back, properties=off, without=["exec"])
    assert back.local["back/a"]["atime"] == "off"
    assert "atime" not in back.local["back/a/v"]
    assert "exec" not in back.local["back/a"]
    with pytest.raises(InvalidProperty, match="a volume has no such property"):
        replicate(
            "tank/a/v", "back/w", engine=tank.zfs, target_engine=back.zfs, properties=off
        )
    tank.add("tank/a/z", "1")
    with pytest.raises(InvalidProperty, match="nosuch"):
        run_tree(tank, back, properties={"nosuch": "1"})


def test_properties_that_travel(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """Of a tree with a placeholder; a later change comes without a stream, once."""
    tank, back = sides
    tank.local["tank/a"] |= {"compression": "zstd", "quota": "5", "readonly": "off"}
    tank.local["tank/a/m"] |= {"atime": "off"}
    plan = run_tree(tank, back, take_properties=True, dry_run=True)
    lines = "\n".join(plan.lines())
    assert "    compression   zstd      as on tank/a" in lines
    assert "set atime=off on back/a/m, as on tank/a/m" in lines
    done: list[str] = []
    run_tree(tank, back, take_properties=True, on_step=lambda s: done.append(s.describe()))
    assert "set atime=off on back/a/m, as on tank/a/m" in done
    assert back.local["back/a"]["compression"] == "zstd"
    assert (back.local["back/a"]["readonly"], "quota" in back.local["back/a"]) == (
        "on",
        False,
    )
    assert back.local["back/a/m"]["atime"] == "off"
    assert not run_tree(tank, back, take_properties=True).pending
    tank.local["tank/a"]["compression"] = "lz4"
    assert not run_tree(tank, back).pending
    (changed,) = [
        p for p in run_tree(tank, back, take_properties=True).datasets if p.pending
    ]
    assert list(changed.lines()) == ["set compression=lz4 on back/a, as on tank/a"]
    assert back.local["back/a"]["compression"] == "lz4"
    tank.take("tank/a/m@1")  # its stream takes the place of the placeholder
    run_tree(tank, back, take_properties=True)
    assert back.local["back/a/m"]["atime"] == "off"
    assert not run_tree(tank, back, take_properties=True).pending


def test_the_targets_own_value(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """That of -o stays, and so does a later change on the target, which the plan names."""
    tank, back = sides
    tank.local["tank/a"] |= {"compression": "zstd", "atime": "off"}
    run(tank, back, take_properties=True, properties={"atime": "on"})
    back.local["back/a"]["compression"] = "gzip"
    tank.local["tank/a"]["copies"] = "2"
    plan = run(tank, back, take_properties=True, without=["recordsize"])
    assert list(plan.lines()) == [
        "set copies=2 on back/a, as on tank/a",
        "    atime=on stays: it was set on back/a",
        "    compression=gzip stays: it was set on back/a",
    ]
    assert back.local["back/a"]["compression"] == "gzip"
    assert not run(tank, back, take_properties=True).pending


def test_a_new_target_beside_the_old_one(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """It begins with what its source has, whatever the one aside had."""
    tank, back = sides
    run(tank, back)
    back.take("back/a@own")
    tank.take("tank/a@4")
    tank.local["tank/a"]["atime"] = "off"
    plan = run(tank, back, take_properties=True, keep_aside=True)
    assert back.local["back/a"]["atime"] == "off"
    assert "atime" not in back.local[plan.datasets[0].aside]


def test_what_is_left_out(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """The plan names it with the reason, and so does the run; what is below stays, too."""
    tank, back = sides
    for name in ("tmp", "tmp/x", "cache", "own"):
        tank.add(f"tank/a/{name}", "1")
    tank.local["tank/a/cache"]["com.example:backup"] = "no"
    tank.local["tank/a/own"]["org.zfstune:replicate-to"] = "none"
    tank.local["tank/a"]["org.zfstune:replicate-to"] = "none"  # somebody names it
    how = {"exclude": ["*/tmp"], "exclude_properties": ["com.example:backup=no"]}
    plan = run_tree(tank, back, **how, dry_run=True)
    expected = [
        "leave out tank/a/tmp: '*/tmp' matches its name",
        "leave out tank/a/cache: com.example:backup=no is set on it",
        "leave out tank/a/own: org.zfstune:replicate-to=none is set on it",
    ]
    assert list(plan.lines())[:3] == expected
    assert [each.source for each in plan.left_out] == [
        *("tank/a/tmp", "tank/a/cache", "tank/a/own")
    ]
    done: list[str] = []
    run_tree(tank, back, **how, on_step=lambda step: done.append(step.describe()))
    assert done[:3] == expected
    assert sorted(back.taken) == ["back", "back/a", "back/a/m", "back/a/m/x"]
    with pytest.raises(InvalidProperty, match="recordsiz"):
        run_tree(tank, back, exclude_properties=["recordsiz"])
    run(tank, back, exclude_properties=["com.example:backup"])


def test_put_aside_twice_within_a_second(
    sides: tuple[StreamEngine, StreamEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has a name of its own, at the root of a tree and alone."""
    monkeypatch.setattr("zfstune.streams.decide.utc_stamp", lambda _: "20300101T000000Z")
    tank, back = sides
    run(tank, back)
    asides = []
    for number in "45":
        back.take(f"back/a@own{number}")
        tank.take(f"tank/a@{number}")
        asides.append(run(tank, back, keep_aside=True).datasets[0].aside)
    assert asides[0] == "back/a-aside-20300101T000000Z"
    assert asides[1].startswith(f"{asides[0]}-")
    assert {*asides, "back/a"} <= back.taken.keys()
    assert not run(tank, back).pending
