"""Snapshots that are late, and those that tear a database from its log."""

from __future__ import annotations

import pytest

from zfstune.health.findings import Finding
from zfstune.health.freshness import dues_of, fresh, late_after, log_pairs, torn, unkept
from zfstune.retention.policy import Followed
from zfstune.retention.policy_text import parse_policy
from zfstune.schedules.cadence import parse_cadence
from zfstune.schedules.policy_fit import mismatch
from zfstune.values.frozen import replace
from zfstune.values.state import NONE, Dataset, PropertyValue, Snapshot

NOW = 1_800_000_000
HOUR = 3600


def dataset(age: int = 10**8) -> Dataset:
    """Make a dataset that was created so many seconds ago."""
    created = {"creation": PropertyValue(str(NOW - age), NONE)}
    return Dataset("tank/a", "filesystem", 1, 1, created)


def taken(name: str, age: int, txg: int = 1) -> Snapshot:
    """Make a snapshot taken so many seconds ago."""
    return Snapshot(name, txg, txg, creation=NOW - age)


def auto(age: int, txg: int = 1, of: str = "tank/a") -> Snapshot:
    """Make a snapshot that zfstune took."""
    return taken(f"{of}@zfstune-20261123T0300{txg:02d}Z", age, txg)


def late_ones(
    policy: str, snapshots: list[Snapshot], *, every: str = "", age: int = 10**8
) -> list[Finding]:
    """Return the findings about a dataset made so many seconds ago."""
    followed = Followed(parse_policy(policy), "tank") if policy else None
    cadence = parse_cadence(every) if every else None
    dues = dues_of(followed, cadence, "tank/above")
    return list(fresh(dataset(age), dues, snapshots, NOW))


@pytest.mark.parametrize(
    ("policy", "age", "late"),
    [
        ("hourly=48", HOUR, False),
        ("hourly=48", HOUR * 3 // 2, False),
        ("hourly=48", HOUR * 3 // 2 + 1, True),
        ("hourly=48 daily=30", 2 * HOUR, True),
        ("daily=30", 30 * HOUR, False),
        ("daily=30", 37 * HOUR, True),
        ("weekly=4", 10 * 24 * HOUR, False),
        ("yearly=4", 600 * 24 * HOUR, True),
        ("blocks=4h/30d", 6 * HOUR, False),
        ("blocks=4h/30d", 6 * HOUR + 1, True),
        ("keep=48", 10**8, False),
        ("within=7d", 10**8, False),
        ("never", 10**8, False),
    ],
)
def test_late(policy: str, age: int, *, late: bool) -> None:
    """The newest snapshot may be as old as one and a half of the shortest period."""
    snapshots = [auto(10**8), auto(age, 2)]
    found = late_ones(policy, snapshots)
    assert bool(found) == late
    assert all("policy on tank" in finding.note for finding in found)


def test_half_a_second_is_no_age() -> None:
    """Ages are whole seconds, and so is the one beyond which a snapshot is late."""
    assert [repr(late_after(period)) for period in (2, 3)] == ["3", "4"]


def test_only_those_in_scope_count() -> None:
    """A snapshot that no rule speaks of does not make up for one that was not taken."""
    byhand = [taken("tank/a@byhand", 1)]
    [finding] = late_ones("hourly=48", byhand)
    assert finding.state == "stale-snapshots"
    assert "no snapshot was ever taken" in finding.note
    assert "every 1h" in finding.note
    assert late_ones("match=by* hourly=48", byhand) == []


def test_a_new_dataset_may_have_none() -> None:
    """Before the first snapshot is due, none is missing."""
    assert late_ones("hourly=48", [], age=HOUR) == []
    assert late_ones("hourly=48", [], age=2 * HOUR) != []


def test_a_schedule_says_it_outright() -> None:
    """A stored schedule counts, and not the periods of the policy."""
    snapshots = [auto(5 * HOUR)]
    assert late_ones("hourly=48", snapshots) != []
    assert late_ones("hourly=48", snapshots, every="4h") == []
    [finding] = late_ones("keep=9", [auto(7 * HOUR)], every="4h")
    assert "the schedule on tank/above takes a snapshot every 4h" in finding.note
    assert len(late_ones("hourly=48; match=d* daily=9", [], every="4h")) == 2


def test_each_scope_has_its_own_clock() -> None:
    """Each rule is compared with the snapshots whose names it covers."""
    snapshots = [taken("tank/a@h1", 10), taken("tank/a@d1", 40 * HOUR)]
    [finding] = late_ones("match=h* hourly=3; match=d* daily=3", snapshots)
    assert "keeps a snapshot of 'd*' every 24h" in finding.note


def test_pairs() -> None:
    """A log's data is beside it, or is its parent."""
    assert list(log_pairs(["t/pg", "t/pg/data", "t/pg/wal"])) == [("t/pg/wal", "t/pg/data")]
    assert list(log_pairs(["t/pg", "t/pg/wal", "t/pg/backups"])) == [("t/pg/wal", "t/pg")]
    assert list(log_pairs(["t/logs", "t/logs/nginx", "t/log"])) == []


def test_torn() -> None:
    """Only the same transaction group is the same instant, whatever the names say."""
    both = {
        "t/data": [auto(20, 5, "t/data"), auto(10, 9, "t/data")],
        "t/wal": [auto(20, 5, "t/wal"), auto(10, 9, "t/wal")],
    }
    assert list(torn("t/wal", "t/data", both.__getitem__)) == []
    both["t/wal"][1] = taken(f"t/wal@{both['t/data'][1].short_name}", 10, 10)
    [finding] = torn("t/wal", "t/data", both.__getitem__)
    assert finding.state == "torn-snapshots"
    assert both["t/data"][0].name in finding.note
    assert finding.hint == "zfstune snapshot -r t"
    both["t/wal"] = []
    [finding] = torn("t/wal", "t/data", both.__getitem__)
    assert "none of its snapshots" in finding.note
    [finding] = torn("t/data/wal", "t/data", lambda n: both.get(n, []))
    assert finding.hint == "zfstune snapshot -r t/data"


def test_a_command_in_a_hint_can_be_pasted() -> None:
    """A name with a blank is quoted."""
    both = {"t/my db/data": [auto(20, 5, "t/my db/data")], "t/my db/wal": []}
    [finding] = torn("t/my db/wal", "t/my db/data", both.__getitem__)
    assert finding.hint == "zfstune snapshot -r 't/my db'"
    dues = dues_of(Followed(parse_policy("hourly=3"), "t"), None, "")
    old = Dataset("t/my db", "filesystem", 1, 1, {"creation": PropertyValue("1", NONE)})
    [finding] = fresh(old, dues, [], NOW)
    assert finding.hint.endswith("zfstune snapshot 't/my db'")


def test_what_does_not_fit_the_schedule_is_told() -> None:
    """The hint has a policy that fits; without schedule or policy there is no finding."""
    hourly, policy = parse_cadence("hourly"), parse_policy("daily=3")
    assert hourly is not None
    [finding] = unkept("t/a b", hourly, policy)
    assert finding == Finding(
        "unkept-snapshots",
        mismatch(hourly, policy),
        "zfstune policy set 't/a b' hourly=24 daily=3",
    )
    assert finding.pending
    assert finding.note
    assert list(unkept("t/a", None, policy)) == []
    assert list(unkept("t/a", hourly, None)) == []
    assert list(unkept("t/a", hourly, parse_policy("hourly=3"))) == []


def test_those_by_hand_may_be_of_anything() -> None:
    """A snapshot that somebody took of the data alone tears nothing."""
    both = {"t/data": [taken("t/data@before", 1, 7)], "t/wal": []}
    assert list(torn("t/wal", "t/data", both.__getitem__)) == []
    assert list(torn("t/wal", "t/data", both.__getitem__, lambda _: True)) != []


def test_all_of_a_late_snapshot() -> None:
    """The finding has the age, the rule that asks for a snapshot, and the remedy."""
    job = "check that the job which takes the snapshots runs, or take one now: "
    late = Finding(
        "stale-snapshots",
        "the newest snapshot is 2h old, and the policy on tank keeps a snapshot every 1h",
        f"{job}zfstune snapshot tank/a",
    )
    old = [auto(2 * HOUR, 2), auto(3 * HOUR)]
    assert late_ones("hourly=48", old) == [late]
    assert late_ones("grid=1x1h|3x1d", old) == [late]
    assert late_ones("keep=3 daily=3 hourly=48", old) == [late]
    regex = "the newest snapshot is 2h old, and the policy on tank keeps a snapshot of"
    assert late_ones("regex=^zfs.* hourly=48", old) == [
        replace(late, note=f"{regex} '^zfs.*' every 1h")
    ]
    never = "no snapshot was ever taken, and the schedule on tank/above takes a snapshot"
    assert late_ones("hourly=48", [], every="4h") == [
        replace(late, note=f"{never} every 4h")
    ]


def test_a_dataset_whose_birth_is_unknown() -> None:
    """It counts as old, and so does a snapshot whose time is unknown."""
    bare = Dataset("tank/a", "filesystem", 1, 1)
    followed = Followed(parse_policy("hourly=3"), "tank")
    [finding] = fresh(bare, dues_of(followed, None, ""), [], NOW)
    assert finding.note.startswith("no snapshot was ever taken, and ")
    unknown = [replace(auto(0), creation=None)]
    [finding] = fresh(bare, dues_of(followed, None, ""), unknown, NOW)
    assert finding.note.startswith("the newest snapshot is ")
    assert list(fresh(bare, dues_of(followed, None, ""), [auto(0)], NOW)) == []


def test_nothing_is_due() -> None:
    """Without a policy and a schedule no snapshot is missed; a schedule alone asks."""
    assert list(dues_of(None, None, "tank")) == []
    [due] = dues_of(None, parse_cadence("daily"), "tank")
    assert (due.seconds, due.why) == (
        24 * HOUR,
        "the schedule on tank takes a snapshot every 24h",
    )
    assert due.covers("zfstune-20261123T030000Z")
    assert not due.covers("byhand")


@pytest.mark.parametrize("log", ["wal", "log", "redo"])
def test_logs_by_their_names(log: str) -> None:
    """The data beside a log comes before its parent; a log without data is no pair."""
    known = ["t/db", f"t/db/{log}", "t/db/data"]
    assert list(log_pairs(known)) == [(f"t/db/{log}", "t/db/data")]
    assert list(log_pairs(known[:2])) == [(f"t/db/{log}", "t/db")]
    assert list(log_pairs([f"t/db/{log}", "t/x", "t/x/redo"])) == [("t/x/redo", "t/x")]


def test_all_of_a_torn_snapshot() -> None:
    """The newest whole instant is named, of several."""
    ages = ((30, 3), (20, 5), (10, 9))
    both = {
        "t/data": [auto(age, txg, "t/data") for age, txg in ages],
        "t/wal": [auto(age, txg, "t/wal") for age, txg in ages[:2]],
    }
    start = "its newest snapshot with a snapshot of t/wal from the same instant is"
    assert list(torn("t/wal", "t/data", both.__getitem__)) == [
        Finding(
            "torn-snapshots", f"{start} {both['t/data'][1].name}", "zfstune snapshot -r t"
        )
    ]
    assert list(torn("t/wal", "t/data", {**both, "t/data": []}.__getitem__)) == []
    none = "none of its snapshots has a snapshot of t/wal from the same instant"
    assert list(torn("t/wal", "t/data", {**both, "t/wal": []}.__getitem__)) == [
        Finding("torn-snapshots", none, "zfstune snapshot -r t")
    ]
