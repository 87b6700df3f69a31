"""What a move would do, and what it is refused for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sick_host import POOL
from zfstune.datasets.move_in_plan import (
    COPYING,
    SWAPPING,
    MoveFacts,
    Moving,
    moving_on,
    plan_move,
    read_moving,
)
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace
from zfstune.values.state import LOCAL, RECEIVED, Dataset, PropertyValue

FACTS = MoveFacts(
    "/srv/app",
    False,
    (),
    3,
    1 << 30,
    1 << 30,
    (),
    {},
    frozenset({"app", "other"}),
    "digest",
)


def test_the_plan_for_people() -> None:
    """Files, bytes, and each name that something gets."""
    plan = plan_move(replace(FACTS, linked=("a", "b", "c", "d")), "tank/app", POOL, 1 << 31)
    assert list(plan.lines()) == [
        "move /srv/app into tank/app: 3 files, 1G",
        "  1. create tank/app, mounted at /srv/.zfstune-moving-app",
        "  2. copy all of it there, and compare every byte",
        "  3. rename /srv/app to /srv/app.before-zfs, which stays",
        "  4. mount tank/app at /srv/app",
        (
            "caution: files with names outside of it, which stay with the old files: a, b, "
            "c and 1 more"
        ),
    ]
    assert (plan.mountpoint, plan.first_mountpoint) == (
        "/srv/app",
        "/srv/.zfstune-moving-app",
    )


def test_an_alternate_root() -> None:
    """Properties lack the root that the pool mounts below; paths have it."""
    pool = replace(POOL, altroot="/srv")
    plan = plan_move(FACTS, "tank/app", pool, 1 << 31)
    assert (plan.mountpoint, plan.first_mountpoint) == ("/app", "/.zfstune-moving-app")
    assert plan.temporary == "/srv/.zfstune-moving-app"
    with pytest.raises(PlanError, match="mounts below /mnt alone"):
        plan_move(FACTS, "tank/app", replace(POOL, altroot="/mnt"), 1 << 31)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(FACTS, is_mount=True), "a filesystem is mounted there"),
        (replace(FACTS, mounts=("/srv/app/x",)), "mounted below it: /srv/app/x"),
        (replace(FACTS, users={5: "postgres", 7: ""}), r"postgres \(5\) and a process"),
        (replace(FACTS, space_bytes=1 << 32), "it takes 4G, and 2G are left"),
    ],
)
def test_refusals(facts: MoveFacts, reason: str) -> None:
    """Each obstacle is named."""
    with pytest.raises(PlanError, match=reason):
        plan_move(facts, "tank/app", POOL, 1 << 31)


@given(st.sets(st.integers(1, 6)))
def test_no_name_is_taken_twice(numbers: set[int]) -> None:
    """The old directory gets the first name that nothing has."""
    taken = {"app.before-zfs" + (f"-{n}" if n > 1 else "") for n in numbers}
    plan = plan_move(replace(FACTS, taken=frozenset(taken)), "tank/app", POOL, 1 << 31)
    assert plan.aside.rpartition("/")[2] not in taken
    first = next(n for n in range(1, 8) if n not in numbers)
    assert plan.aside == "/srv/app.before-zfs" + (f"-{first}" if first > 1 else "")


@given(st.text(), st.text(), st.sampled_from([COPYING, SWAPPING]), st.text())
def test_a_note_is_read_as_it_was_written(
    source: str, aside: str, step: str, state: str
) -> None:
    """Whatever the names are."""
    moving = Moving(source, aside, step, state)
    assert read_moving(moving.to_text()) == moving


@given(st.text() | st.sampled_from(["[]", "{}", '{"step": 1}', '{"step": "copying"}']))
def test_a_note_of_somebody_else_is_none(text: str) -> None:
    """A property may hold anything."""
    assert read_moving(text) is None


def test_the_dataset_of_another_move() -> None:
    """A dataset counts only with a note that was set here, of the same directory."""
    note = Moving("/srv/app", "/srv/app.before-zfs", COPYING).to_text()

    def made(source: str) -> Dataset:
        return Dataset("tank/app", "filesystem", 1, 1, {"x:y": PropertyValue(note, source)})

    assert moving_on(made(LOCAL), "x:y", "/srv/app").step == COPYING
    with pytest.raises(PlanError, match="exists already"):
        moving_on(made(RECEIVED), "x:y", "/srv/app")
    with pytest.raises(PlanError, match="being filled from '/srv/app'") as caught:
        moving_on(made(LOCAL), "x:y", "/srv/other")
    assert caught.value.hint == "finish that: --move-in /srv/app"
