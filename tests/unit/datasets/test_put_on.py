"""A profile put on a dataset that somebody made: where it lies, and hiding nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from model_pool import Model, app_profile, said
from zfstune.datasets.actions import Adjust, Create
from zfstune.datasets.expected import find_standing, placed_roots, see_profiles
from zfstune.datasets.put_on import paths_below, put_on
from zfstune.datasets.request import Request
from zfstune.profiles.load import load
from zfstune.profiles.profile import standing_at
from zfstune.values.errors import InvalidName, PlanError, ProfileError
from zfstune.values.marks import PROFILE_PROPERTY, STANDS_FOR_PROPERTY
from zfstune.values.properties import DEFAULT_LIMITS
from zfstune.values.state import Mount, Place

if TYPE_CHECKING:
    from zfstune.profiles.profile import Profile

AT = "tank/pgdata"
DATA = {AT: 1 << 30}


def model(**mounts: str) -> Model:
    """Give a pool with a dataset that has data; it is mounted unless a test says not."""
    paths = mounts or {AT: "/pgdata"}
    return Model(
        {"tank": {}, AT: {"mountpoint": "/pgdata", "recordsize": "131072"}},
        {name: Mount(name, path, 0, 0, 0o755) for name, path in paths.items() if path},
        dict(DATA),
    )


def places(*holding: str) -> dict[str, Place]:
    """Give what is found at the paths of new datasets."""
    paths = [f"/pgdata/{name}" for name in ("data", "wal", "backups")]
    return {p: Place(p, p, holds="x" if p in holding else "") for p in paths}


def test_in_place_with_children_where_nothing_is() -> None:
    """The dataset gets the values and the marks; parents are not touched."""
    machine = model()
    plan = machine.plan(load("postgres"), at=AT, places=places("/pgdata/wal"))
    [adjust] = [a for a in plan.actions if isinstance(a, Adjust)]
    assert adjust.dataset == AT
    assert adjust.values["recordsize"] == "8192"
    assert adjust.notes[PROFILE_PROPERTY] == "postgres"
    assert adjust.notes[STANDS_FOR_PROPERTY] == "postgres"
    made = [a for a in plan.actions if isinstance(a, Create)]
    assert [a.dataset for a in made] == [f"{AT}/data", f"{AT}/backups"]
    assert all(STANDS_FOR_PROPERTY not in a.properties for a in made)
    assert (plan.at, plan.root, plan.to_dict()["at"]) == (AT, "tank", AT)
    [hidden] = [w for w in plan.warnings if w.dataset == f"{AT}/wal"]
    assert hidden.message.startswith("it is not made: '/pgdata/wal' is not empty")
    assert "mv -T /pgdata/wal /pgdata/wal.before-zfs" in hidden.hint
    again = machine.run(plan.actions).plan(
        load("postgres"), at=AT, places=places("/pgdata/wal")
    )
    assert again.actions == ()
    moved = machine.plan(load("postgres"), at=AT, places=places())
    assert {a.dataset for a in moved.actions} == {f"{AT}/wal"}


def test_a_few_bytes_are_not_hidden_either() -> None:
    """Where files are seen, it does not matter how much they are."""
    machine = model()
    machine.referenced[AT] = 100_000
    plan = machine.plan(load("postgres"), at=AT, places=places("/pgdata/wal"))
    made = [a.dataset for a in plan.actions if isinstance(a, Create)]
    assert made == [f"{AT}/data", f"{AT}/backups"]


def test_below_what_was_left_out_nothing_is_made() -> None:
    """The child of a dataset that would hide data would hide it, too."""
    profile = app_profile("app", "app", "app/data", "app/data/deep", "app/log")
    plan = model().plan(profile, at=AT, places=places("/pgdata/data"))
    made = [a.dataset for a in plan.actions if isinstance(a, Create)]
    assert made == [f"{AT}/log"]
    assert list(plan.mountpoints) == [AT, f"{AT}/log"]


@pytest.mark.parametrize("path", ["", "hidden"])
def test_nobody_can_see_what_would_be_hidden(path: str) -> None:
    """Where its files are not seen, a dataset with data gets no children."""
    machine = model(**{AT: ""})
    if path:
        machine.mounts[AT] = Mount(AT, "/pgdata", 0, 0, 0o755, hidden=True)
    plan = machine.plan(app_profile("app", "app", "app/data"), at=AT)
    assert not [a for a in plan.actions if isinstance(a, Create)]
    assert any("nobody can see what it hides" in w.message for w in plan.warnings)
    machine.referenced.clear()
    empty = machine.plan(app_profile("app", "app", "app/data"), at=AT)
    assert [a.dataset for a in empty.actions if isinstance(a, Create)] == [f"{AT}/data"]


def test_paths_that_do_not_lie_below() -> None:
    """They are left out, and the plan says which."""
    profile = app_profile("app", "app", "logs/app", "app/in")
    moved, left_out = standing_at(profile, "x")
    assert [d.path for d in moved.datasets] == ["x", "x/in"]
    assert left_out == ("logs/app",)
    plan = model().plan(profile, at=AT)
    assert said(plan, "'logs/app'").dataset == AT


def test_paths_to_look_at() -> None:
    """Those of the children, in the mounted dataset."""
    request = put_on(Request((load("postgres"),)), AT)
    mounts = {AT: Mount(AT, "/elsewhere", 0, 0, 0o755)}
    assert paths_below(request, mounts) == {
        "/elsewhere/data",
        "/elsewhere/wal",
        "/elsewhere/backups",
    }
    assert paths_below(request, {}) == set()
    assert paths_below(Request((load("postgres"),)), mounts) == set()


@pytest.mark.parametrize(
    ("request_", "at", "words"),
    [
        (Request((app_profile("a"), app_profile("b"))), AT, "several profiles"),
        (Request((app_profile("a"),), ("web",)), AT, "several profiles"),
        (Request((app_profile("a"),), root="tank/x"), AT, "in another place"),
        (Request((app_profile("a"),), pool="other"), AT, "in another place"),
        (Request((app_profile("a"),)), "tank", "it is the pool itself"),
    ],
)
def test_what_cannot_be_asked_together(request_: Request, at: str, words: str) -> None:
    """One profile, one place, and not the pool."""
    with pytest.raises(PlanError, match=words):
        put_on(request_, at)


def test_a_name_has_its_form() -> None:
    """A snapshot is no place for a profile."""
    with pytest.raises(InvalidName):
        put_on(Request((app_profile("a"),)), "tank/a@b")
    assert put_on(Request((app_profile("a"),), pool="tank"), AT).root == "tank"


def test_it_is_found_again() -> None:
    """The mark says where a profile stands, after a renaming, too; no root is guessed."""
    profile = app_profile("app", "app", "app/data", atime="off")

    def known(name: str) -> Profile:
        if name != "app":
            raise ProfileError(name)
        return profile

    machine = Model({"tank": {}, "tank/x": {}, "tank/x/app": {}})
    machine.run(machine.plan(profile, at="tank/x/app").actions)
    datasets = machine.datasets()
    standing = find_standing(datasets.values(), known)
    assert [(s.dataset, s.name, s.root) for s in standing] == [
        ("tank/x/app", "app", "tank/x")
    ]
    assert placed_roots(datasets.values(), known, standing) == {}
    assert set(placed_roots(datasets.values(), known)) == {"tank/x"}
    del datasets["tank/x/app/data"]
    found = see_profiles({}, datasets, machine.pool, DEFAULT_LIMITS, standing)
    assert [(name, each.at) for name, each in found.items()] == [
        ("tank/x/app", "tank/x/app")
    ]
    for text in ("other", "app/data"):
        machine.local["tank/x/app"][STANDS_FOR_PROPERTY] = text
        assert find_standing(machine.datasets().values(), known) == ()
