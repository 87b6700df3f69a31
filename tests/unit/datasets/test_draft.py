"""A plan in the making: containers, creations, owners, and states that it refuses."""

from __future__ import annotations

import pytest

from model_pool import FEATURES, Model, app_profile, applied, pool_info, said
from zfstune.datasets.actions import Adjust, MountDataset, SetOwner
from zfstune.datasets.cautions import Caution
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace
from zfstune.values.marks import APPLIED_PROPERTY
from zfstune.values.state import Dataset, Mount, Vdev


@pytest.mark.parametrize(
    ("values", "above", "refused"),
    [
        ({"encryption": "on"}, "off", True),
        ({"encryption": "on"}, "aes-256-gcm", False),
        ({"encryption": "off"}, "off", False),
        ({"encryption": "on", "keyformat": "raw"}, "off", True),
        ({"encryption": "on", "keyformat": "raw"}, "aes-256-gcm", True),
    ],
)
def test_a_dataset_that_needs_a_key(
    values: dict[str, str], above: str, *, refused: bool
) -> None:
    """The plan refuses a dataset that needs a key of its own, before ZFS would."""
    features = FEATURES | {"encryption"}
    model = Model({"tank": {"encryption": above}}, pool=pool_info(features=features))
    if refused:
        with pytest.raises(
            PlanError, match="'tank/data/app': it needs an encryption key"
        ) as it:
            model.plan(app_profile(**values))
        assert "--root" in it.value.hint
    else:
        assert model.plan(app_profile(**values)).warnings == ()


def test_owners_can_be_left_alone() -> None:
    """With owner=False no account is looked up, owners stay, and a warning says so."""
    plan = Model().plan(app_profile(owner="app"), owner=False, accounts={}, groups={})
    assert SetOwner not in {type(action) for action in plan.actions}
    assert "are not set to app:app" in plan.warnings[0].message


@pytest.mark.parametrize("name", ["tank/data", "tank/data/app"])
def test_a_volume_in_the_way_is_an_error(name: str) -> None:
    """The error names a volume where a filesystem is wanted, and another way."""
    model = Model({"tank": {}, "tank/data": {"mountpoint": "/data"}})
    datasets = {**model.datasets(), name: Dataset(name, "volume", 1, 1)}
    with pytest.raises(PlanError, match=f"'{name}': a volume of that name"):
        model.plan(app_profile(), datasets=datasets)


@pytest.mark.parametrize(
    ("pool", "words"),
    [
        (pool_info(readonly=True), "read-only"),
        (pool_info(suspended=True), "suspended"),
    ],
)
def test_a_pool_that_takes_no_change_is_an_error_only_if_one_is_due(
    pool: object, words: str
) -> None:
    """The pool is refused if there is work to do; otherwise the plan is empty."""
    model = applied(app_profile())
    model.pool = pool  # type: ignore[assignment]
    assert not model.plan(app_profile()).pending
    with pytest.raises(PlanError, match=words):
        model.plan(app_profile(atime="off"))


def test_a_locked_parent_is_an_error() -> None:
    """Nothing can be made below an encrypted dataset whose key is not loaded.

    The key belongs to the encryption root, and is loaded for that one.
    """
    locked = {"keystatus": "unavailable", "encryptionroot": "tank", "canmount": "off"}
    model = Model({"tank": {}, "tank/data": locked})
    with pytest.raises(PlanError, match="key is not loaded") as caught:
        model.plan(app_profile())
    assert caught.value.hint == "run `zfs load-key tank`"


@pytest.mark.parametrize("root", ["other/data", "tankdata"])
def test_a_root_elsewhere_is_an_error(root: str) -> None:
    """A root must lie in the pool that was looked at."""
    with pytest.raises(PlanError, match="not in pool 'tank'"):
        Model().plan(app_profile(), root=root)


def test_sync_disabled_by_somebody_else_is_said() -> None:
    """The value is left alone, inherited or set by hand, and reported with its remedy."""
    model = Model({"tank": {"sync": "disabled"}})
    plan = model.plan(app_profile())
    assert "zfs set sync=standard" in said(plan, "sync is disabled").hint
    model.run(plan.actions)
    del model.local["tank"]["sync"]
    assert not model.plan(app_profile()).warnings
    model.local["tank/data/app"]["sync"] = "disabled"
    plan = model.plan(app_profile())
    assert not plan.pending
    assert said(plan, "sync is disabled").dataset == "tank/data/app"
    consent = model.plan(app_profile(), overrides={"sync": "disabled"}, allow_unsafe=True)
    assert not consent.warnings


def test_a_named_bare_and_mounted_root_is_left_alone() -> None:
    """With --root, an empty mounted dataset belongs to the user and is not half made."""
    model = Model({"tank": {}, "tank/srv": {}})
    model.mounts["tank/srv"] = Mount("tank/srv", "/tank/srv", 0, 0, 0o755)
    plan = model.plan(app_profile(), root="tank/srv")
    assert plan.mountpoints == {"tank/srv/app": "/tank/srv/app"}


def test_a_root_with_children_or_data_is_not_half_made() -> None:
    """A dataset that holds something was finished by somebody."""
    for model in (
        Model({"tank": {}, "tank/data": {}, "tank/data/x": {}}),
        Model({"tank": {}, "tank/data": {}}, referenced={"tank/data": 2 << 20}),
    ):
        assert model.plan(app_profile()).mountpoints == {"tank/data/app": "/tank/data/app"}


def test_a_half_made_root_is_said_to_be_one() -> None:
    """Repairing what a crash left bare is an action and a warning."""
    plan = Model({"tank": {}, "tank/data": {}}).plan(app_profile())
    [adjust] = [action for action in plan.actions if isinstance(action, Adjust)]
    assert adjust.values == {"canmount": "off", "mountpoint": "/data"}
    assert said(plan, "cut short").dataset == "tank/data"


def test_unmounted_is_mounted_and_owned_again() -> None:
    """An unmounted dataset is mounted; a wrong owner or mode is put right."""
    wanted = app_profile(owner="app")
    model = applied(wanted)
    mount = model.mounts.pop("tank/data/app")
    assert [type(a) for a in model.plan(wanted).actions] == [MountDataset, SetOwner]
    model.mounts["tank/data/app"] = Mount(mount.dataset, mount.path, 0, 1000, 0o750)
    assert [type(a) for a in model.plan(wanted).actions] == [SetOwner]


def test_a_container_is_put_right_where_it_lost_a_property() -> None:
    """What was inherited since is set again, and nothing else of an old container."""
    wants = app_profile("app", "logs/app")
    model = applied(wants)
    del model.local["tank/data/logs"]["canmount"]
    [adjust] = model.plan(wants).actions
    assert isinstance(adjust, Adjust)
    assert (adjust.dataset, adjust.values) == ("tank/data/logs", {"canmount": "off"})
    assert adjust.notes == {}


@pytest.mark.parametrize("mounted", [True, False])
def test_a_half_made_container(*, mounted: bool) -> None:
    """Below the root, a bare dataset is half made unless it is mounted."""
    model = applied(app_profile())
    model.local["tank/data/logs"] = {}
    if mounted:
        path = "/data/logs"
        model.mounts["tank/data/logs"] = Mount("tank/data/logs", path, 0, 0, 0o755)
    plan = model.plan(app_profile(), app_profile("logs", "logs/app"))
    adjusted = [action for action in plan.actions if isinstance(action, Adjust)]
    if mounted:
        assert (adjusted, plan.warnings) == ([], ())
        return
    [adjust] = adjusted
    assert adjust.values == {"canmount": "off"}
    assert adjust.notes == {APPLIED_PROPERTY: '{"canmount":"off"}'}
    assert plan.warnings == (
        Caution(
            "tank/data/logs",
            "it is empty and has no properties, as if its creation was cut short: it gets "
            "canmount=off",
        ),
    )


def test_a_root_that_zfstune_chose_is_half_made_though_mounted() -> None:
    """No user makes a dataset of that name, and ZFS mounts what it creates."""
    model = Model({"tank": {}, "tank/data": {}})
    model.mounts["tank/data"] = Mount("tank/data", "/tank/data", 0, 0, 0o755)
    plan = model.plan(app_profile())
    [adjust] = [action for action in plan.actions if isinstance(action, Adjust)]
    assert adjust.values == {"canmount": "off", "mountpoint": "/data"}


def test_a_value_from_above_that_gives_up_safety_is_said() -> None:
    """It comes into force where the profile no longer asks for a safe one."""
    model = applied(app_profile(sync="standard", checksum="on"))
    model.local["tank"]["checksum"] = "off"
    model.local["tank/data"]["sync"] = "disabled"
    told = {caution.message for caution in model.plan(app_profile()).warnings}
    assert told == {
        "sync is disabled here: a crash loses confirmed writes",
        "checksum is off here: damaged data is read as sound",
    }


def test_heirs_of_a_dataset_on_the_special_vdev() -> None:
    """Each dataset with a value of its own is told of, and no heir without one."""
    pool = pool_info()
    fast = Vdev("mirror", 12, "special", ("/dev/nvme0",), rotational=False)
    model = Model(pool=replace(pool, vdevs=(*pool.vdevs, fast)))
    plan = model.plan(
        app_profile("a", recordsize="64K", special_small_blocks="128K"),
        app_profile("heir", "a/heir"),
        app_profile("small", "a/small", special_small_blocks="64K"),
        app_profile("size", "a/size", recordsize="32K"),
        app_profile("large", "a/large", recordsize="1M"),
    )
    told = [c.dataset for c in plan.warnings if "all data goes to" in c.message]
    assert sorted(told) == ["tank/data/a", "tank/data/a/size", "tank/data/a/small"]
