"""Policies are stored on datasets, and read where they are in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heirs import Heirs
from zfstune.retention.policy import Group, Policy
from zfstune.retention.policy_text import parse_policy
from zfstune.retention.rule_kinds import NewerThan
from zfstune.retention.store import (
    clear_policy,
    own_policies,
    set_policy,
    stored_policies,
    zone,
)
from zfstune.values.errors import EngineError, PolicyError, PoolSuspended
from zfstune.values.marks import POLICY_PROPERTY
from zfstune.values.state import Dataset, PropertyValue

if TYPE_CHECKING:
    from zfstune.values.errors import ZfstuneError


@pytest.fixture
def engine() -> Heirs:
    """Return a pool with a dataset below another, and one beside them."""
    return Heirs("tank", "tank/a", "tank/a/b", "tank/c")


def test_above_what_is_listed(engine: Heirs) -> None:
    """An inherited policy counts if the dataset above has it set on itself."""
    engine.marks["tank/a"][POLICY_PROPERTY] = "keep=3"
    [below] = engine.datasets("tank/a/b")
    assert stored_policies(engine.seam, [below])["tank/a/b"].set_on == "tank/a"
    engine.unreadable = ("dataset", "tank/a")
    faults: dict[str, ZfstuneError] = {}
    assert stored_policies(engine.seam, [below], faults=faults) == {}
    assert isinstance(faults["tank/a/b"], EngineError)
    with pytest.raises(EngineError):
        stored_policies(engine.seam, [below])


def test_what_is_stored_can_be_read(engine: Heirs) -> None:
    """An unknown zone and a text that is too long are refused before."""
    with pytest.raises(PolicyError, match="no such zone"):
        set_policy(engine.seam, "tank/a", parse_policy("keep=3 tz=No/Where"))
    with pytest.raises(PolicyError, match="8191 bytes"):
        set_policy(engine.seam, "tank/a", Policy((Group((NewerThan("a" * 9000),)),)))
    assert POLICY_PROPERTY not in engine.marks["tank/a"]
    assert set_policy(engine.seam, "tank/a", parse_policy("tz=Asia/Tokyo daily=3")) == (
        "daily=3 tz=Asia/Tokyo"
    )
    assert str(zone(parse_policy("daily=3 tz=Asia/Tokyo"))) == "Asia/Tokyo"


def test_consent_is_written_only_where_it_is_needed(engine: Heirs) -> None:
    """Consent to a policy that keeps some is not stored."""
    some = parse_policy("keep=3", allow_zero=True)
    assert set_policy(engine.seam, "tank/a", some) == "keep=3"
    none = parse_policy("keep=3; match=a keep=0", allow_zero=True)
    text = set_policy(engine.seam, "tank/a", none)
    assert text == "keep=3; match=a keep=0 all-of-them"
    assert parse_policy(text) == none
    engine.suspended = True
    with pytest.raises(PoolSuspended):
        set_policy(engine.seam, "tank/a", some)
    with pytest.raises(PoolSuspended):
        clear_policy(engine.seam, "tank/a")


def test_policies_that_datasets_have_of_their_own() -> None:
    """A received policy is None, and an inherited one is left out."""
    values = {
        "tank": PropertyValue("keep=1", "local"),
        "tank/a": PropertyValue("keep=2", "received"),
        "tank/b": PropertyValue("keep=1", "inherited", "tank"),
    }
    datasets = [
        Dataset(name, "filesystem", 1, 1, {POLICY_PROPERTY: value})
        for name, value in values.items()
    ]
    datasets += [
        Dataset("tank/c", "filesystem", 1, 1),
        Dataset("tank/d", "filesystem", 1, 1, damaged="it is gone"),
    ]
    assert own_policies(datasets) == {"tank": "keep=1", "tank/a": None}
