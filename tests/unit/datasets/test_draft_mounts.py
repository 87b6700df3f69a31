"""The mounts of a plan, and the files that it refuses to hide."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from judged import judge, only, states
from model_pool import Model, app_profile, applied, said
from zfstune.datasets.actions import Create, Export, MountDataset, SetOwner
from zfstune.datasets.planner import paths_to_look_at
from zfstune.values.errors import PlanError
from zfstune.values.exports import Exports
from zfstune.values.frozen import replace
from zfstune.values.state import Mount, Place

APP = "tank/data/app"
PROFILE = app_profile("app", "app", "app/x", owner="app")
FULL = Place("/data/app", "/data/app", holds="PG_VERSION")


def test_live_data_is_not_hidden() -> None:
    """The error names a directory that holds something, with commands to paste."""
    with pytest.raises(PlanError, match="'/data/app' is not empty") as caught:
        Model().plan(PROFILE, places={"/data/app": FULL})
    assert "(PG_VERSION)" in caught.value.message
    first, second = (shlex.split(part) for part in caught.value.hint.split("`")[1::2])
    assert first == ["mv", "-T", "/data/app", "/data/app.before-zfs"]
    assert second == ["cp", "-a", "/data/app.before-zfs/.", "/data/app/"]


def test_a_name_with_a_blank_in_a_hint() -> None:
    """The commands of the hint have the path as one word."""
    path = "/srv/it's mine"
    model = Model({"tank": {}, "tank/data": {"mountpoint": path}})
    model.mounts["tank/data"] = Mount("tank/data", path, 0, 0, 0o755)
    place = Place(f"{path}/app", f"{path}/app", holds="x")
    with pytest.raises(PlanError) as caught:
        model.plan(PROFILE, places={place.path: place})
    assert shlex.split(caught.value.hint.split("`")[1])[2] == f"{path}/app"


@pytest.mark.parametrize(
    ("obstacle", "words", "remedy"),
    [
        ("file", "'/data' is in the way: it is no directory", "mv -T /data"),
        ("dangling", "'/data' is a link to a path that does not exist", "rm /data"),
        (
            "link",
            "'/data' is a link that users other than root could change",
            "namei -l /data",
        ),
        ("read-only", "'/data' is on a file system that is mounted read-only", "findmnt"),
    ],
)
def test_what_keeps_a_directory_from_being_made(
    obstacle: str, words: str, remedy: str
) -> None:
    """The plan finds it before anything is made, and says the way out."""
    place = Place("/data/app", "/data/app", obstacle, "/data")
    with pytest.raises(PlanError, match="cannot plan 'tank/data/app'") as caught:
        Model().plan(PROFILE, places={"/data/app": place})
    assert words in caught.value.message
    assert remedy in caught.value.hint


def test_what_this_user_cannot_see() -> None:
    """The plan warns that it does not know, and goes on."""
    place = Place("/data/app", "/data/app", "denied", "/data")
    plan = Model().plan(PROFILE, places={"/data/app": place})
    assert said(plan, "cannot see the files").hint == "run zfstune as root"


def test_what_is_mounted_stays_out_of_it() -> None:
    """A mounted dataset is not mounted again, so its directory holds its own files."""
    model = applied(PROFILE)
    assert not model.plan(PROFILE, places={"/data/app": FULL}).pending


def test_what_does_not_mount_hides_nothing() -> None:
    """Canmount and mountpoint decide whether anything is mounted there at all."""
    for values in ({"canmount": "noauto"}, {"canmount": "off"}, {"mountpoint": "none"}):
        wants = app_profile("app", "app", **values)
        plan = Model().plan(wants, places={"/data/app": FULL})
        assert MountDataset not in {type(action) for action in plan.actions}


def test_below_a_mount_of_the_same_plan() -> None:
    """The new filesystem is empty and hides the files that are there now."""
    below = Place("/data/app/x", "/data/app/x", holds="file")
    plan = Model().plan(PROFILE, places={below.path: below})
    assert [a.path for a in plan.actions if isinstance(a, MountDataset)] == [
        "/data/app",
        "/data/app/x",
    ]
    model = applied(PROFILE)
    del model.mounts["tank/data/app/x"]
    with pytest.raises(PlanError, match="'/data/app/x' is not empty"):
        model.plan(PROFILE, places={below.path: below})


def test_a_mountpoint_that_is_moved() -> None:
    """A mountpoint is not set where the dataset, once mounted, would hide something."""
    model = applied(PROFILE)
    place = Place("/srv/pg", "/srv/pg", holds="PG_VERSION")
    asked = {"mountpoint": "/srv/pg"}
    with pytest.raises(PlanError, match="'/srv/pg' is not empty"):
        model.plan(PROFILE, overrides=asked, places={place.path: place})
    model.local[APP]["mountpoint"] = "/srv/pg"  # already set by hand
    plan = model.plan(PROFILE, places={place.path: place})
    [message] = [c.message for c in plan.warnings if c.dataset == APP]
    assert message.endswith("belongs at /srv/pg")


def test_links_of_root_lead_to_the_same_place() -> None:
    """A mount at the end of a link is in its place, for plan and verify."""
    model = applied(PROFILE)
    real = "/srv/real/app"
    model.mounts[APP] = replace(model.mounts[APP], path=real)
    places = {"/data/app": Place("/data/app", real, holds="file")}
    plan = model.plan(PROFILE, places=places)
    assert (plan.actions, plan.warnings) == ((), ())
    assert states(judge(model, PROFILE, places=places)) == {}
    assert only(judge(model, PROFILE).values()).state == "unmounted"
    assert paths_to_look_at(model.plan(PROFILE), model.datasets(), model.mounts) == {
        "/data/app"
    }


def test_a_link_to_what_is_taken() -> None:
    """A mount is made at the end of a link, so another mount there is in its way."""
    model = Model()
    model.mounts["other/app"] = Mount("other/app", "/srv/app", 0, 0, 0o755)
    places = {"/data/app": Place("/data/app", "/srv/app")}
    with pytest.raises(PlanError, match="'other/app' is mounted at /srv/app"):
        model.plan(PROFILE, places=places)
    places = {"/data/app": Place("/data/app", "/srv")}
    plan = model.plan(app_profile("app", "app"), places=places)
    assert "it would hide the mount at /srv/app" in said(plan, "hide").message


def test_owners_and_exports_go_by_where_it_is_mounted() -> None:
    """NFS and the directory's owner go by the path without links."""
    wants = app_profile("app", "app", owner="app", sharenfs="on")
    places = {"/data/app": Place("/data/app", "/srv/real")}
    served = Exports({}, frozenset(), frozenset())
    plan = Model().plan(wants, places=places, exports=served)
    paths = {a.path for a in plan.actions if isinstance(a, (SetOwner, Export))}
    assert paths == {"/srv/real"}
    assert [type(a) for a in plan.actions[-2:]] == [SetOwner, Export]


def test_all_is_mounted_before_any_is_given_away() -> None:
    """The owner of a directory could put a link where the next dataset will be mounted."""
    kinds = [type(action) for action in Model().plan(PROFILE).actions]
    assert kinds.index(SetOwner) > max(
        i for i, kind in enumerate(kinds) if kind is MountDataset
    )


def test_owners_that_cannot_be_told() -> None:
    """A directory that this user cannot see, or that is covered, keeps its owner."""
    model = applied(PROFILE)
    mount = model.mounts[APP]
    model.mounts[APP] = replace(mount, uid=None, gid=None, mode=None)
    plan = model.plan(PROFILE)
    assert not plan.pending
    assert "this user cannot read" in said(plan, "are not set").message
    finding = only(judge(model, PROFILE).values())
    assert (finding.state, finding.pending) == ("unseen", False)
    assert states(judge(model, app_profile("app", "app", "app/x"))) == {}
    model.mounts[APP] = replace(mount, uid=0, hidden=True)
    assert "mounted over" in said(model.plan(PROFILE), "are not set").message


def test_verify_says_what_is_in_the_way() -> None:
    """An unmounted dataset whose directory holds something comes with the way out, too."""
    model = applied(app_profile("app", "app"))
    del model.mounts[APP]
    finding = only(
        judge(model, app_profile("app", "app"), places={FULL.path: FULL}).values()
    )
    assert "is not empty" in finding.note
    assert finding.hint.endswith("then: zfstune apply app --pool tank")


PATHS = ("p", "p/a", "p/a/c", "p/b", "q")


@given(
    st.sets(st.sampled_from(PATHS), min_size=1),
    st.sets(st.sampled_from(PATHS)),
    st.sets(st.sampled_from(PATHS)),
)
def test_no_plan_hides_anything(asked: set[str], full: set[str], mounted: set[str]) -> None:
    """Whatever the paths hold, mounts are made on empty directories or not at all."""
    profile = app_profile("p", *sorted(asked))
    there = sorted(asked & mounted)
    model = applied(app_profile("p", *there)) if there else Model()
    places = {
        f"/data/{p}": Place(f"/data/{p}", f"/data/{p}", holds="x" if p in full else "")
        for p in PATHS
    }
    try:
        plan = model.plan(profile, places=places)
    except PlanError:
        event("refused")
        assert full & asked - mounted
        return
    new: list[str] = []
    for action in plan.actions:
        if isinstance(action, MountDataset):
            inside = any(action.path.startswith(path + "/") for path in new)
            assert inside or not places[action.path].holds
            new.append(action.path)


def test_mounted_elsewhere_is_reported() -> None:
    """A dataset that is mounted at a wrong path stays there, and the plan says a remedy."""
    model = applied(app_profile())
    model.mounts["tank/data/app"] = Mount("tank/data/app", "/mnt", 0, 0, 0o755)
    plan = model.plan(app_profile())
    assert not plan.pending
    assert "mounted at /mnt and belongs at /data/app" in plan.warnings[0].message


def test_a_taken_path_is_an_error() -> None:
    """Nothing is mounted over another pool's dataset."""
    model = Model()
    model.mounts["other/app"] = Mount("other/app", "/data/app", 0, 0, 0o755)
    with pytest.raises(PlanError, match="'other/app' is mounted at /data/app"):
        model.plan(app_profile())


def test_an_unmountable_root_is_reported_once() -> None:
    """Below mountpoint=none no dataset mounts, and one warning says so, with a remedy."""
    model = Model({"tank": {"mountpoint": "none"}, "tank/data": {"atime": "off"}})
    plan = model.plan(app_profile("app", "app", "app/x", owner="app"))
    assert {type(action) for action in plan.actions} == {Create}
    [warning] = plan.warnings
    assert (warning.dataset, "mountpoint is none" in warning.message) == ("tank", True)
    assert "zfs set mountpoint" in warning.hint


@pytest.mark.parametrize("canmount", ["off", "noauto"])
def test_a_dataset_kept_from_mounting_is_not_mounted(canmount: str) -> None:
    """The administrator decides on canmount."""
    model = applied(app_profile(owner="app"))
    model.local["tank/data/app"]["canmount"] = canmount
    model.mounts.clear()
    assert not model.plan(app_profile(owner="app")).pending
