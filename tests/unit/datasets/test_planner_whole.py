"""A plan whole, as JSON takes it, and what it says of pools that are booted from."""

from __future__ import annotations

from typing import Any

import pytest

from model_pool import FEATURES, Model, app_profile, applied, pool_info
from zfstune.datasets.cautions import Caution
from zfstune.datasets.planner import paths_to_look_at
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace
from zfstune.values.state import Mount, Vdev

LOG = Vdev("disk", 9, "log", ("/dev/sdz",), rotational=True)
APP = "tank/data/app"
FACTS = {
    "vdevs": ["mirror"],
    "ashift": 13,
    "redundant": True,
    "rotational": False,
    "altroot": "",
    "mountable": True,
}


def test_all_of_a_first_plan() -> None:
    """The document has each step in order, the facts of the pool, and the paths."""
    pool = pool_info("mirror", ashift=13)
    model = Model(pool=replace(pool, vdevs=(*pool.vdevs, LOG)))
    plan = model.plan(app_profile(owner="app", atime="off"))
    noted = '{"canmount":"off","mountpoint":"/data"}'
    assert plan.to_dict() == {
        "pool": "tank",
        "root": "tank/data",
        "profiles": ["app"],
        "pending": True,
        "actions": [
            {
                "action": "create",
                "dataset": "tank/data",
                "properties": {
                    "canmount": "off",
                    "mountpoint": "/data",
                    "org.zfstune:applied": noted,
                },
                "why": "holds the datasets below it",
                "reasons": {},
            },
            {
                "action": "create",
                "dataset": APP,
                "properties": {
                    "atime": "off",
                    "org.zfstune:profile": "app",
                    "org.zfstune:applied": '{"atime":"off"}',
                },
                "why": "profile app",
                "reasons": {"atime": "Why atime. And more."},
            },
            {"action": "mount", "dataset": APP, "path": "/data/app"},
            {
                "action": "own",
                "dataset": APP,
                "path": "/data/app",
                "owner": "app",
                "group": "app",
                "uid": 1000,
                "gid": 1000,
                "mode": "0750",
            },
        ],
        "warnings": [],
        "facts": FACTS,
        "mountpoints": {APP: "/data/app"},
        "unchanged": [],
        "leftovers": [],
        "at": None,
    }


def test_all_of_a_plan_with_nothing_to_do() -> None:
    """Profiles are named once, in the order of the call, and datasets are unchanged."""
    one, two = app_profile("one"), app_profile("two", "one", "two")
    model = applied(two, one)
    plan = model.plan(two, one, two)
    assert plan.to_dict() == {
        "pool": "tank",
        "root": "tank/data",
        "profiles": ["two", "one"],
        "pending": False,
        "actions": [],
        "warnings": [],
        "facts": plan.facts,
        "mountpoints": {"tank/data/one": "/data/one", "tank/data/two": "/data/two"},
        "unchanged": ["tank/data/one", "tank/data/two"],
        "leftovers": [],
        "at": None,
    }


def test_a_pool_that_nothing_is_mounted_from() -> None:
    """On a pool in a file, datasets have paths, and neither mounts nor owners."""
    model = Model(pool=replace(pool_info(), mountable=False))
    plan = model.plan(app_profile(owner="who"), accounts={}, groups={})
    assert [action.describe().split()[0] for action in plan.actions] == ["create"] * 2
    assert plan.facts["mountable"] is False
    assert plan.mountpoints == {APP: "/data/app"}


@pytest.mark.parametrize(("kind", "known"), [("user", "groups"), ("group", "accounts")])
def test_owners_that_this_system_lacks(kind: str, known: str) -> None:
    """The error names profile and account, and both ways out."""
    numbers: Any = {"accounts": {}, "groups": {}, known: {"app": 1000}}
    with pytest.raises(PlanError) as caught:
        Model().plan(app_profile(owner="app"), **numbers)
    assert caught.value.message == (
        f"cannot apply profile 'app': this system has no {kind} 'app'"
    )
    assert caught.value.hint == (
        f"install the package that creates {kind} 'app' first, or leave owners alone with "
        "--no-owner"
    )
    assert Model().plan(app_profile(owner="app"), owner=False, **numbers).pending


def test_what_the_loader_of_a_pool_cannot_read() -> None:
    """Each new feature is named once; features that are active already are not new."""
    pool = replace(
        pool_info(features=FEATURES | {"large_dnode", "sha512"}), bootfs="tank/ROOT"
    )
    wants = app_profile("app", "app", compression="zstd", dnodesize="auto", recordsize="1M")
    other = app_profile("two", "two", compression="zstd-3")
    hint = (
        "ZFSBootMenu can; if GRUB boots this machine, first run `zpool set "
        "compatibility=grub2 tank`, and zfstune does without such features"
    )
    boots = "tank/ROOT boots from this pool, and GRUB cannot read"
    assert Model(pool=pool).plan(wants, other).warnings == (
        Caution("tank", f"{boots} large_dnode and zstd_compress", hint),
    )
    one = replace(pool, active=frozenset({"zstd_compress"}), compatibility="off")
    assert Model(pool=one).plan(wants, other).warnings == (
        Caution("tank", f"{boots} large_dnode", hint),
    )
    assert Model(pool=pool).plan(app_profile(recordsize="1M")).warnings == ()


def test_paths_to_look_at() -> None:
    """They are those of mounts to come, and of datasets that are mounted elsewhere."""
    wants = app_profile("app", "app", "app/x")
    plan = Model().plan(wants)
    assert paths_to_look_at(plan, {}, {}) == {"/data/app", "/data/app/x"}
    model = applied(wants)
    plan = model.plan(wants)
    assert paths_to_look_at(plan, model.datasets(), model.mounts) == set()
    model.mounts[APP] = replace(model.mounts[APP], path="/mnt")
    model.mounts["other/x"] = Mount("other/x", "/x", 0, 0, 0o755)
    plan = model.plan(wants)
    assert paths_to_look_at(plan, model.datasets(), model.mounts) == {"/data/app"}
    plan = model.plan(wants, overrides={"mountpoint": "/new"})
    assert paths_to_look_at(plan, model.datasets(), model.mounts) == {
        "/data/app",
        "/new",
        "/new/x",
    }


def test_the_paths_of_an_alternate_root() -> None:
    """A mount below the alternate root is where it belongs."""
    wants = app_profile()
    model = Model(pool=pool_info(altroot="/target"))
    model.run(model.plan(wants).actions)
    assert model.mounts[APP].path == "/target/data/app"
    plan = model.plan(wants)
    assert paths_to_look_at(plan, model.datasets(), model.mounts) == set()
