"""The parts of an explanation are values, as JSON has them by name."""

from __future__ import annotations

from model_pool import pool_info
from zfstune.profiles.explained import ExplainedDataset, ExplainedValue, Footprint
from zfstune.profiles.explanation import explain_profile
from zfstune.profiles.load import load
from zfstune.values.properties import DEFAULT_LIMITS


def test_each_part_is_of_its_kind() -> None:
    """A dataset has its values and the cost of a record; JSON names what rows hold."""
    found = explain_profile(load("postgres"), None, pool_info("raidz1"), DEFAULT_LIMITS)
    dataset = found.datasets[0]
    assert isinstance(dataset, ExplainedDataset)
    assert isinstance(dataset.footprint, Footprint)
    assert {type(value) for value in dataset.values} == {ExplainedValue}
    told = found.to_dict()["datasets"]
    assert isinstance(told, list)
    rules = [rule for value in told[0]["values"] for rule in value["rules"]]
    assert rules
    assert {tuple(rule) for rule in rules} == {("fact", "value", "why")}
    assert all(tuple(row) == ("property", "value", "why") for row in told[0]["seed_only"])
