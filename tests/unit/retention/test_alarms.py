"""Alarms of a prune: from which number of victims on, and counted over which snapshots."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from zfstune.retention.alarms import alarms, to_remember
from zfstune.retention.decision import Decision
from zfstune.retention.policy_text import parse_policy
from zfstune.values.frozen import replace
from zfstune.values.state import Snapshot

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
POLICY = parse_policy("within=7d")


def decided(
    keep: str, names: str = "zfstune-20260101T000000Z-{}", dataset: str = "tank/a"
) -> list[Decision]:
    """Return decisions, newest first, an hour apart: + stays, - goes."""
    return [
        Decision(
            Snapshot(
                f"{dataset}@{names.format(number)}",
                number,
                100 - number,
                creation=SECONDS - number * 3600,
            ),
            keep=sign == "+",
            reasons=("r",),
        )
        for number, sign in enumerate(keep, 1)
    ]


def dated(*hours: float) -> list[Decision]:
    """Return kept decisions, newest first by transaction group, of those ages."""
    found = decided("+" * len(hours))
    return [
        Decision(
            Snapshot(
                d.snapshot.name,
                d.snapshot.guid,
                d.snapshot.createtxg,
                creation=SECONDS - round(age * 3600),
            ),
            keep=True,
            reasons=("r",),
        )
        for d, age in zip(found, hours, strict=True)
    ]


@pytest.mark.parametrize(
    ("keep", "told"),
    [
        ("++++", ""),
        ("-", "the only snapshot in scope of 'tank/a' would go"),
        ("----", "all 4 snapshots in scope of 'tank/a' would go"),
        ("+---", ""),  # three are few, though more than half
        ("++---", ""),
        ("++----", "4 of the 6 snapshots in scope of 'tank/a' would go, more than half"),
        ("+++----", "4 of the 7 snapshots in scope of 'tank/a' would go, more than half"),
        ("++++----", ""),  # half is not more than half
        ("+" * 20 + "-" * 20, ""),
        ("+" * 20 + "-" * 21, "21 of the 41"),
    ],
)
def test_more_than_half_and_at_least_four(keep: str, told: str) -> None:
    """Half may go, and three of few; all snapshots in scope never go without an alarm."""
    found = alarms(decided(keep), {"tank/a": POLICY}, NOW)
    if told:
        [only] = found["tank/a"]
        assert only.startswith(told)
    else:
        assert found == {}


def test_half_is_of_what_is_in_scope() -> None:
    """A hundred foreign snapshots, which stay, do not make a prune look harmless."""
    others = decided("+" * 100, names="mine-{}")
    [found] = alarms([*decided("+----"), *others], {"tank/a": POLICY}, NOW)["tank/a"]
    assert found.startswith("4 of the 5 snapshots")
    # The snapshots of another dataset do not count either.
    elsewhere = decided("+" * 100, dataset="tank/b")
    policies = {"tank/a": POLICY, "tank/b": POLICY}
    assert list(alarms([*decided("+----"), *elsewhere], policies, NOW)) == ["tank/a"]


def test_consent_answers_for_its_own_scope_alone() -> None:
    """Consent to keep=0 covers only the snapshots that no other rule speaks of."""
    policy = parse_policy("daily=3; match=mine-* keep=0", allow_zero=True)
    gone = decided("-" * 50, names="mine-{}")
    assert alarms([*decided("++"), *gone], {"tank/a": policy}, NOW) == {}
    # Snapshots that only the consented rule covers count neither as victims nor in scope.
    [found] = alarms([*decided("+----"), *gone], {"tank/a": policy}, NOW)["tank/a"]
    assert found.startswith("4 of the 5 snapshots")
    both = parse_policy("daily=3; match=* keep=0", allow_zero=True)
    [found] = alarms([*decided("+----"), *gone], {"tank/a": both}, NOW)["tank/a"]
    assert found.startswith("4 of the 5 snapshots")
    zero = parse_policy("keep=0 keep=2", allow_zero=True)
    assert alarms(decided("++----"), {"tank/a": zero}, NOW) == {}
    more = parse_policy("keep=0 daily=3", allow_zero=True)
    assert len(alarms(decided("++----"), {"tank/a": more}, NOW)["tank/a"]) == 1


@pytest.mark.parametrize(
    ("left", "there", "told"),
    [(10, 4, True), (10, 5, False), (9, 1, False), (40, 19, True), (40, 20, False)],
)
def test_most_were_lost(left: int, there: int, told: bool) -> None:  # noqa: FBT001
    """Fewer than half of the ten or more that the last prune left are an alarm."""
    some = decided("+" * (there - 1) + "-") if there > 1 else decided("+")
    found = alarms(some, {"tank/a": POLICY}, NOW, {"tank/a": left})
    words = [word for word in found.get("tank/a", ()) if "last prune left" in word]
    assert bool(words) == told
    if told:
        assert words[0].startswith(f"'tank/a' has {there} snapshots in scope, and ")
        assert f"left {left}: somebody destroyed most" in words[0]


def test_most_were_lost_is_no_news_where_nothing_goes() -> None:
    """A plan that destroys nothing has no such alarm; foreign snapshots do not count."""
    assert alarms(decided("++"), {"tank/a": POLICY}, NOW, {"tank/a": 40}) == {}
    others = decided("+" * 50, names="mine-{}")
    found = alarms([*decided("++-"), *others], {"tank/a": POLICY}, NOW, {"tank/a": 40})
    assert "has 3 snapshots in scope" in found["tank/a"][0]
    assert alarms(decided("++-"), {"tank/a": POLICY}, NOW, {"tank/b": 40}) == {}


def test_an_hour_is_no_wrong_clock() -> None:
    """A snapshot dated more than an hour wrong, to either side, is an alarm."""
    policies = {"tank/a": POLICY}
    assert alarms(dated(-1, 2, 3), policies, NOW) == {}
    [found] = alarms(dated(-3601 / 3600, 2, 3), policies, NOW)["tank/a"]
    assert found.startswith(
        "1 snapshot in scope of 'tank/a' is dated after now, by up to 1h: a clock"
    )
    [found] = alarms(dated(-30, -40, 3), policies, NOW)["tank/a"]
    assert found.startswith("2 snapshots")
    assert "are dated after now, by up to 40h: a clock" in found
    assert alarms(dated(4, 3, 5), policies, NOW) == {}
    [found] = alarms(dated(3 + 3601 / 3600, 3), policies, NOW)["tank/a"]
    assert "is dated 1h before" in found
    [found] = alarms(dated(33, 3, 5), policies, NOW)["tank/a"]
    assert found.startswith("the newest snapshot in scope of 'tank/a' is dated 30h")
    # Only the date of the newest snapshot counts, and not of one in the middle.
    assert alarms(dated(2, 50, 5), policies, NOW) == {}
    assert alarms([], policies, NOW) == {}


def test_a_snapshot_of_an_unknown_time_tells_of_no_clock() -> None:
    """Where the newest has no time of creation, the next one is compared."""
    first, *others = dated(1, 2, 3)
    unknown = replace(first, snapshot=replace(first.snapshot, creation=None))
    for found in ([unknown, *others], [others[0], unknown, others[1]], [unknown]):
        assert alarms(found, {"tank/a": POLICY}, NOW) == {}
    [alarm] = alarms([unknown, *dated(5, 1)], {"tank/a": POLICY}, NOW)["tank/a"]
    assert alarm.startswith("the newest snapshot in scope")


def test_who_only_counts_asks_no_clock() -> None:
    """Dates raise no alarm without a time, or where no rule goes by time."""
    assert alarms(dated(-30, 2), {"tank/a": POLICY}, None) == {}
    assert alarms(dated(-30, 2), {"tank/a": parse_policy("keep=9")}, NOW) == {}


def test_several_alarms_of_one_dataset() -> None:
    """All alarms are given, always in the same order."""
    late = dated(-30)
    found = alarms([*late, *decided("---")], {"tank/a": POLICY}, NOW, {"tank/a": 100})
    assert [word.split()[0] for word in found["tank/a"]] == ["'tank/a'", "1"]


@pytest.mark.parametrize(
    ("keep", "before", "noted"),
    [
        ("+" * 10 + "-", 0, 10),
        ("+" * 9 + "-", 0, None),  # so few may well go by hand
        ("+" * 10, 0, None),  # nothing goes
        ("+" * 9 + "-", 12, None),  # a quarter less needs no new note
        ("+" * 9 + "-", 13, 9),
        ("+" * 15 + "-", 12, None),
        ("+" * 16 + "-", 12, 16),
        ("+" * 3 + "-", 40, 3),
    ],
)
def test_what_is_noted_as_left(keep: str, before: int, noted: int | None) -> None:
    """A count is noted if it is or was ten or more and changed by more than a quarter."""
    found = to_remember(decided(keep), {"tank/a": POLICY}, {"tank/a": before})
    assert found == ({} if noted is None else {"tank/a": noted})


def test_what_is_out_of_scope_is_not_noted() -> None:
    """A snapshot out of scope counts neither as left nor as destroyed."""
    others = decided("+" * 50, names="mine-{}")
    some = [*decided("+" * 12 + "-"), *others]
    assert to_remember(some, {"tank/a": POLICY}, {}) == {"tank/a": 12}
