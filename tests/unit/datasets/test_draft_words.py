"""Warnings and steps of a plan about owners and mounts, each one whole."""

from __future__ import annotations

import pytest

from model_pool import ACCOUNTS, Model, app_profile, applied
from zfstune.datasets.actions import MountDataset, Remount, SetOwner
from zfstune.datasets.cautions import Caution
from zfstune.profiles.profile import DatasetProfile, Profile
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace
from zfstune.values.state import Mount, Place

APP, BELOW = "tank/data/app", "tank/data/app/x"
PROFILE = app_profile("app", "app", "app/x", owner="app")


def owned(owner: str | None, group: str | None, mode: int | None) -> Profile:
    """Return a profile whose dataset has this owner, group and mode."""
    return Profile("app", "A test", (DatasetProfile("app", (), owner, group, mode),))


@pytest.mark.parametrize(
    ("owner", "group", "mode", "asked"),
    [
        ("app", "postgres", 0o750, "app:postgres 0750"),
        ("app", None, None, "app"),
        (None, "postgres", None, ":postgres"),
        (None, None, 0o700, "0700"),
    ],
)
def test_what_is_asked_of_a_directory(
    owner: str | None, group: str | None, mode: int | None, asked: str
) -> None:
    """Each of owner, group and mode may be asked for alone, with its number."""
    wants = owned(owner, group, mode)
    *_, own = Model().plan(wants).actions
    uid = None if owner is None else ACCOUNTS["app"]
    gid = None if group is None else ACCOUNTS["postgres"]
    assert own == SetOwner(APP, "/data/app", owner, group, uid, gid, mode)
    plan = Model().plan(wants, owner=False)
    assert SetOwner not in {type(action) for action in plan.actions}
    assert plan.warnings == (
        Caution(APP, f"owner and mode of /data/app are not set to {asked}"),
    )
    assert not applied(wants).plan(wants).pending


@pytest.mark.parametrize(
    ("change", "due"),
    [
        ({}, False),
        ({"uid": 0}, True),
        ({"gid": 0}, True),
        ({"mode": 0o755}, True),
        ({"uid": 0, "gid": 0, "mode": 0o755}, True),
    ],
)
def test_a_directory_that_differs(change: dict[str, int], *, due: bool) -> None:
    """Any of owner, group and mode that differs is reason enough, if it is asked for."""
    wants = owned("app", "postgres", 0o750)
    model = applied(wants)
    model.mounts[APP] = replace(model.mounts[APP], **change)
    own = SetOwner(
        APP, "/data/app", "app", "postgres", ACCOUNTS["app"], ACCOUNTS["postgres"], 0o750
    )
    assert model.plan(wants).actions == (own,) * due
    assert model.plan(owned(None, None, None)).actions == ()
    assert model.plan(owned(None, None, None), owner=False).warnings == ()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"uid": None, "gid": None, "mode": None}, "this user cannot read them"),
        ({"uid": 0, "hidden": True}, "something else is mounted over it"),
        ({"uid": None, "hidden": True}, "this user cannot read them"),
    ],
)
def test_a_directory_that_cannot_be_seen(change: dict[str, object], why: str) -> None:
    """Its owner stays, and the warning says why."""
    model = applied(owned("app", "app", 0o750))
    model.mounts[APP] = replace(model.mounts[APP], **change)
    plan = model.plan(owned("app", "app", 0o750))
    told = f"owner and mode of /data/app are not set: {why}"
    assert (plan.actions, plan.warnings) == ((), (Caution(APP, told),))


def test_a_directory_that_cannot_be_changed() -> None:
    """With readonly on, also on the dataset above, the owner stays."""
    told = Caution(APP, "owner and mode of /data/app cannot be set: readonly is on")
    for above in ("tank", "tank/data"):
        model = Model({"tank": {}, "tank/data": {"mountpoint": "/data", "atime": "off"}})
        model.local[above]["readonly"] = "on"
        plan = model.plan(owned("app", "app", 0o750))
        assert plan.warnings == (told,)
        assert SetOwner not in {type(action) for action in plan.actions}


def test_a_dataset_that_is_mounted_elsewhere() -> None:
    """It stays where it is, and the hint has the commands in their order."""
    model = applied(PROFILE)
    model.mounts[APP] = replace(model.mounts[APP], path="/mnt")
    plan = model.plan(PROFILE)
    assert (plan.actions, plan.warnings) == (
        (),
        (
            Caution(
                APP,
                "it is mounted at /mnt and belongs at /data/app",
                "stop the programs that use it, then `zfs unmount tank/data/app` "
                "and apply again",
            ),
        ),
    )


def test_a_mount_that_would_hide_others() -> None:
    """The first of the mounts below is named, and the dataset is not mounted."""
    model = applied(PROFILE)
    del model.mounts[APP]
    model.mounts["other/a"] = Mount("other/a", "/data/app/a", 0, 0, 0o755)
    plan = model.plan(PROFILE)
    assert (plan.actions, plan.warnings) == (
        (),
        (
            Caution(
                APP,
                "it is not mounted: at /data/app it would hide the mount at /data/app/a",
                "unmount the filesystems below /data/app and apply again",
            ),
        ),
    )
    del model.mounts["other/a"], model.mounts[BELOW]
    model.mounts["other/b"] = Mount("other/b", "/data/apps", 0, 0, 0o755)
    assert MountDataset(APP, "/data/app") in model.plan(PROFILE).actions


def test_mounts_at_the_root_of_all() -> None:
    """A dataset that belongs at / would hide each mount there is."""
    model = applied(app_profile())
    model.mounts.clear()
    model.local[APP]["mountpoint"] = "/"
    model.mounts["other/a"] = Mount("other/a", "/a", 0, 0, 0o755)
    [warning] = model.plan(app_profile()).warnings
    assert warning.message == "it is not mounted: at / it would hide the mount at /a"


def test_mounts_that_cannot_be_made() -> None:
    """One warning is enough for all datasets that inherit the reason; others have one."""
    model = Model({"tank": {"mountpoint": "none"}, "tank/data": {"atime": "off"}})
    none = "cannot be mounted: its mountpoint is none"
    hint = "set a mountpoint: `zfs set mountpoint=/... {}`"
    wants = app_profile("app", "app", "app/x", "y")
    above = Caution("tank", f"the datasets below it {none}", hint.format("tank"))
    assert model.plan(wants).warnings == (above,)
    model.run(model.plan(wants).actions)
    model.local[APP]["mountpoint"] = "none"
    here = Caution(APP, f"it {none}", hint.format(APP))
    assert model.plan(wants).warnings == (above, here)
    zoned = Model({"tank": {}, "tank/data": {"mountpoint": "/data", "zoned": "on"}})
    only = "it cannot be mounted: zoned is on: only its container may mount it"
    told = (Caution("tank/data", only), Caution(APP, only))
    assert zoned.plan(app_profile()).warnings == told


def test_what_nobody_may_see() -> None:
    """A directory out of reach is a warning once, with the way to look."""
    place = Place("/data/app", "/data/app", "denied", "/data")
    plan = Model().plan(app_profile(), places={"/data/app": place})
    seen = "this user cannot see the files at /data, which a mount may hide"
    assert plan.warnings == (Caution(APP, seen, "run zfstune as root"),)


def test_a_mount_that_follows_the_properties() -> None:
    """A change of atime goes to the mounts of all datasets that inherit it."""
    model = applied(PROFILE)
    wants = app_profile("app", "app", "app/x", owner="app", atime="off")
    steps = [a for a in model.plan(wants).actions if isinstance(a, Remount)]
    assert steps == [
        Remount(APP, "/data/app", "+noatime"),
        Remount(BELOW, "/data/app/x", "+noatime"),
    ]
    model.mounts[APP] = replace(model.mounts[APP], options=None)
    model.mounts[BELOW] = replace(model.mounts[BELOW], hidden=True)
    steps = [a for a in model.plan(wants).actions if isinstance(a, Remount)]
    assert steps == []


def test_a_path_that_is_taken() -> None:
    """The error names the dataset that is mounted there, and the way out."""
    model = Model()
    model.mounts["other/app"] = Mount("other/app", "/data/app", 0, 0, 0o755)
    with pytest.raises(PlanError) as caught:
        model.plan(app_profile())
    assert caught.value.message == (
        "cannot plan 'tank/data/app': 'other/app' is mounted at /data/app"
    )
    assert caught.value.hint == "give another --root, or another mountpoint"
