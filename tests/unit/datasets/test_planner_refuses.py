"""The planner, rule by rule: what it refuses, cuts down and warns of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from model_pool import FEATURES, Model, app_profile, applied, pool_info, said
from zfstune.datasets.actions import Create, SetOwner
from zfstune.profiles.load import load
from zfstune.values.errors import InvalidProperty, PlanError
from zfstune.values.frozen import replace
from zfstune.values.state import Dataset, Limits, Mount, Vdev

if TYPE_CHECKING:
    from zfstune.profiles.profile import Profile


@pytest.mark.parametrize(
    ("overrides", "error", "words"),
    [
        ({"recordsize": "9K"}, InvalidProperty, "power of two"),
        ({"no-such": "1"}, InvalidProperty, "no such property"),
        ({"volsize": "1G"}, InvalidProperty, "filesystem"),
        ({"recordsize": "4M"}, InvalidProperty, "1M is the most"),
        ({"sync": "disabled"}, PlanError, "confirmed writes"),
        ({"checksum": "off"}, PlanError, "then damaged data is read as sound"),
        ({"org.zfstune:profile": "x"}, PlanError, "own notes"),
        ({"checksum": "blake3"}, PlanError, "feature blake3"),
    ],
)
def test_bad_overrides_are_refused(
    overrides: dict[str, str], error: type[Exception], words: str
) -> None:
    """What is invalid, unsafe or beyond the pool is an error, not a surprise."""
    with pytest.raises(error, match=words):
        Model().plan(app_profile(), overrides=overrides)


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
    """Only that of a dataset above: refused before anything, not half-way by ZFS."""
    features = FEATURES | {"encryption"}
    model = Model({"tank": {"encryption": above}}, pool=pool_info(features=features))
    if refused:
        with pytest.raises(PlanError, match="'tank/data/app': it needs a key") as it:
            model.plan(app_profile(**values))
        assert "--root" in it.value.hint
    else:
        assert model.plan(app_profile(**values)).warnings == ()


def test_a_variant_that_disables_sync_takes_consent() -> None:
    """Without it the error names the dataset; with it the plan says what is lost."""
    queue = load("mail:seed")
    with pytest.raises(
        PlanError, match="'mail:seed': it is to disable sync on mail/queue"
    ) as it:
        Model().plan(queue)
    assert "--allow-unsafe" in it.value.hint
    plan = Model().plan(queue, allow_unsafe=True)
    [create] = [a for a in plan.actions if a.dataset == "tank/data/mail/queue"][:1]
    assert isinstance(create, Create)
    assert create.properties["sync"] == "disabled"


@pytest.mark.parametrize(
    ("kind", "value"), [("mirror", "most"), ("raidz1", "most"), ("disk", "all")]
)
def test_metadata_keeps_its_copies_where_nothing_else_has_any(
    kind: str, value: str
) -> None:
    """redundant_metadata=most is for redundant pools; elsewhere it becomes all."""
    plan = Model(pool=pool_info(kind)).plan(app_profile(redundant_metadata="most"))
    create = plan.actions[1]
    assert isinstance(create, Create)
    assert create.properties["redundant_metadata"] == value
    cut = [c for c in plan.warnings if "no second copy" in c.message]
    assert len(cut) == (value == "all")


def test_metadata_cannot_be_thinned_by_hand_on_a_single_disk() -> None:
    """Given with -o, it is refused, and the hint says what it takes."""
    with pytest.raises(PlanError, match="no second copy") as it:
        Model(pool=pool_info("disk")).plan(
            app_profile(), overrides={"redundant_metadata": "most"}
        )
    assert "mirror" in it.value.hint


@pytest.mark.parametrize(
    ("rotational", "role", "waits"),
    [(True, "special", True), (True, "log", False), (False, "special", False)],
)
def test_writers_that_wait_for_spinning_disks_are_warned(
    rotational: bool,  # noqa: FBT001 (a parameter of the test)
    role: str,
    waits: bool,  # noqa: FBT001 (as above)
) -> None:
    """Where sync or logbias matters, a pool of disks without a log device is slow."""
    disks = Vdev("mirror", 12, "normal", ("a", "b"), rotational)
    other = Vdev("mirror", 12, role, ("c", "d"), rotational=False)
    model = Model(pool=replace(pool_info(), vdevs=(disks, other)))
    for wanted in (app_profile(sync="standard"), app_profile(logbias="latency")):
        found = [c for c in model.plan(wanted).warnings if "spinning" in c.message]
        assert [c.dataset for c in found] == ["tank/data/app"] * waits
    assert not model.plan(app_profile(atime="off")).warnings


def test_a_pool_that_is_nearly_full_is_said() -> None:
    """Once, and only where the plan would add to it."""
    model = Model(pool=replace(pool_info(), free_bytes=(1 << 40) // 11))
    plan = model.plan(app_profile())
    assert said(plan, "tenth of the pool").dataset == "tank"
    assert not model.run(plan.actions).plan(app_profile()).warnings


def test_two_profiles_cannot_share_a_mountpoint() -> None:
    """One -o mountpoint for two profiles would mount one over the other."""
    with pytest.raises(PlanError, match="two profiles"):
        Model().plan(app_profile("a"), app_profile("b"), overrides={"mountpoint": "/srv"})


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (app_profile("one", "x", atime="off"), app_profile("two", "x", atime="on")),
        (app_profile("one", "x", owner="app"), app_profile("two", "x", owner="postgres")),
    ],
)
def test_profiles_that_contradict_each_other_are_refused(
    one: Profile, two: Profile
) -> None:
    """The error names both."""
    with pytest.raises(PlanError, match=r"'one' and 'two' want different values"):
        Model().plan(one, two)


@pytest.mark.parametrize(
    ("features", "limits", "values", "made", "reason"),
    [
        (FEATURES - {"large_blocks"}, Limits(), {"recordsize": "1M"}, "131072", "large_bl"),
        (FEATURES, Limits(), {"recordsize": "16M"}, "1048576", "takes 1M at the most"),
        (FEATURES - {"large_blocks"}, Limits(), {"recordsize": "16M"}, "131072", "1M"),
        (FEATURES - {"zstd_compress"}, Limits(), {"compression": "zstd-9"}, "lz4", "zstd"),
        (frozenset[str](), Limits(), {"compression": "zstd"}, "on", "zstd_compress"),
        (frozenset[str](), Limits(), {"dnodesize": "auto"}, None, "large_dnode"),
        (FEATURES, Limits(release=(2, 1)), {"direct": "always"}, None, "OpenZFS 2.3"),
    ],
)
def test_the_pool_gets_what_it_can_take(
    features: frozenset[str],
    limits: Limits,
    values: dict[str, str],
    made: str | None,
    reason: str,
) -> None:
    """A value beyond pool or module becomes the next best, with a warning, for good."""
    model = Model(pool=pool_info(features=features))
    wanted = app_profile(**values)
    plan = model.plan(wanted, limits=limits)
    create = plan.actions[1]
    assert isinstance(create, Create)
    [name] = values
    assert create.properties.get(name) == made
    assert said(plan, reason).message.startswith(f"{name}={values[name]} ")
    model.run(plan.actions)
    assert not model.plan(wanted, limits=limits).pending


@pytest.mark.parametrize(
    ("pool", "warnings"),
    [
        (pool_info(ashift=12), []),
        (pool_info(ashift=13), ["never compress"]),
        (pool_info("raidz2"), ["raidz2"]),
        (pool_info("draid1", ashift=14), ["never compress", "draid1"]),
    ],
)
def test_small_records_are_warned_of_where_they_hurt(
    pool: object, warnings: list[str]
) -> None:
    """8K on large sectors or on parity is done as asked, and said to be costly."""
    model = Model(pool=pool)  # type: ignore[arg-type]
    plan = model.plan(app_profile(recordsize="8K"))
    assert len(plan.warnings) == len(warnings)
    for caution, words in zip(plan.warnings, warnings, strict=True):
        assert words in caution.message
        assert "-o recordsize" in caution.hint
    assert model.run(plan.actions).plan(app_profile(recordsize="8K")).warnings == ()


def test_data_that_is_there_keeps_its_shape() -> None:
    """A new recordsize on a dataset with data warns that only new blocks get it."""
    model = applied(app_profile(recordsize="8K", atime="off"))
    wanted = app_profile(recordsize="16K", atime="on")
    assert not model.plan(wanted).warnings
    model.referenced["tank/data/app"] = 1 << 30
    assert "--reflink=never" in said(model.plan(wanted), "new recordsize").hint
    assert not model.plan(app_profile(recordsize="8K", atime="on")).warnings


def test_what_is_fixed_at_creation_is_reported_only() -> None:
    """A create-only property that differs is a warning, never an action or a note."""
    wanted = app_profile(normalization="formD")
    model = applied(wanted)
    assert model.local["tank/data/app"]["normalization"] == "formD"
    model.local["tank/data/app"]["normalization"] = "none"
    plan = model.plan(wanted)
    assert not plan.pending
    assert "fixed at creation" in said(plan, "normalization").message


def test_mounted_elsewhere_is_reported() -> None:
    """A dataset that is mounted where it should not be is left there, with a remedy."""
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


@pytest.mark.parametrize("missing", ["accounts", "groups"])
def test_unknown_accounts_are_an_error(missing: str) -> None:
    """Before anything changes, the error names account and profile."""
    with pytest.raises(
        PlanError, match=r"profile 'app': this system has no .* 'app'"
    ) as it:
        Model().plan(app_profile(owner="app"), root="tank/data", **{missing: {}})
    assert "--no-owner" in it.value.hint


def test_owners_can_be_left_alone() -> None:
    """With owner=False nobody is looked up, nothing is given, and a warning says so."""
    plan = Model().plan(app_profile(owner="app"), owner=False, accounts={}, groups={})
    assert SetOwner not in {type(action) for action in plan.actions}
    assert "left alone (app:app)" in plan.warnings[0].message


@pytest.mark.parametrize("name", ["tank/data", "tank/data/app"])
def test_a_volume_in_the_way_is_an_error(name: str) -> None:
    """A volume where a filesystem is wanted is named, with another way."""
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
    """With work to do the pool is refused; with none, the plan is as empty as ever."""
    model = applied(app_profile())
    model.pool = pool  # type: ignore[assignment]
    assert not model.plan(app_profile()).pending
    with pytest.raises(PlanError, match=words):
        model.plan(app_profile(atime="off"))


def test_a_locked_parent_is_an_error() -> None:
    """Nothing can be made below an encrypted dataset whose key is not loaded."""
    model = Model(
        {"tank": {}, "tank/data": {"keystatus": "unavailable", "canmount": "off"}}
    )
    with pytest.raises(PlanError, match="key is not loaded"):
        model.plan(app_profile())


@pytest.mark.parametrize("root", ["other/data", "tankdata"])
def test_a_root_elsewhere_is_an_error(root: str) -> None:
    """A root must lie in the pool that was looked at."""
    with pytest.raises(PlanError, match="not in pool 'tank'"):
        Model().plan(app_profile(), root=root)


def test_a_change_of_profile_is_said() -> None:
    """A dataset that another profile managed is taken over with a warning."""
    plan = applied(app_profile("old", "x")).plan(app_profile("new", "x"))
    assert "profile old until now" in plan.warnings[0].message


def test_sync_disabled_by_somebody_else_is_said() -> None:
    """Inherited or set by hand, it is left alone and reported with its remedy."""
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


def test_profiles_must_be_told_apart() -> None:
    """Two that differ may not share a name, and none at all is no plan."""
    with pytest.raises(PlanError, match="two different profiles"):
        Model().plan(app_profile("x", atime="on"), app_profile("x", atime="off"))
    with pytest.raises(PlanError, match="none was given"):
        Model().plan()


def test_a_note_that_would_not_fit_is_refused_before_anything_is_made() -> None:
    """ZFS takes 8 KiB of a user property; the plan says so, not ZFS half way."""
    values = {f"org.example:{letter}": letter * 5000 for letter in "ab"}
    with pytest.raises(PlanError, match="8191"):
        Model().plan(app_profile(**values))


ALL_FEATURES = FEATURES | {"large_dnode", "sha512"}


def test_a_pool_for_grub_gets_what_grub_reads() -> None:
    """A value that takes more gives way, though the feature is enabled; -o is refused."""
    pool = replace(pool_info(features=ALL_FEATURES), compatibility="grub2")
    wanted = app_profile(compression="zstd", recordsize="1M", dnodesize="auto")
    plan = Model(pool=pool).plan(wanted)
    [create] = [a for a in plan.actions if a.dataset == "tank/data/app"][:1]
    assert isinstance(create, Create)
    assert create.properties["compression"] == "lz4"
    assert create.properties["recordsize"] == str(1 << 20)
    assert "dnodesize" not in create.properties
    assert "compression=zstd became lz4: GRUB cannot read" in said(plan, "zstd").message
    with pytest.raises(PlanError, match="GRUB cannot read sha512"):
        Model(pool=pool).plan(app_profile(), overrides={"checksum": "sha512"})


def test_a_pool_that_is_booted_from_may_be_for_grub() -> None:
    """Before a feature that GRUB does not know is used for the first time, that is said."""
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
