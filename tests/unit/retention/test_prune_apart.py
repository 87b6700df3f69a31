"""Prunes of many datasets: each policy has its own consent, each dataset its own errors."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING

import pytest

from heirs import NOW, two_days
from zfstune.retention import examine
from zfstune.retention.policy import Policy
from zfstune.retention.policy_text import parse_policy
from zfstune.retention.prune import prune
from zfstune.retention.store import set_policy
from zfstune.values.errors import EngineError, PlanError, PolicyError, PoolSuspended
from zfstune.values.marks import POLICY_PROPERTY
from zfstune.values.text import for_shell

if TYPE_CHECKING:
    from heirs import Heirs


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be noon."""
    monkeypatch.setattr(examine, "_now", lambda: NOW)


@pytest.fixture
def engine() -> Heirs:
    """Return two datasets, one below the other, with a snapshot an hour of two days."""
    return two_days()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("keep=many", "whole number"),
        ("keep=0", "every snapshot in scope"),
        ("daily=30 tz=Nowhere/Town", "no such zone"),
        ("regex=(a|b)\\1 keep=3", "is not supported"),
        ("within=4h", "43 of the 48 snapshots"),
    ],
)
def test_one_trouble_never_stops_the_others(engine: Heirs, text: str, reason: str) -> None:
    """The dataset with the fault and its heirs are named; the other one is pruned."""
    engine.marks["tank/a"][POLICY_PROPERTY] = text
    engine.marks["tank/c"][POLICY_PROPERTY] = "keep=40"
    pruned = prune(engine=engine.seam)
    assert [engine.count(d) for d in ("tank/a", "tank/a/b", "tank/c")] == [48, 48, 40]
    assert list(pruned.failed) == ["tank/a", "tank/a/b"]
    assert all(reason in str(error) for error in pruned.failed.values())
    assert [row["name"] for row in json.loads(json.dumps(pruned.to_dict()))["failed"]] == [
        "tank/a",
        "tank/a/b",
    ]
    del engine.marks["tank/c"][POLICY_PROPERTY]
    with pytest.raises((PolicyError, PlanError), match=reason):
        prune(engine=engine.seam)
    assert engine.count("tank/a") == 48


@pytest.mark.parametrize("call", ["snapshots", "find_snapshots", "dataset"])
def test_what_cannot_be_read_is_left_alone(engine: Heirs, call: str) -> None:
    """An error on a listing, a victim or a note ends the work on that dataset alone."""
    engine.unreadable = (call, "tank/a")
    pruned = prune("tank/a", "tank/c", policy="within=40h", engine=engine.seam)
    assert [engine.count(d) for d in ("tank/a", "tank/c")] == [48, 41]
    assert list(pruned.failed) == ["tank/a"]
    assert "'tank/a" in str(pruned.failed["tank/a"])
    assert "tank/a" not in pruned.plan.datasets
    with pytest.raises(EngineError, match="'tank/a"):
        prune("tank/a", policy="within=40h", engine=engine.seam)


def test_a_dataset_that_is_not_there_stops_no_other(engine: Heirs) -> None:
    """The others are pruned by a count, and by a policy that is given or stored."""
    engine.marks["tank/c"][POLICY_PROPERTY] = "within=40h"
    for options in ({"policy": "within=40h"}, {"keep": 40}, {}, {"policy": "within=39h"}):
        pruned = prune("tank/none", "tank/c", recursive=True, engine=engine.seam, **options)
        assert list(pruned.failed) == ["tank/none"]
        assert pruned.plan.datasets == ("tank/c",)
    assert engine.count("tank/c") == 40


def test_a_refusal_to_destroy_stops_no_other(engine: Heirs) -> None:
    """The refused snapshots are reported, and the other datasets are pruned."""
    oldest = engine.snapshots("tank/a")[0].name
    engine.busy = {oldest: errno.EPERM}
    pruned = prune("tank/a", "tank/c", policy="within=40h", engine=engine.seam)
    assert [engine.count(d) for d in ("tank/a", "tank/c")] == [48, 41]
    assert str(pruned.failed["tank/a"]).startswith(f"cannot destroy snapshot '{oldest}'")
    assert "tank/c" not in pruned.failed


def test_all_that_went_wrong_is_told_where_nothing_went_well(engine: Heirs) -> None:
    """Several datasets with different errors have a line each."""
    engine.marks["tank/a"][POLICY_PROPERTY] = "keep=many"
    engine.marks["tank/c"][POLICY_PROPERTY] = "within=4h"
    with pytest.raises(PlanError, match="cannot prune any of 3 datasets") as refused:
        prune(engine=engine.seam)
    assert "policy of 'tank/a'" in refused.value.message
    assert "43 of the 48 snapshots in scope of 'tank/c'" in refused.value.message
    assert "--force" in refused.value.hint


def test_a_pool_that_waits_for_its_devices_ends_it(engine: Heirs) -> None:
    """A suspended pool is no error of one dataset: the others would fail as well."""
    engine.unreadable = ("snapshots", "tank/a")
    engine.refuses = errno.EAGAIN
    with pytest.raises(PoolSuspended):
        prune("tank/a", "tank/c", policy="within=40h", engine=engine.seam)
    assert engine.count("tank/c") == 48


def test_consent_is_stored(engine: Heirs) -> None:
    """A policy that was stored with consent is followed by a timer's bare prune."""
    policy = Policy.last(0, "zfstune-*", allow_zero=True)
    text = set_policy(engine.seam, "tank/a", policy)
    assert text == "match=zfstune-* keep=0 all-of-them"
    assert parse_policy(text) == policy
    pruned = prune(engine=engine.seam)
    assert pruned.failed == {}
    assert [engine.count(d) for d in ("tank/a", "tank/a/b", "tank/c")] == [0, 0, 48]


def test_a_text_without_consent_is_not_followed(engine: Heirs) -> None:
    """A text from `zfs set` or an old version has no consent to destroy all."""
    engine.marks["tank/a"][POLICY_PROPERTY] = "match='a b*' keep=0"
    with pytest.raises(PolicyError, match="every snapshot in scope") as refused:
        prune("tank/a", engine=engine.seam)
    again = for_shell("match='a b*' keep=0")
    assert f"zfstune policy set --all-of-them tank/a {again}" in refused.value.hint
    assert refused.value.dataset == "tank/a"
    engine.marks["tank/a"][POLICY_PROPERTY] = "keep=0"
    prune("tank/a", all_of_them=True, engine=engine.seam)
    assert engine.count("tank/a") == 0


def test_consent_to_none_of_some_switches_no_alarm_off(engine: Heirs) -> None:
    """The victims of the other rules raise alarms all the same."""
    engine.marks["tank/a"][POLICY_PROPERTY] = "within=4h; match=other* keep=0 all-of-them"
    with pytest.raises(PlanError, match="43 of the 48"):
        prune("tank/a", engine=engine.seam)
    # The alarm stays if the rule with consent covers all snapshots.
    engine.marks["tank/a"][POLICY_PROPERTY] = "within=4h; match=* keep=0 all-of-them"
    with pytest.raises(PlanError, match="43 of the 48"):
        prune("tank/a", engine=engine.seam)
    engine.marks["tank/a"][POLICY_PROPERTY] = "within=40h; match=* keep=0 all-of-them"
    assert len(prune("tank/a", engine=engine.seam).destroyed) == 7


def test_a_least_number_is_no_new_alarm(engine: Heirs) -> None:
    """A prune that keeps some destroys less than the consent allows."""
    engine.marks["tank/a"][POLICY_PROPERTY] = "keep=0 all-of-them"
    prune("tank/a", min_keep=3, engine=engine.seam)
    assert engine.count("tank/a") == 3


@pytest.mark.parametrize(
    "text", ["keep=0 all-of-them", "keep=2", "match=* keep=0 all-of-them"]
)
def test_what_is_dated_after_now_stays_by_a_count_too(engine: Heirs, text: str) -> None:
    """After a clock was set back, nobody knows the snapshot's age, whatever the rule."""
    engine.marks["tank/a/b"][POLICY_PROPERTY] = text
    engine.taken = {}
    engine.take("tank/a/b", [-30, -1 / 3600])  # the oldest by transaction group
    future = [s.name for s in engine.snapshots("tank/a/b")]
    engine.take("tank/a/b", [0, 1, 2])
    pruned = prune("tank/a/b", engine=engine.seam)
    assert set(future) <= set(engine.taken)
    assert engine.count("tank/a/b") == (2 if "0" in text else 4)
    reasons = {d.snapshot.name: d.reasons for d in pruned.plan.decisions}
    assert [reasons[name] for name in future] == [("dated after now",)] * 2
    assert pruned.spared == ()
