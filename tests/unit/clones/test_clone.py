"""Clones of one snapshot: made together, mounted, and completed by the next run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clone_engine import Killed
from zfstune.clones.clone import clone
from zfstune.values.errors import NotFound, PlanError

if TYPE_CHECKING:
    from clone_engine import CloneEngine

NAMES = ("tank/nodes/a", "tank/nodes/b", "tank/nodes/c")
PLACES = {"mountpoint": "/srv/{}", "atime": "off"}


def own_place(name: str) -> dict[str, str]:
    """Give the properties of one clone."""
    return {"mountpoint": f"/srv/{name.rpartition('/')[2]}", "atime": "off"}


@pytest.fixture
def taken(tank: CloneEngine) -> CloneEngine:
    """Give a pool with a snapshot that somebody took."""
    tank.take_snapshots(["tank/node@1", "tank/disk@1"])
    tank.changes.clear()
    return tank


def test_all_are_made_and_mounted(taken: CloneEngine) -> None:
    """With the properties, and without a mark of the origin's."""
    taken.local["tank/node"]["org.zfstune:profile"] = "postgres"
    clone("tank/node@1", *NAMES, properties={"atime": "off"}, engine=taken.zfs)
    for name in NAMES:
        assert taken.origins[name] == "tank/node@1"
        assert taken.local[name] == {"atime": "off"}
    assert set(taken.mounted) == set(NAMES)


def test_a_second_run_changes_nothing(taken: CloneEngine) -> None:
    """The clones are there already."""
    clone("tank/node@1", *NAMES, engine=taken.zfs)
    taken.changes.clear()
    assert clone("tank/node@1", *NAMES, engine=taken.zfs).there == NAMES
    assert taken.changes == []


def test_only_what_mounts_by_itself_is_mounted(taken: CloneEngine) -> None:
    """Neither noauto, nor none, nor a volume, nor against the caller's word."""
    clone("tank/node@1", "tank/a", properties={"canmount": "noauto"}, engine=taken.zfs)
    clone("tank/node@1", "tank/b", properties={"mountpoint": "none"}, engine=taken.zfs)
    clone("tank/node@1", "tank/c", mount=False, engine=taken.zfs)
    clone("tank/disk@1", "tank/d", engine=taken.zfs)
    taken.mountable = False
    clone("tank/node@1", "tank/e", engine=taken.zfs)
    assert taken.mounted == {}


def test_nothing_is_made_of_a_bad_plan_or_a_dry_run(taken: CloneEngine) -> None:
    """The plan is shown all the same in a dry run."""
    shown: list[str] = []
    clone(
        "tank/node@1",
        "tank/x",
        dry_run=True,
        engine=taken.zfs,
        show=lambda plan: shown.extend(plan.lines()),
    )
    assert shown == ["clone tank/node@1 as tank/x"]
    with pytest.raises(PlanError):
        clone("tank/node@1", "tank/x", "tank/disk", engine=taken.zfs)
    with pytest.raises(NotFound):
        clone("tank/node@none", "tank/x", engine=taken.zfs)
    assert taken.changes == []


def test_the_next_run_completes_one_that_was_killed(taken: CloneEngine) -> None:
    """Wherever between two clones it was killed."""
    taken.left = 1
    with pytest.raises(Killed):
        clone("tank/node@1", *NAMES, mount=False, engine=taken.zfs)
    taken.left = None
    plan = clone("tank/node@1", *NAMES, engine=taken.zfs)
    assert len(plan.there) == 1
    assert set(taken.origins) == set(NAMES)


def test_places_by_name(taken: CloneEngine) -> None:
    """Each has its mountpoint from the start; the next run makes those that are missing."""
    taken.left = 2
    with pytest.raises(Killed):
        clone("tank/node@1", *NAMES, properties=PLACES, mount=False, engine=taken.zfs)
    made = [name for name in NAMES if name in taken.origins]
    assert len(made) < len(NAMES)
    assert all(taken.local[name] == own_place(name) for name in made)
    taken.left = None
    clone("tank/node@1", *NAMES, properties=PLACES, mount=False, engine=taken.zfs)
    for name in NAMES:
        assert taken.local[name] == own_place(name)


def test_steps_and_progress(taken: CloneEngine) -> None:
    """Each clone that was made, also before an error, in the order of the names."""
    steps: list[str] = []
    told: list[tuple[int, int]] = []
    taken.left = 2

    def progress(done: int, total: int) -> None:
        told.append((done, total))

    with pytest.raises(Killed):
        clone(
            "tank/node@1",
            *NAMES,
            engine=taken.zfs,
            on_step=steps.append,
            on_progress=progress,
        )
    assert steps == [f"clone tank/node@1 as {name}" for name in NAMES[:2]]
    assert told == [(1, len(NAMES)), (2, len(NAMES))]
