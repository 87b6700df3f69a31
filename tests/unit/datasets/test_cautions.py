"""Cautions: values that a pool takes and that may not do what the reader expects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from model_pool import Model, app_profile, pool_info, said
from zfstune.profiles.load import load
from zfstune.values.frozen import replace
from zfstune.values.properties import DEFAULT_LIMITS
from zfstune.values.state import Vdev

if TYPE_CHECKING:
    from zfstune.values.state import PoolInfo


def _pool(*, special: bool) -> PoolInfo:
    pool = pool_info()
    fast = Vdev("mirror", 12, "special", ("/dev/nvme0",), rotational=False)
    return replace(pool, vdevs=(*pool.vdevs, fast)) if special else pool


@pytest.mark.parametrize(
    ("special", "recordsize", "small", "words"),
    [
        (False, "128K", "32K", "special_small_blocks does nothing: pool 'tank' has no"),
        (False, "128K", "0", ""),
        (True, "128K", "64K", ""),
        (True, "128K", "128K", "all data goes to the special vdev"),
        (True, "64K", "128K", "all data goes to the special vdev"),
        (True, "128K", "0", ""),
    ],
)
def test_small_blocks_and_the_special_vdev(
    *, special: bool, recordsize: str, small: str, words: str
) -> None:
    """The value needs a special vdev, and larger records, else all data goes there."""
    wanted = app_profile(recordsize=recordsize, special_small_blocks=small)
    plan = Model(pool=_pool(special=special)).plan(wanted)
    assert [words in each.message for each in plan.warnings] == [True] * bool(words)


@pytest.mark.parametrize(
    ("above", "given", "told"),
    [
        ("16384", {}, ["tank/data/app"]),
        ("8192", {}, ["tank/data/app"]),
        ("4096", {}, []),
        ("0", {}, []),
        ("16384", {"special_small_blocks": "4K"}, []),
        ("4096", {"special_small_blocks": "16K"}, ["tank/data/app"]),
        ("16384", {"recordsize": "1M"}, []),
        ("131072", {}, ["tank/data/app", "tank/data/app/log"]),
        ("1048576", {}, ["tank/data/app", "tank/data/app/log"]),
    ],
)
def test_small_blocks_from_above(
    above: str, given: dict[str, str], told: list[str]
) -> None:
    """A value set on the pool counts for a profile's records, and is said once for each."""
    wanted = app_profile("app", "app", "app/data", recordsize="8K")
    log = app_profile("log", "app/log", recordsize="128K")
    model = Model({"tank": {"special_small_blocks": above}}, pool=_pool(special=True))
    plan = model.plan(wanted, overrides=given)
    assert [c.dataset for c in plan.warnings] == [n for n in told if "log" not in n]
    plan = model.plan(wanted, log) if not given else plan
    assert [c.dataset for c in plan.warnings] == told
    if told and not given:
        assert "on tank)" in plan.warnings[0].message
    again = model.run(plan.actions).plan(wanted, *([] if given else [log]), overrides=given)
    assert [c.dataset for c in again.warnings] == told
    model.pool = _pool(special=False)
    assert not any("all data" in c.message for c in model.plan(wanted).warnings)


def test_records_that_are_the_default() -> None:
    """A dataset without a recordsize of its own has records of 128K."""
    model = Model({"tank": {}}, pool=_pool(special=True))
    plan = model.plan(app_profile(), overrides={"special_small_blocks": "128K"})
    assert said(plan, "all data goes").hint.startswith(
        "to avoid that, ask for less: -o special"
    )
    plan = model.plan(app_profile(), overrides={"special_small_blocks": "64K"})
    assert plan.warnings == ()
    model.local["tank"]["recordsize"] = "65536"
    plan = model.plan(app_profile(), overrides={"special_small_blocks": "64K"})
    assert said(plan, "all data goes").dataset == "tank/data/app"


def test_smb_is_not_served() -> None:
    """The property is set as asked, and the plan says that nobody acts on it."""
    plan = Model().plan(app_profile(sharesmb="on"))
    assert said(plan, "zfstune serves NFS only").hint.startswith("`zfs share")
    assert Model().plan(app_profile(sharesmb="off")).warnings == ()


@pytest.mark.parametrize(("release", "told"), [((2, 1, 11), True), ((2, 2), False)])
def test_what_an_earlier_release_cannot_serve(
    release: tuple[int, ...], *, told: bool
) -> None:
    """A profile says which release it takes; the plan, which one runs."""
    limits = replace(DEFAULT_LIMITS, release=release)
    plan = Model().plan(load("docker"), owner=False, limits=limits)
    cautions = [c for c in plan.warnings if "needs OpenZFS" in c.message]
    assert [c.dataset for c in cautions] == ["tank/data/docker"] * told
    if told:
        [caution] = cautions
        assert (
            caution.message
            == "profile docker needs OpenZFS 2.2 or later, and this is 2.1.11"
        )
        assert caution.hint == "overlay2 cannot lie on an earlier one"


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
    """The plan says so once, and only if it would write to the pool."""
    model = Model(pool=replace(pool_info(), free_bytes=(1 << 40) // 11))
    plan = model.plan(app_profile())
    assert said(plan, "tenth of the pool").dataset == "tank"
    assert not model.run(plan.actions).plan(app_profile()).warnings


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
    """Records of 8K on large sectors or on parity are made as asked, with a warning."""
    model = Model(pool=pool)  # type: ignore[arg-type]
    plan = model.plan(app_profile(recordsize="8K"))
    assert len(plan.warnings) == len(warnings)
    for caution, words in zip(plan.warnings, warnings, strict=True):
        assert words in caution.message
        assert "-o recordsize" in caution.hint
    assert model.run(plan.actions).plan(app_profile(recordsize="8K")).warnings == ()
