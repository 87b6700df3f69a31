"""The datasets that profiles want: merged, checked, and fitted to a pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from model_pool import FEATURES, Model, app_profile, applied, pool_info, said
from zfstune.datasets.actions import Create
from zfstune.profiles.load import load
from zfstune.values.errors import InvalidProperty, PlanError
from zfstune.values.frozen import replace
from zfstune.values.state import Limits

if TYPE_CHECKING:
    from zfstune.profiles.profile import Profile
from typing import TYPE_CHECKING

from zfstune.datasets.wanted import wanted_accounts
from zfstune.values.marks import PROFILE_PROPERTY

if TYPE_CHECKING:
    from zfstune.profiles.profile import Profile


@pytest.mark.parametrize(
    ("overrides", "error", "words"),
    [
        ({"recordsize": "9K"}, InvalidProperty, "power of two"),
        ({"no-such": "1"}, InvalidProperty, "no such property"),
        ({"volsize": "1G"}, InvalidProperty, "filesystem"),
        ({"recordsize": "4M"}, InvalidProperty, "the largest value here is 1M"),
        ({"sync": "disabled"}, PlanError, "confirmed writes"),
        ({"checksum": "off"}, PlanError, "with it, damaged data is read as sound"),
        ({"org.zfstune:profile": "x"}, PlanError, "own notes"),
        ({"checksum": "blake3"}, PlanError, "feature blake3"),
    ],
)
def test_bad_overrides_are_refused(
    overrides: dict[str, str], error: type[Exception], words: str
) -> None:
    """An override that is invalid, unsafe or beyond the pool is an error."""
    with pytest.raises(error, match=words):
        Model().plan(app_profile(), overrides=overrides)


def test_a_variant_that_disables_sync_takes_consent() -> None:
    """Without consent the error names the dataset; with it the plan says the loss."""
    queue = load("mail:seed")
    with pytest.raises(
        PlanError, match="'mail:seed': it would disable sync on mail/queue"
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
    """The value is refused when given with -o, and the hint says what it needs."""
    with pytest.raises(PlanError, match="no second copy") as it:
        Model(pool=pool_info("disk")).plan(
            app_profile(), overrides={"redundant_metadata": "most"}
        )
    assert "mirror" in it.value.hint


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
    """The error names both profiles."""
    with pytest.raises(PlanError, match=r"'one' and 'two' want different values"):
        Model().plan(one, two)


@pytest.mark.parametrize(
    ("features", "limits", "values", "made", "reason"),
    [
        (FEATURES - {"large_blocks"}, Limits(), {"recordsize": "1M"}, "131072", "large_bl"),
        (FEATURES, Limits(), {"recordsize": "16M"}, "1048576", "takes at most 1M"),
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
    """A value beyond pool or module becomes the next best, and stays it in later plans."""
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


def test_profiles_must_be_told_apart() -> None:
    """Two different profiles may not share a name, and a plan needs a profile."""
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
    """A value that GRUB cannot read gives way, or is refused when given with -o."""
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


def test_overrides_win_on_the_first_dataset_alone() -> None:
    """A value given with -o wins there; all others are the profile's."""
    plan = Model().plan(
        app_profile("app", "app", "app/x", atime="off"), overrides={"atime": "on"}
    )
    made = {a.dataset: a.properties for a in plan.actions if isinstance(a, Create)}
    assert made["tank/data/app"]["atime"] == "on"
    assert "atime" not in made["tank/data/app/x"]


def test_sync_can_be_disabled_with_consent() -> None:
    """With allow_unsafe, sync can be disabled."""
    plan = Model().plan(app_profile(), overrides={"sync": "disabled"}, allow_unsafe=True)
    assert plan.actions[1].describe() == "create tank/data/app (sync=disabled)"


def test_profiles_that_agree_compose() -> None:
    """The same dataset from two profiles is made once, and named after both."""
    one, two = (
        app_profile("one", "x", atime="off"),
        app_profile("two", "x", "x/y", atime="off"),
    )
    model = applied(one, two)
    assert model.local["tank/data/x"][PROFILE_PROPERTY] == "one,two"
    assert not model.plan(one, two, one).pending


def test_accounts_to_look_up() -> None:
    """The users and groups that profiles name are known before planning."""
    found = wanted_accounts([app_profile(owner="app"), app_profile()])
    assert found == (frozenset({"app"}), frozenset({"app"}))
