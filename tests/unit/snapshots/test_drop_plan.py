"""Dropping a checkpoint: losses, obstacles, and the words that consent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from zfstune.snapshots.drop_plan import DROP_LOSSES, make_drop
from zfstune.snapshots.rewind_plan import FOLDER, is_copy
from zfstune.values.errors import PlanError
from zfstune.values.marks import CHECKPOINT_PROPERTY
from zfstune.values.state import (
    INHERITED,
    LOCAL,
    NONE,
    RECEIVED,
    Dataset,
    PropertyValue,
    Snapshot,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.snapshots.drop_plan import DropPlan

ESCAPE = "tank/zfstune-escape"
TOP = f"{ESCAPE}/one-20261129T210801Z"


def taken(name: str, **values: str) -> Snapshot:
    """Make a snapshot with these properties."""
    found = {n: PropertyValue(v, NONE) for n, v in values.items()}
    return Snapshot(name, 1, 1, len(values.get("clones", "")), found)


def filesystem(
    name: str, *, mountpoint: str = "none", origin: str | None = None, mark: str = LOCAL
) -> Dataset:
    """Make a filesystem that is mounted nowhere, with the mark that rollbacks set."""
    values = {
        "mountpoint": PropertyValue(mountpoint, INHERITED, "tank"),
        CHECKPOINT_PROPERTY: PropertyValue(FOLDER, mark, name if mark == LOCAL else ESCAPE),
    }
    if origin is not None:
        values["origin"] = PropertyValue(origin, NONE)
    return Dataset(name, "filesystem", 1, 1, values)


def drop(
    *snapshots: Snapshot,
    datasets: tuple[Dataset, ...] = (),
    own: Mapping[str, list[Snapshot]] | None = None,
    mounted: Mapping[str, str] | None = None,
    bases: tuple[str, ...] = (),
) -> DropPlan:
    """Plan how the checkpoint called one is dropped."""
    return make_drop(
        "one",
        snapshots,
        datasets={each.name: each for each in (filesystem("tank"), *datasets)},
        own=own or {},
        mounted=mounted or {},
        bases=bases,
    )


def test_the_snapshots_alone() -> None:
    """Where nothing hangs on it, a checkpoint goes without a word of consent."""
    plan = drop(taken("tank/a@checkpoint-one"), taken("tank/b@checkpoint-one", clones=""))
    assert plan.snapshots == ("tank/a@checkpoint-one", "tank/b@checkpoint-one")
    assert (plan.ordered, plan.losses) == ((), {})
    plan.check([])


def copied(*more: Dataset) -> tuple[Dataset, ...]:
    """Make the datasets that a rollback leaves: two copies in their folders."""
    return (
        filesystem(ESCAPE),
        filesystem(TOP),
        filesystem(f"{TOP}/tank"),
        filesystem(f"{TOP}/tank/a", origin="tank/a@checkpoint-one"),
        filesystem(f"{TOP}/tank/a/b", origin="tank/a/b@checkpoint-one"),
        *more,
    )


COPIED = (
    taken("tank/a@checkpoint-one", clones=f"{TOP}/tank/a"),
    taken("tank/a/b@checkpoint-one", clones=f"{TOP}/tank/a/b"),
)


def test_copies_go_with_the_folders_that_held_them() -> None:
    """The plan names each one, the deepest first, and the place of all copies last."""
    own = {f"{TOP}/tank/a": [taken(f"{TOP}/tank/a@escape-x")]}
    plan = drop(*COPIED, datasets=copied(), own=own)
    assert plan.ordered == (
        f"{TOP}/tank/a/b",
        f"{TOP}/tank/a",
        f"{TOP}/tank",
        TOP,
        ESCAPE,
    )
    assert plan.folders == (f"{TOP}/tank", TOP, ESCAPE)
    assert plan.losses == {
        "copies": [f"{TOP}/tank/a", f"{TOP}/tank/a@escape-x", f"{TOP}/tank/a/b"]
    }
    with pytest.raises(PlanError, match=f"this would be lost: copies: {TOP}/tank/a") as no:
        plan.check(["clones"])
    assert no.value.hint.endswith("lose=['copies', 'clones']")
    plan.check(["copies"])


def test_the_plan_as_json() -> None:
    """The JSON names each thing that goes, by its kind, and the losses by their words."""
    cloned = (taken("tank/a@checkpoint-one", clones=f"tank/c,{TOP}/tank/a"), COPIED[1])
    own = {"tank/c": [taken("tank/c@x")]}
    there = (filesystem("tank/c"), *copied())
    plan = drop(*cloned, datasets=there, own=own, bases=("back/a",))
    assert plan.to_dict() == {
        "checkpoint": "one",
        "snapshots": ["tank/a@checkpoint-one", "tank/a/b@checkpoint-one"],
        "copies": [f"{TOP}/tank/a", f"{TOP}/tank/a/b"],
        "clones": ["tank/c"],
        "folders": [f"{TOP}/tank", TOP, ESCAPE],
        "bases": ["back/a"],
        "losses": {
            "copies": [f"{TOP}/tank/a", f"{TOP}/tank/a/b"],
            "clones": ["tank/c", "tank/c@x"],
            "bases": ["back/a"],
        },
    }
    with pytest.raises(PlanError) as no:
        plan.check([])
    assert str(no.value).startswith(
        "cannot drop checkpoint 'one': this would be lost: copies: "
        f"{TOP}/tank/a, {TOP}/tank/a/b; clones: tank/c, tank/c@x"
    )
    assert no.value.hint == (
        "dry_run=True returns the plan; to lose that all the same, give "
        "lose=['copies', 'clones', 'bases']"
    )


@pytest.mark.parametrize(
    "other",
    [
        filesystem(f"{ESCAPE}/two-20261129T210801Z"),
        filesystem(f"{ESCAPE}/one-more-20261129T210801Z"),
        filesystem(f"{ESCAPE}/one-20261129"),
        filesystem(f"{ESCAPE}/mine"),
        filesystem(f"{TOP}/tank/mine", mountpoint="/mine"),
        # It lies below a folder and inherits the mark, but somebody may have filled it.
        filesystem(f"{TOP}/tank/mine", mark=INHERITED),
        filesystem(f"{TOP}/tank/mine", mark=RECEIVED),
    ],
)
def test_folders_that_are_not_its_own_stay(other: Dataset) -> None:
    """Datasets of somebody else or another checkpoint stay, and their parents with them."""
    plan = drop(*COPIED, datasets=copied(other))
    assert other.name not in plan.ordered
    assert ESCAPE not in plan.ordered
    assert (f"{TOP}/tank" in plan.folders) == (not other.name.startswith(TOP))


def test_a_name_with_dashes_has_its_own_folders() -> None:
    """The stamp of a folder is behind its last dash; a checkpoint's name may hold more."""
    names = ("my-own", "my", "my-own-too")
    folders = [f"{ESCAPE}/{name}-20261129T210801Z" for name in names]
    plan = make_drop(
        "my-own",
        [taken("tank/a@checkpoint-my-own")],
        datasets={n: filesystem(n) for n in ("tank", ESCAPE, *folders)},
        own={},
        mounted={},
    )
    assert plan.folders == (folders[0],)


def test_folders_that_somebody_uses_stay() -> None:
    """A folder that is mounted, has a snapshot or is a clone may hold something."""
    for more in (
        {"mounted": {TOP: "/mnt"}},
        {"own": {TOP: [taken(f"{TOP}@mine")]}},
    ):
        plan = drop(*COPIED, datasets=copied(), **more)
        assert plan.folders == (f"{TOP}/tank",)
    promoted = filesystem(TOP, origin="tank/x@y")
    plan = drop(*COPIED, datasets=(*copied(), promoted))
    assert plan.folders == (f"{TOP}/tank",)


@pytest.mark.parametrize("origin", [None, "", "-"])
def test_an_empty_folder_goes_whoever_left_it(origin: str | None) -> None:
    """A drop that was killed left the folders, and the next one destroys them."""
    left = (filesystem(ESCAPE, origin=origin), filesystem(TOP, origin=origin))
    plan = drop(taken("tank/a@checkpoint-one"), datasets=left)
    assert plan.ordered == (TOP, ESCAPE)
    assert plan.losses == {}


def test_clones_of_others_take_another_word() -> None:
    """A clone that lies elsewhere is no copy of a rollback's."""
    cloned = taken("tank/a@checkpoint-one", clones=f"tank/c,{TOP}/tank/a")
    there = (filesystem("tank/c"), *copied()[:-1])
    plan = drop(cloned, datasets=there, bases=("back/a",))
    assert [c.name for c in plan.clones] == ["tank/c"]
    assert sorted(plan.losses) == sorted(DROP_LOSSES)
    for lose in ([], ["copies", "bases"], ["clones", "bases"], ["copies", "clones"]):
        with pytest.raises(PlanError, match="would be lost"):
            plan.check(lose)
    plan.check(DROP_LOSSES)
    with pytest.raises(PlanError, match="consent to lose 'data'"):
        plan.check([*DROP_LOSSES, "data"])


def test_what_keeps_a_checkpoint() -> None:
    """Holds, clones of clones, datasets below a clone and the system itself stop a drop."""
    clone = taken("tank/a@checkpoint-one", clones="tank/c")
    there = (filesystem("tank/c"),)

    def refused(*snapshots: Snapshot, **more: Any) -> str:
        with pytest.raises(PlanError) as no:
            drop(*snapshots, **more)
        start = "cannot drop checkpoint 'one': "
        assert no.value.message.startswith(start)
        return no.value.message.removeprefix(start)

    held = [taken("tank/c@x", userrefs="2")]
    assert refused(taken("tank/a@checkpoint-one", userrefs="1")) == (
        "'tank/a@checkpoint-one' is held: see `zfs holds tank/a@checkpoint-one`"
    )
    assert refused(clone, datasets=there, own={"tank/c": held}) == (
        "'tank/c@x' is held: see `zfs holds tank/c@x`"
    )
    hanging = [taken("tank/c@x", clones="tank/d")]
    assert refused(clone, datasets=there, own={"tank/c": hanging}) == (
        "clones hang on 'tank/c@x' in turn"
    )
    assert refused(clone, datasets=(*there, filesystem("tank/c/d"))) == (
        "its clone 'tank/c' has 'tank/c/d' below it"
    )
    assert refused(clone, datasets=there, mounted={"tank/c": "/"}) == (
        "this system runs from 'tank/c', a clone of it"
    )
    assert drop(clone, datasets=there, mounted={"tank/c": "/c"}).ordered == ("tank/c",)


def test_where_copies_lie() -> None:
    """Copies lie below the pool's own dataset for them, and nowhere else."""
    assert is_copy(f"{TOP}/tank/a")
    for name in ("tank/a", ESCAPE, f"{ESCAPE}s/x", "tank/a/zfstune-escape/x"):
        assert not is_copy(name)
