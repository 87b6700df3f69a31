"""Copies that rollbacks kept aside: found by their marks, and nothing else goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zfstune.snapshots.copies_plan import (
    KeptCopies,
    find_kept_copies,
    make_copies_plan,
)
from zfstune.snapshots.rewind_plan import FOLDER
from zfstune.values.errors import NotFound, PlanError
from zfstune.values.marks import CHECKPOINT_PROPERTY
from zfstune.values.state import LOCAL, NONE, RECEIVED, Dataset, PropertyValue, Snapshot

if TYPE_CHECKING:
    from zfstune.snapshots.copies_plan import CopiesPlan

TOP = "tank/zfstune-escape"
KEPT = f"{TOP}/one-20261123T101500Z"
OTHER = f"{TOP}/two-20261123T101500Z"
COPY = f"{KEPT}/tank/a"


def made(name: str, *, source: str = LOCAL) -> Dataset:
    """Give a dataset that a rollback made to hold others."""
    values = {
        CHECKPOINT_PROPERTY: PropertyValue(FOLDER, source),
        "used": PropertyValue("4096", NONE),
        "origin": PropertyValue("-", NONE),
    }
    return Dataset(name, "filesystem", 1, 1, values)


def cloned(name: str) -> Dataset:
    """Give a clone."""
    values = {"origin": PropertyValue("tank/a@x", NONE)}
    return Dataset(name, "filesystem", 1, 1, values)


def pool(*more: Dataset) -> dict[str, Dataset]:
    """Give a pool with the copies of one rollback."""
    plain = [Dataset(name, "filesystem", 1, 1) for name in ("tank", "tank/a")]
    kept = [made(TOP), made(KEPT), made(f"{KEPT}/tank"), cloned(COPY)]
    return {dataset.name: dataset for dataset in (*plain, *kept, *more)}


def planned(
    *names: str,
    more: tuple[Dataset, ...] = (),
    own: tuple[Snapshot, ...] = (),
    mounted: tuple[str, str] = ("tank/a", "/a"),
) -> CopiesPlan:
    """Make a plan."""
    snapshots = {name: [s for s in own if s.dataset == name] for name in pool(*more)}
    return make_copies_plan(
        names, datasets=pool(*more), own=snapshots, mounted=dict([mounted])
    )


def test_found_by_marks_that_were_set_here() -> None:
    """A name alone makes no copy, nor does a mark that came in a stream."""
    found = find_kept_copies(
        pool(
            made(OTHER, source=RECEIVED),
            made(f"{TOP}/unstamped"),
            made("tank/a/one-20261123T101500Z"),
        )
    )
    assert found == (KeptCopies(KEPT, (COPY,), ("tank/a@x",), 4096),)
    assert found[0].to_dict() == {
        "name": "one-20261123T101500Z",
        "dataset": KEPT,
        "copies": [COPY],
        "origins": ["tank/a@x"],
        "used_bytes": 4096,
    }


@pytest.mark.parametrize("name", [KEPT, "one-20261123T101500Z"])
def test_all_of_it_goes_deepest_first(name: str) -> None:
    """The last copies take the folder of all copies with them; others keep it."""
    own = Snapshot(f"{COPY}@s", 1, 1)
    plan = planned(name, name, own=(own,))
    assert plan.ordered == (COPY, f"{KEPT}/tank", KEPT, TOP)
    assert plan.to_dict()["snapshots"] == [own.name]
    assert planned(name, more=(made(OTHER),)).ordered == (COPY, f"{KEPT}/tank", KEPT)
    both = planned(name, OTHER, more=(made(OTHER),))
    assert both.ordered[-1] == TOP
    kept = planned(name, own=(Snapshot(f"{TOP}@mine", 1, 1),))
    assert TOP not in kept.ordered
    assert TOP not in planned(name, mounted=(TOP, "/somewhere")).ordered


def test_what_cannot_go() -> None:
    """Held snapshots, clones of clones, data of somebody else, the running system."""
    held = {"userrefs": PropertyValue("1", NONE)}
    with pytest.raises(PlanError, match="is held"):
        planned(KEPT, own=(Snapshot(f"{COPY}@s", 1, 1, 0, held),))
    with pytest.raises(PlanError, match="clones hang on"):
        planned(KEPT, own=(Snapshot(f"{COPY}@s", 1, 1, 1),))
    mine = Dataset(f"{KEPT}/mine", "filesystem", 1, 1)
    with pytest.raises(PlanError, match=f"no rollback made '{mine.name}'"):
        planned(KEPT, more=(mine,))
    with pytest.raises(PlanError, match=f"no rollback made '{KEPT}/tank'"):
        planned(KEPT, own=(Snapshot(f"{KEPT}/tank@mine", 1, 1),))
    with pytest.raises(PlanError, match="this system runs from"):
        planned(KEPT, mounted=(COPY, "/"))


@pytest.mark.parametrize("name", ["tank/a", TOP, "one", "two-20261123T101500Z"])
def test_no_such_copies(name: str) -> None:
    """Nothing but what a rollback kept can be named; something near is proposed."""
    with pytest.raises(NotFound, match="no rollback kept copies by that name") as caught:
        planned(name)
    assert caught.value.hint.endswith("`zfstune checkpoints` lists them")
    assert ("did you mean" in caught.value.hint) == name.startswith("two")
