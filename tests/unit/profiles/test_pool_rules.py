"""Rules for certain pools: a closed list of facts, and the first that fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from model_pool import Model, pool_info, said
from zfstune.datasets.actions import Create
from zfstune.profiles.load import load
from zfstune.profiles.pool_rules import FACTS, follow_rules, rule_for
from zfstune.profiles.profile import DatasetProfile, PoolRule, Profile, Setting
from zfstune.values.frozen import replace
from zfstune.values.state import Vdev

if TYPE_CHECKING:
    from zfstune.values.state import PoolInfo


def made_of(*vdevs: Vdev) -> PoolInfo:
    """Return a pool of these vdevs."""
    return replace(pool_info(), vdevs=vdevs)


def vdev(
    kind: str, ashift: int = 12, role: str = "normal", *, rotational: bool = False
) -> Vdev:
    """Return one vdev."""
    return Vdev(kind, ashift, role, ("a", "b"), rotational)


@pytest.mark.parametrize(
    ("pool", "facts"),
    [
        (made_of(vdev("disk")), set()),
        (made_of(vdev("mirror")), {"redundant"}),
        (made_of(vdev("raidz2")), {"raidz", "redundant"}),
        (made_of(vdev("mirror"), vdev("raidz1")), {"raidz", "redundant"}),
        (made_of(vdev("draid1")), {"draid", "redundant"}),
        (made_of(vdev("disk", 13)), {"large-sectors"}),
        (made_of(vdev("disk", rotational=True)), {"rotational"}),
        (made_of(vdev("disk"), vdev("raidz1", role="special")), {"special"}),
        (made_of(vdev("disk"), vdev("disk", 13, "log", rotational=True)), {"log"}),
    ],
)
def test_facts_of_a_pool(pool: PoolInfo, facts: set[str]) -> None:
    """Each fact is found from the vdevs that it is about."""
    assert {name for name, holds in FACTS.items() if holds(pool)} == facts


RULED = Setting(
    "recordsize",
    "8K",
    "Small.",
    "s",
    "Somebody.",
    (
        PoolRule("raidz", "32K", "Parity.", "r"),
        PoolRule("redundant", "16K", "Copies.", "c"),
    ),
)
PROFILE = Profile("app", "s", (DatasetProfile("app", (RULED,)),))


def test_the_first_rule_that_fits_counts() -> None:
    """The rule brings its reason; without a rule that fits, the value stays."""
    assert rule_for(RULED, pool_info("disk")) is None
    assert follow_rules(PROFILE, pool_info("disk")) == PROFILE
    for kind, value, why in (("raidz1", "32K", "Parity."), ("mirror", "16K", "Copies.")):
        [setting] = follow_rules(PROFILE, pool_info(kind)).datasets[0].settings
        assert (setting.value, setting.why, setting.rules) == (value, why, ())


@pytest.mark.parametrize(
    ("pool", "value"),
    [
        (pool_info("mirror"), "8192"),
        (pool_info("raidz2"), "32768"),
        (pool_info("draid1", ashift=14), "32768"),
        (pool_info("mirror", ashift=13), "16384"),
    ],
)
def test_postgres_follows_the_pool(pool: PoolInfo, value: str) -> None:
    """A record is one page where that is cheap, and larger elsewhere, without a warning."""
    postgres = load("postgres")
    model = Model(pool=pool)
    plan = model.plan(postgres)
    create = plan.actions[1]
    assert isinstance(create, Create)
    assert create.properties["recordsize"] == value
    assert plan.warnings == ()
    assert not model.run(plan.actions).plan(postgres).pending


def test_what_is_asked_for_is_above_the_rules() -> None:
    """A value given with -o or in the variant seed stands, and a warning says its cost."""
    model = Model(pool=pool_info("raidz2"))
    for plan in (
        model.plan(load("postgres"), overrides={"recordsize": "8K"}),
        model.plan(load("postgres:seed")),
    ):
        create = plan.actions[1]
        assert isinstance(create, Create)
        assert create.properties["recordsize"] == "8192"
    plan = model.plan(load("postgres"), overrides={"recordsize": "8K"})
    assert "parity and padding" in said(plan, "raidz2").message
