"""Prunes by policy: which policy is followed, and what makes a prune stop."""

from __future__ import annotations

import errno
import json

import pytest

from heirs import NOW, SECONDS, Heirs, two_days
from zfstune.retention import examine
from zfstune.retention.policy_text import parse_policy
from zfstune.retention.prune import prune
from zfstune.values.errors import PlanError, PolicyError
from zfstune.values.marks import (
    KEPT_PROPERTY,
    POLICY_PROPERTY,
    PROFILE_PROPERTY,
    SNAPSHOT_PROPERTY,
)
from zfstune.values.text import utc_instant


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be noon."""
    monkeypatch.setattr(examine, "_now", lambda: NOW)


@pytest.fixture
def engine() -> Heirs:
    """Return two datasets, one below the other, with a snapshot an hour of two days."""
    return two_days()


def test_each_follows_its_own(engine: Heirs) -> None:
    """Datasets with a policy are pruned by it, their children by the one above."""
    engine.marks["tank/a"][POLICY_PROPERTY] = "within=30h"
    engine.marks["tank/a/b"][POLICY_PROPERTY] = "keep=40"
    pruned = prune(engine=engine.seam)
    assert list(pruned.plan.datasets) == ["tank/a", "tank/a/b"]
    assert [engine.count(d) for d in ("tank/a", "tank/a/b", "tank/c")] == [31, 40, 48]
    del engine.marks["tank/a/b"][POLICY_PROPERTY]
    prune(engine=engine.seam)
    assert engine.count("tank/a/b") == 31


def test_the_command_line_wins(engine: Heirs) -> None:
    """A given policy wins, but a dataset that keeps all for ever must be named for it."""
    engine.marks["tank/a"] |= {POLICY_PROPERTY: "keep=40", PROFILE_PROPERTY: "logs"}
    engine.marks["tank/c"] |= {POLICY_PROPERTY: "never", PROFILE_PROPERTY: "audit"}
    pruned = prune(keep=30, engine=engine.seam)
    assert pruned.plan.datasets == ("tank/a",)
    assert [engine.count(d) for d in ("tank/a", "tank/c")] == [30, 48]
    prune("tank/c", keep=30, engine=engine.seam)
    assert engine.count("tank/c") == 30


def test_a_policy_that_was_received_rules_nothing(engine: Heirs) -> None:
    """The sender of a stream decides nothing, on the dataset itself or below."""
    engine.received["tank/a"] = "within=1h"
    for datasets in ((), ("tank/a",), ("tank/a/b",)):
        with pytest.raises(PolicyError, match="no rule says what to keep"):
            prune(*datasets, engine=engine.seam)
    assert len(engine.taken) == 3 * 48


def test_no_policy_is_an_error(engine: Heirs) -> None:
    """A dataset that is named and has no policy is an error, not a guess."""
    engine.marks["tank/a"][POLICY_PROPERTY] = "keep=40"
    with pytest.raises(PolicyError, match="'tank/c': no rule"):
        prune("tank/a", "tank/c", engine=engine.seam)
    with pytest.raises(PolicyError, match="'match' alone"):
        prune("tank/a", match="*", engine=engine.seam)
    with pytest.raises(PolicyError, match="at once"):
        prune("tank/a", keep=1, policy="keep=1", engine=engine.seam)
    assert len(engine.taken) == 3 * 48


def test_only_what_is_named_may_be_of_others(engine: Heirs) -> None:
    """Zfstune's names need its mark, too; a glob may name foreign snapshots."""
    engine.take("tank/c", [100, 0.5], marked=False)
    foreign = [
        s
        for s in engine.snapshots("tank/c", properties=True)
        if not s.local(SNAPSHOT_PROPERTY)
    ]
    pruned = prune("tank/c", policy="within=30h", engine=engine.seam)
    assert [d.snapshot.name for d in pruned.spared] == [foreign[0].name]
    pruned = prune("tank/c", policy="match=zfstune-* within=30h", engine=engine.seam)
    assert pruned.destroyed == (foreign[0].name,)


def test_more_than_half_takes_force(engine: Heirs) -> None:
    """The error names the numbers; a dry run shows the plan and the alarm."""
    with pytest.raises(
        PlanError, match="43 of the 48 snapshots in scope of 'tank/a'"
    ) as no:
        prune("tank/a", policy="within=4h", engine=engine.seam)
    # The hint repeats no command: another command would show another plan.
    assert no.value.hint == (
        "the same command with -n shows the plan; to destroy them anyway, add --force "
        "(in Python: force=True)"
    )
    assert engine.count("tank/a") == 48
    dry = prune("tank/a", policy="within=4h", dry_run=True, engine=engine.seam)
    assert len(dry.plan.alarms) == 1
    prune("tank/a", policy="within=4h", force=True, engine=engine.seam)
    assert engine.count("tank/a") == 5


def test_a_stored_count_is_looked_at_too(engine: Heirs) -> None:
    """A count in the call was just seen; a stored one may be a slip."""
    engine.marks["tank/a"][POLICY_PROPERTY] = "keep=4"
    with pytest.raises(PlanError, match="44 of the 48"):
        prune("tank/a", engine=engine.seam)
    prune("tank/a", keep=4, engine=engine.seam)
    assert engine.count("tank/a") == 4


def test_few_of_few_raise_no_alarm() -> None:
    """Three of five go, as after a run that was missed; four of six do not."""
    engine = Heirs("tank/a")
    engine.take("tank/a", range(5))
    prune("tank/a", policy="within=1h", engine=engine.seam)
    assert engine.count("tank/a") == 2
    engine = Heirs("tank/a")
    engine.take("tank/a", range(6))
    with pytest.raises(PlanError, match=r"4 of the 6 snapshots .* more than half"):
        prune("tank/a", policy="within=1h", engine=engine.seam)
    assert engine.count("tank/a") == 6


def test_all_in_scope_takes_force_or_consent(engine: Heirs) -> None:
    """A part of a policy that keeps none of its scope needs consent alone."""
    rule = parse_policy("match=zfstune-* keep=0", allow_zero=True)
    pruned = prune("tank/a", policy=rule, dry_run=True, engine=engine.seam)
    assert pruned.plan.alarms == ()
    with pytest.raises(PolicyError, match="every snapshot in scope"):
        prune("tank/a", policy="match=zfstune-* keep=0", engine=engine.seam)


def test_a_clock_that_was_set_back_takes_force(engine: Heirs) -> None:
    """Snapshots dated after now stop a prune by time, but not one by a count."""
    engine.take("tank/a", [-48, -2])
    with pytest.raises(PlanError, match=r"2 snapshots .* after now, by up to 2d"):
        prune("tank/a", policy="within=40h", engine=engine.seam)
    prune("tank/a", policy="within=40h", force=True, engine=engine.seam)
    assert engine.count("tank/a") == 43
    prune("tank/a", keep=42, engine=engine.seam)
    assert engine.count("tank/a") == 42


def test_snapshots_that_go_back_in_time_take_force(engine: Heirs) -> None:
    """The newest by transaction is dated before older ones: the clock was set back."""
    engine.take("tank/a", [30])
    with pytest.raises(PlanError, match=r"'tank/a' is dated 30h before a snapshot"):
        prune("tank/a", policy="within=40h", engine=engine.seam)
    prune("tank/a", policy="within=40h", force=True, engine=engine.seam)
    assert engine.count("tank/a") == 42
    engine.take("tank/a", [0])
    engine.take("tank/c", [0.5])
    prune("tank/a", "tank/c", policy="within=36h", engine=engine.seam)


@pytest.mark.parametrize("programs", [0, errno.EPERM])
def test_most_were_lost_since_the_last_prune(engine: Heirs, programs: int) -> None:
    """Each prune by policy notes how many it left; half of that missing takes force."""
    engine.programs = programs
    prune("tank/a", policy="within=40h", engine=engine.seam)
    assert engine.marks["tank/a"][KEPT_PROPERTY] == "41"
    for snapshot in engine.snapshots("tank/a")[10:35]:
        del engine.taken[snapshot.name]
    with pytest.raises(PlanError, match=r"has 16 snapshots in scope, and .* left 41"):
        prune("tank/a", policy="within=38h", engine=engine.seam)
    assert engine.count("tank/a") == 16
    # A prune by a count, whose author has just seen the snapshots, writes no note.
    prune("tank/a", keep=15, engine=engine.seam)
    prune("tank/a", policy="within=38h", force=True, engine=engine.seam)
    assert engine.marks["tank/a"][KEPT_PROPERTY] == "14"
    prune("tank/a", policy="within=37h", engine=engine.seam)
    # One snapshot less is too small a change for a new note.
    assert engine.marks["tank/a"][KEPT_PROPERTY] == "14"


def test_a_note_that_is_inherited_says_nothing(engine: Heirs) -> None:
    """A note on the dataset above is not its own; nonsense is no note."""
    engine.marks["tank/a"][KEPT_PROPERTY] = "1000"
    prune("tank/a/b", policy="within=40h", engine=engine.seam)
    engine.marks["tank/a"][KEPT_PROPERTY] = "many"
    prune("tank/a", policy="within=40h", engine=engine.seam)


def test_a_dataset_has_its_own_target(engine: Heirs) -> None:
    """Space is measured on the dataset with the policy, for all that follow it."""
    engine.marks["tank/a"][POLICY_PROPERTY] = "within=1h free-target=10M"
    engine.marks["tank/c"][POLICY_PROPERTY] = "within=40h"
    engine.marks["tank/a"] |= {"used": str(90 << 20), "available": str(7 << 20)}
    pruned = prune(engine=engine.seam)
    assert sum(name.startswith("tank/a") for name in pruned.destroyed) == 3
    assert engine.count("tank/c") == 41
    kept = [d.reasons[0] for d in pruned.plan.decisions if "is reached" in d.reasons[0]]
    assert kept[0] == "free-target=10M is reached without destroying it"
    engine.marks["tank/a"]["available"] = str(10 << 20)
    assert prune("tank/a", "tank/a/b", engine=engine.seam).destroyed == ()


def test_a_target_of_the_call_is_of_the_pool(engine: Heirs) -> None:
    """The target of the call wins over those of policies."""
    engine.marks["tank/a"][POLICY_PROPERTY] = "within=1h free-target=1G"
    engine.marks["tank"] |= {"used": str(90 << 20), "available": str(7 << 20)}
    pruned = prune(free_target="9M", engine=engine.seam)
    assert len(pruned.destroyed) == 2


def test_what_was_freed_is_told_beside_what_was_foretold(engine: Heirs) -> None:
    """The prune waits until the pool has freed all, and gives up in time."""
    engine.marks["tank"]["used"] = str(100 << 20)
    engine.freeing = [5, 3, 0]

    def less(name: str) -> None:
        if name == "destroy_snapshots":
            engine.marks["tank"]["used"] = str(94 << 20)

    engine.before = less
    pruned = prune("tank/a", policy="within=40h", wait_seconds=60, engine=engine.seam)
    assert pruned.plan.reclaims == {"tank/a": 7 << 20}
    assert pruned.freed == {"tank": 6 << 20}
    assert engine.freeing == []
    engine.freeing = [5] * 9
    pruned = prune("tank/a", policy="within=39h", wait_seconds=0, engine=engine.seam)
    assert pruned.to_dict()["freed_bytes"] == {"tank": None}


def test_a_little_in_the_future_is_no_alarm(engine: Heirs) -> None:
    """Clocks differ by minutes; a snapshot that is minutes ahead stays without alarm."""
    engine.take("tank/a", [-0.5])
    prune("tank/a", policy="within=40h", engine=engine.seam)
    assert engine.count("tank/a") == 42


def test_dry_run_says_what_would_be_freed(engine: Heirs) -> None:
    """Bytes are those of whole runs of victims; only a dry run asks ZFS for them."""
    dry = prune("tank/a", policy="within=40h", dry_run=True, engine=engine.seam)
    assert dry.plan.reclaims == {"tank/a": 7 << 20}
    told = json.loads(json.dumps(dry.to_dict()))
    assert told["policies"] == {"tank/a": "within=40h"}
    assert (told["keep"], told["alarms"], told["would_free_bytes"]) == (
        None,
        [],
        {"tank/a": 7 << 20},
    )
    first, *_, last = told["snapshots"]
    expires, creation = SECONDS + 40 * 3600 + 1, SECONDS - 47 * 3600
    assert (first["action"], first["expires"]) == ("keep", utc_instant(expires))
    assert (last["action"], last["creation"]) == ("destroy", utc_instant(creation))
    assert prune("tank/a", policy="within=40h", engine=engine.seam).plan.reclaims is None
