"""Snapshots are shown with the decision of their dataset's policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heirs import NOW, SECONDS, Heirs
from zfstune.retention.assess import assess_snapshots
from zfstune.values.errors import EngineError, PolicyError
from zfstune.values.frozen import replace
from zfstune.values.marks import POLICY_PROPERTY
from zfstune.values.state import NONE, PropertyValue

if TYPE_CHECKING:
    from datetime import datetime

    from zfstune.retention.assess import AssessedSnapshot
    from zfstune.values.errors import ZfstuneError


class Holders(Heirs):
    """An engine that tells the tags of its holds."""

    def holds(self, snapshot: str) -> dict[str, int]:
        """Return one tag for a snapshot of the engine."""
        assert snapshot in self.taken
        return {"backup": SECONDS}

    def alter(self, name: str, clones: int = 0, **properties: str) -> None:
        """Return a snapshot clones, and read-only properties."""
        found = self.taken[name]
        read = {key: PropertyValue(value, NONE) for key, value in properties.items()}
        changed = replace(found, clones=clones, properties={**found.properties, **read})
        self.taken[name] = changed


@pytest.fixture
def engine() -> Holders:
    """Return a dataset with a snapshot an hour of five hours, and an empty one."""
    made = Holders("tank", "tank/a", "tank/b")
    made.take("tank/a", range(5))
    return made


def now() -> datetime:
    """Let it be noon."""
    return NOW


def look(engine: Holders, *datasets: str) -> list[AssessedSnapshot]:
    """Assess the snapshots at noon."""
    return assess_snapshots(engine.seam, datasets, now)


def test_each_snapshot_has_the_decision_of_a_prune(engine: Holders) -> None:
    """Kept snapshots say until when, the others go now; the oldest stands first."""
    engine.marks["tank/a"][POLICY_PROPERTY] = "within=2h"
    found = look(engine, "tank/a")
    assert [each.goes for each in found] == ["now", "now", "kept", "kept", "kept"]
    assert [each.age_seconds for each in found] == [n * 3600 for n in (4, 3, 2, 1, 0)]
    assert found[0].reasons == ("more than 2h old",)
    assert [each.expires for each in found[:3]] == [None, None, SECONDS + 1]
    assert all(each.own for each in found)


def test_holds_and_clones_keep_a_snapshot(engine: Holders) -> None:
    """ZFS would free nothing of a held or cloned snapshot; a hold is named by its tag."""
    engine.marks["tank/a"][POLICY_PROPERTY] = "keep=2"
    held, cloned, free = list(engine.taken)[:3]
    engine.alter(held, used="512", userrefs="1")
    engine.alter(cloned, clones=1, used="1024")
    engine.alter(free, used="2048", referenced="4096")
    found = {each.name: each for each in look(engine)}
    assert (found[held].goes, found[held].reasons) == ("kept", ("held: backup",))
    assert found[held].holds == ("backup",)
    assert (found[cloned].goes, found[cloned].clones) == ("kept", 1)
    assert [found[name].frees_bytes for name in (held, cloned, free)] == [None, None, 2048]
    assert [found[name].used_bytes for name in (held, cloned, free)] == [512, 1024, 2048]
    assert (found[free].goes, found[free].referenced_bytes) == ("now", 4096)


def test_a_foreign_snapshot_stays_unless_a_glob_names_it(engine: Holders) -> None:
    """A name like zfstune's own proves nothing about who took the snapshot."""
    engine.take("tank/b", [2, 1], marked=False)
    engine.marks["tank/b"][POLICY_PROPERTY] = "keep=1"
    foreign = look(engine, "tank/b")[0]
    assert (foreign.goes, foreign.own) == ("kept", False)
    assert "zfstune did not make it here" in foreign.reasons[0]
    engine.marks["tank/b"][POLICY_PROPERTY] = "match=* keep=1"
    assert look(engine, "tank/b")[0].goes == "now"


def test_without_a_policy_nobody_decides(engine: Holders) -> None:
    """Snapshots of a dataset without a policy are shown all the same."""
    found = look(engine, "tank/a")
    assert {each.goes for each in found} == {"unruled"}
    assert {each.reasons for each in found} == {("no policy is stored for its dataset",)}


@pytest.mark.parametrize("text", ["dayly=3", "daily=3 tz=No/Where"])
def test_a_policy_that_cannot_be_followed_is_a_fault(engine: Holders, text: str) -> None:
    """The fault is raised, or given to a caller who is still shown the snapshots."""
    engine.marks["tank/a"][POLICY_PROPERTY] = text
    with pytest.raises(PolicyError, match="policy of 'tank/a'"):
        look(engine)
    faults: dict[str, ZfstuneError] = {}
    found = assess_snapshots(engine.seam, ["tank"], now, faults)
    assert list(faults) == ["tank/a"]
    assert {each.goes for each in found} == {"unruled"}
    assert found[0].reasons == (faults["tank/a"].message,)


def test_a_dataset_that_cannot_be_listed_is_a_fault(engine: Holders) -> None:
    """The other datasets are shown where the caller takes the faults."""
    engine.take("tank/b", [1])
    engine.unreadable = ("snapshots", "tank/a")
    with pytest.raises(EngineError):
        look(engine)
    faults: dict[str, ZfstuneError] = {}
    found = assess_snapshots(engine.seam, [], now, faults)
    assert list(faults) == ["tank/a"]
    assert [each.name.partition("@")[0] for each in found] == ["tank/b"]


def test_a_snapshot_as_json_takes_it(engine: Holders) -> None:
    """Each attribute has its name, and tuples are lists."""
    engine.marks["tank/a"][POLICY_PROPERTY] = "keep=9"
    document = look(engine, "tank/a")[-1].to_dict()
    assert document["reasons"] == ["number 1 of the newest 9"]
    assert (document["holds"], document["goes"], document["own"]) == ([], "kept", True)
