"""Schedules on an image: what profiles bring along, and what may be scheduled."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.profiles.load import role_datasets
from zfstune.profiles.roles import ROLES
from zfstune.retention.policy_text import format_policy, parse_policy
from zfstune.retention.store import clear_policy, set_policy
from zfstune.schedules.schedule import scheduled, targets
from zfstune.schedules.store import set_schedule
from zfstune.values.errors import NotFound, PolicyError
from zfstune.values.marks import POLICY_PROPERTY, SCHEDULE_PROPERTY

if TYPE_CHECKING:
    from zfstune.engine.image import ImageEngine


# What the kldload postinstallers write into /etc/cron.d: when, and how many stay. The
# one for CI never prunes; ours keeps a week of it.
SEED = {
    "audit": ("hourly", "never"),
    "ci-cache": ("daily@03:00", "daily=7"),
    "grafana": ("daily@04:00", "daily=30"),
    "home": ("hourly", "hourly=48"),
    "mail": ("hourly", "hourly=72"),
    "postgres": ("daily@02:05", "daily=30"),
    "prometheus": ("daily@04:00", "daily=30"),
    "share": ("hourly", "hourly=48"),
    "www": ("hourly", "hourly=48"),
}


def test_the_roles_bring_the_seeds_schedules(engine: ImageEngine) -> None:
    """Each dataset of the seed's cron files, as often, and pruned to as many."""
    zfstune.apply(roles=[role.name for role in ROLES], owner=False, engine=engine)
    found = {
        each.dataset.removeprefix("tank/data/"): (
            str(each.cadence),
            each.policy and format_policy(each.policy),
        )
        for each in scheduled(engine)
    }
    assert found == SEED
    assert not zfstune.plan(
        roles=[role.name for role in ROLES], owner=False, engine=engine
    ).pending
    of = {each.dataset: each for each in scheduled(engine)}
    assert of["tank/data/mail"].members == ("tank/data/mail",)
    assert of["tank/data/postgres"].members == (
        "tank/data/postgres",
        "tank/data/postgres/data",
        "tank/data/postgres/wal",
    )
    assert not of["tank/data/audit"].prunes
    assert role_datasets(engine, ["mon"], pool=None, root=None) == [
        "tank/data/prometheus",
        "tank/data/grafana",
    ]
    assert role_datasets(engine, ["lb"], pool=None, root="tank/x") == []


def test_a_bare_prune_follows_the_profile(engine: ImageEngine) -> None:
    """After apply alone, each dataset is pruned as its profile says."""
    zfstune.apply(roles="web", engine=engine)
    zfstune.snapshot("tank/data/www", engine=engine)
    pruned = zfstune.prune(engine=engine)
    assert {n: format_policy(p) for n, p in pruned.plan.policies.items()} == {
        "tank/data/www": "hourly=48"
    }
    assert pruned.destroyed == ()


def test_what_somebody_stored_is_theirs(engine: ImageEngine) -> None:
    """Neither on the dataset nor above it does a profile change what is to stay."""
    engine.create("tank/data/home", parents=True)
    engine.set("tank/data/home", {POLICY_PROPERTY: "keep=3"})
    set_policy(engine, "tank/data", parse_policy("never"))
    plan = zfstune.plan("nfs", engine=engine)
    said = {w.dataset: w.message for w in plan.warnings if "policy" in w.message}
    assert said == {
        "tank/data/share": "org.zfstune:policy is inherited from tank/data, not set "
        "to the profile's hourly=48"
    }
    zfstune.apply("nfs", engine=engine)
    stored = {
        name: engine.dataset(f"tank/data/{name}").value(POLICY_PROPERTY)
        for name in ("home", "share")
    }
    assert stored == {"home": "keep=3", "share": "never"}
    assert len(scheduled(engine)) == 2
    set_schedule(engine, "tank/data/home", "none")
    assert not zfstune.apply("nfs", engine=engine).changed
    assert [each.dataset for each in scheduled(engine)] == ["tank/data/share"]


def test_targets_are_refused_where_snapshots_would_pile_up(engine: ImageEngine) -> None:
    """Nobody said what stays, or how often, or in words that nobody understands."""
    engine.create("tank/a")
    with pytest.raises(PolicyError, match="it has no schedule, and no interval was given"):
        targets(engine, ["tank/a"], None, needs_policy=True)
    with pytest.raises(
        PolicyError, match="pile up: no policy says which of them stay"
    ) as no:
        targets(engine, ["tank/a"], "hourly", needs_policy=True)
    assert "zfstune policy set tank/a hourly=48 daily=30\n" in no.value.hint
    set_policy(engine, "tank/a", parse_policy("match=autosnap_* daily=3"))
    with pytest.raises(PolicyError, match="has no rule for the names that zfstune") as no:
        targets(engine, ["tank/a"], "daily", needs_policy=True)
    command = "zfstune policy set tank/a 'match=autosnap_* daily=3; daily=30'\n"
    assert command in no.value.hint
    set_policy(engine, "tank/a", parse_policy("match=autosnap_* daily=3; daily=30"))
    assert len(targets(engine, ["tank/a"], "daily", needs_policy=True)) == 1
    clear_policy(engine, "tank/a")
    with pytest.raises(PolicyError, match="no schedule"):
        targets(engine, ["tank/a"], "none", needs_policy=True)
    engine.create("tank/b/c", parents=True)
    set_schedule(engine, "tank/b", "daily")
    with pytest.raises(PolicyError, match="the schedule of 'tank/b' takes it along"):
        targets(engine, ["tank/b/c"], None, needs_policy=False)
    set_schedule(engine, "tank/b", "none")
    with pytest.raises(PolicyError, match="it has no schedule, and no interval was given"):
        targets(engine, ["tank/b/c"], None, needs_policy=False)
    with pytest.raises(NotFound) as missing:
        targets(engine, ["tank/none"], "hourly", needs_policy=True)
    assert "zfstune apply" in missing.value.hint
    [one] = targets(engine, ["tank/a", "tank/a"], "4h", needs_policy=False)
    assert (one.zone(), one.prunes, str(one.cadence)) == (UTC, False, "4h")
    engine.set("tank/a", {SCHEDULE_PROPERTY: "often"})
    with pytest.raises(PolicyError, match="follow the schedule of 'tank/a'"):
        scheduled(engine)
