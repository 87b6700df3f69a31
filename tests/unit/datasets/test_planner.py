"""The planner, rule by rule."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from model_pool import FEATURES, Model, app_profile, applied, pool_info, said
from zfstune.datasets.actions import Adjust, Create, Remount
from zfstune.profiles.load import load, profile_names
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace
from zfstune.values.marks import APPLIED_PROPERTY, PROFILE_PROPERTY

if TYPE_CHECKING:
    from zfstune.datasets.plan import Plan


def _changes(plan: Plan) -> dict[str, tuple[str | None, str | None, bool, str]]:
    [adjust] = [action for action in plan.actions if isinstance(action, Adjust)]
    return {c.property: (c.old, c.new, c.drift, c.note) for c in adjust.changes}


def test_postgres_on_an_empty_pool() -> None:
    """The root and four datasets are made and mounted, and then get their owners."""
    plan = Model().plan(load("postgres"))
    steps = [(type(action).__name__, action.dataset) for action in plan.actions]
    assert steps[:4] == [
        ("Create", "tank/data"),
        ("Create", "tank/data/postgres"),
        ("MountDataset", "tank/data/postgres"),
        ("Create", "tank/data/postgres/data"),
    ]
    assert len(steps) == 1 + 4 * 3
    assert [kind for kind, _ in steps[-4:]] == ["SetOwner"] * 4
    root, postgres = (action for action in plan.actions[:2] if isinstance(action, Create))
    assert root.properties["canmount"] == "off"
    assert root.properties["mountpoint"] == "/data"
    assert postgres.properties["recordsize"] == "8192"
    assert postgres.properties[PROFILE_PROPERTY] == "postgres"
    assert json.loads(postgres.properties[APPLIED_PROPERTY])["recordsize"] == "8192"
    assert plan.mountpoints["tank/data/postgres/wal"] == "/data/postgres/wal"
    assert plan.warnings == ()


@pytest.mark.parametrize("mountpoint", ["none", "legacy", "/", "/srv"])
def test_all_mounts_below_the_root_whatever_the_pool_has(mountpoint: str) -> None:
    """Installers set the pool's own mountpoint to none; the root brings its own."""
    model = Model({"tank": {"mountpoint": mountpoint}})
    plan = model.plan(app_profile("app", "logs/app"), root="tank/a/b")
    assert plan.mountpoints == {"tank/a/b/logs/app": "/a/b/logs/app"}
    containers = [a for a in plan.actions if isinstance(a, Create)][:-1]
    assert [c.dataset for c in containers] == ["tank/a", "tank/a/b", "tank/a/b/logs"]
    assert all(c.properties["canmount"] == "off" for c in containers)
    model.run(plan.actions)
    assert set(model.mounts) == {"tank/a/b/logs/app"}


def test_a_dataset_that_only_holds_others_is_never_mounted() -> None:
    """A profile's canmount=off stands, and a second plan has nothing to do."""
    volumes = load("vm-zvol")
    model = applied(volumes)
    assert model.local["tank/data/zvols"]["canmount"] == "off"
    assert model.mounts == {}
    assert not model.plan(volumes).pending
    assert model.plan(volumes).mountpoints == {"tank/data/zvols": None}


@pytest.mark.parametrize("name", profile_names())
def test_each_profile_is_planned_whole_and_once(name: str) -> None:
    """On a pool with all features there is no warning, and nothing for a second plan."""
    model = Model(pool=pool_info(features=FEATURES | {"large_dnode"}))
    profile = load(name)
    users = {d.owner: 7 for d in profile.datasets if d.owner}
    groups = {d.group: 7 for d in profile.datasets if d.group}
    plan = model.plan(profile, accounts=users, groups=groups)
    assert plan.warnings == ()
    again = model.run(plan.actions).plan(profile, accounts=users, groups=groups)
    assert (again.actions, again.warnings) == ((), ())


def test_all_profiles_agree_with_each_other() -> None:
    """Any of them may be applied together: where two share a dataset, they compose."""
    everything = [load(name) for name in profile_names()]
    plan = Model().plan(*everything, owner=False)
    assert set(plan.mountpoints) == {
        f"tank/data/{dataset.path}" for each in everything for dataset in each.datasets
    }


def test_a_variant_takes_over_from_another() -> None:
    """The note names the variant, and values that it lacks are inherited again."""
    model = applied(load("web:seed"))
    assert model.local["tank/data/www"][PROFILE_PROPERTY] == "web:seed"
    plan = model.plan(load("web"))
    assert "profile web:seed until now" in plan.warnings[0].message
    changes = {
        (adjust.dataset.rpartition("/")[2], c.property): (c.old, c.new)
        for adjust in plan.actions
        if isinstance(adjust, Adjust)
        for c in adjust.changes
    }
    assert changes["www", "recordsize"] == ("16384", "131072")
    assert changes["nginx", "logbias"] == ("throughput", None)


def test_the_alternate_root_comes_first() -> None:
    """On a pool imported with -R, paths carry the alternate root."""
    plan = Model(pool=pool_info(altroot="/target")).plan(app_profile())
    assert plan.mountpoints == {"tank/data/app": "/target/data/app"}


def test_a_root_of_the_users_is_left_alone() -> None:
    """An existing root keeps its mountpoint, and datasets mount below it."""
    model = Model({"tank": {}, "tank/data": {"mountpoint": "/srv", "canmount": "off"}})
    plan = model.plan(app_profile())
    assert [action.dataset for action in plan.actions] == ["tank/data/app"] * 2
    assert plan.mountpoints == {"tank/data/app": "/srv/app"}


def test_second_plan_is_empty_and_says_so() -> None:
    """Once applied, a plan has no action, is not pending, and lists all as unchanged."""
    postgres = load("postgres")
    plan = applied(postgres).plan(postgres)
    assert (plan.actions, plan.pending) == ((), False)
    assert plan.unchanged == tuple(plan.mountpoints)


def test_drift_is_told_from_a_new_profile() -> None:
    """A change by hand is drift, one of the profile is not; both end up as wanted."""
    model = applied(app_profile(recordsize="8K", compression="lz4"))
    model.local["tank/data/app"]["recordsize"] = "16384"
    changes = _changes(model.plan(app_profile(recordsize="8K", compression="zstd")))
    assert changes["recordsize"] == ("16384", "8192", True, "drift: set by hand to 16K")
    assert changes["compression"] == ("lz4", "zstd", False, "the profile now says zstd")


def test_an_inherited_value_is_not_enough() -> None:
    """The right value from above is set on the dataset itself all the same."""
    model = applied(app_profile(atime="off"))
    del model.local["tank/data/app"]["atime"]
    model.local["tank"]["atime"] = "off"
    old, new, drift, note = _changes(model.plan(app_profile(atime="off")))["atime"]
    assert (old, new, drift) == ("off", "off", True)
    assert note == "drift: no longer set here, now off from tank"


def test_what_stood_before_is_adopted() -> None:
    """An unmanaged dataset is put right, marked, and nothing in it is touched."""
    model = Model({"tank": {}, "tank/data": {}, "tank/data/app": {"atime": "on"}})
    plan = model.plan(app_profile(atime="off"))
    changes = _changes(plan)
    assert changes["atime"] == ("on", "off", False, "adopted")
    assert list(changes)[-2:] == [PROFILE_PROPERTY, APPLIED_PROPERTY]
    assert "adopted" in said(plan, "adopted").message


def test_what_is_no_longer_asked_for_is_inherited_again() -> None:
    """A value that was changed by hand since zfstune set it stays."""
    model = applied(app_profile(atime="off", recordsize="8K", exec="off"))
    model.local["tank/data/app"]["recordsize"] = "16384"
    plan = model.plan(app_profile(exec="off"))
    assert _changes(plan)["atime"][:2] == ("off", None)
    assert "recordsize" not in _changes(plan)
    assert said(plan, "recordsize=16K stays").hint.startswith("to drop it")
    model.run(plan.actions)
    assert "atime" not in model.local["tank/data/app"]
    assert model.plan(app_profile(exec="off")).warnings == ()


def test_inheriting_comes_before_the_note_of_it() -> None:
    """A kill between the two must leave the note: changes to inherit stand first."""
    model = applied(app_profile(atime="off", recordsize="8K"))
    [adjust, remount] = model.plan(app_profile(recordsize="16K")).actions
    assert isinstance(adjust, Adjust)
    assert isinstance(remount, Remount)
    assert [c.property for c in adjust.changes] == [
        "atime",
        "recordsize",
        APPLIED_PROPERTY,
    ]
    assert adjust.inherited == ("atime",)
    assert list(adjust.values) == ["recordsize"]
    assert list(adjust.notes) == [APPLIED_PROPERTY]


def test_a_container_becomes_a_dataset_and_is_mounted() -> None:
    """The parent that one profile needed is taken over by the profile that wants it."""
    model = applied(app_profile("nginx", "logs/nginx"))
    plan = model.plan(app_profile("logs", "logs"))
    assert _changes(plan)["canmount"][:2] == ("off", "on")
    # The dataset below it is mounted by now: mounting over it would hide it.
    assert (
        said(plan, "would hide the mount at /data/logs/nginx").dataset == "tank/data/logs"
    )
    del model.mounts["tank/data/logs/nginx"]
    model.run(model.plan(app_profile("logs", "logs")).actions)
    assert set(model.mounts) == {"tank/data/logs"}


def test_a_dataset_is_not_turned_into_a_container() -> None:
    """A managed dataset above another profile's path keeps what it is."""
    model = applied(app_profile("logs", "logs"))
    plan = model.plan(app_profile("nginx", "logs/nginx"))
    assert {action.dataset for action in plan.actions} == {"tank/data/logs/nginx"}


def test_where_it_mounts_is_not_taken_back() -> None:
    """A mountpoint given with -o stays when the next call does not repeat it."""
    model = applied(app_profile(), overrides={"mountpoint": "/srv/app"})
    assert model.mounts["tank/data/app"].path == "/srv/app"
    assert not model.plan(app_profile()).pending


def test_a_parent_from_a_later_profile_comes_first() -> None:
    """The order of the profiles does not make a dataset precede its parent."""
    plan = Model().plan(app_profile("nginx", "logs/nginx"), app_profile("logs", "logs"))
    made = [a.dataset for a in plan.actions if isinstance(a, Create)]
    assert made == ["tank/data", "tank/data/logs", "tank/data/logs/nginx"]


def test_the_pool_itself_may_be_the_root() -> None:
    """With --root tank, datasets stand right below the pool, which stays as it is."""
    model = applied(app_profile(), root="tank")
    assert model.local["tank"] == {}
    assert model.mounts["tank/app"].path == "/tank/app"


@pytest.mark.parametrize("missing", ["accounts", "groups"])
def test_unknown_accounts_are_an_error(missing: str) -> None:
    """Before anything changes, the error names account and profile."""
    with pytest.raises(
        PlanError, match=r"profile 'app': this system has no .* 'app'"
    ) as it:
        Model().plan(app_profile(owner="app"), root="tank/data", **{missing: {}})
    assert "--no-owner" in it.value.hint


ALL_FEATURES = FEATURES | {"large_dnode", "sha512"}


def test_a_pool_that_is_booted_from_may_be_for_grub() -> None:
    """The plan warns before it first uses a feature that GRUB does not know."""
    pool = replace(pool_info(features=ALL_FEATURES), bootfs="tank/ROOT/debian")
    wanted = app_profile(compression="zstd", recordsize="1M")
    warning = said(Model(pool=pool).plan(wanted), "GRUB")
    assert "GRUB cannot read zstd_compress" in warning.message
    assert "compatibility=grub2" in warning.hint
    for settled in (
        replace(pool, active=frozenset({"zstd_compress"})),
        replace(pool, compatibility="openzfs-2.1-linux"),
        replace(pool, bootfs=""),
    ):
        assert Model(pool=settled).plan(wanted).warnings == ()
