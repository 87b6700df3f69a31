"""Rules of time: the snapshots that they keep, whatever timers and clocks do."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.retention.decision import decide
from zfstune.retention.periods import Calendar
from zfstune.retention.policy import Group, Policy
from zfstune.retention.policy_text import parse_policy
from zfstune.retention.rule_kinds import PERIODS, Blocks, Every, Grid, Last, Step, Within
from zfstune.values.errors import PolicyError
from zfstune.values.state import Snapshot

if TYPE_CHECKING:
    from zfstune.retention.decision import Decision
    from zfstune.retention.rule_kinds import Rule

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
DAY = 86400
ZONES = [
    UTC,
    ZoneInfo("Europe/Berlin"),
    ZoneInfo("Asia/Kolkata"),
    ZoneInfo("Australia/Lord_Howe"),
    ZoneInfo("America/Havana"),  # sets its clock back at 1:00, so shows midnight twice
    ZoneInfo("America/St_Johns"),  # until 2011 set it back across midnight
]


def taken(time: int, txg: int, short: str = "", clones: int = 0) -> Snapshot:
    """Return a snapshot that was taken at that second."""
    name = f"tank/a@{short or f'auto-{txg}'}"
    return Snapshot(name, txg, txg, clones, creation=time)


def series(times: list[int]) -> list[Snapshot]:
    """Return snapshots taken at these seconds, one transaction group after the other."""
    return [taken(time, txg) for txg, time in enumerate(sorted(times), 1)]


def policy(text: str) -> Policy:
    """Read a policy on names that begin with auto."""
    return parse_policy(f"match=auto-* {text}")


def kept(decisions: tuple[Decision, ...]) -> list[int]:
    """Return the times of the snapshots that stay, oldest first."""
    return sorted(d.snapshot.creation or 0 for d in decisions if d.keep)


def names(decisions: tuple[Decision, ...], *, keep: bool) -> set[str]:
    """Return the names of the snapshots that stay, or that go."""
    return {d.snapshot.name for d in decisions if d.keep is keep}


_small_counts = st.none() | st.integers(1, 5)
_rules: st.SearchStrategy[Rule] = st.one_of(
    st.builds(Last, _small_counts),
    st.builds(Every, st.sampled_from(list(PERIODS)), _small_counts),
    st.builds(Within, st.integers(1, 40 * DAY)),
    st.builds(
        Blocks,
        st.sampled_from([3600, DAY]),
        st.integers(DAY, 40 * DAY),
        st.sampled_from([0, 3600]),
    ),
    st.builds(
        Grid,
        st.lists(
            st.builds(
                Step, st.integers(1, 5), st.sampled_from([3600, DAY, 7 * DAY]), st.just(1)
            ),
            min_size=1,
            max_size=3,
        ).map(lambda steps: tuple(sorted(steps, key=lambda step: step.seconds))),
    ),
    st.sampled_from(
        parse_policy("newer-than=auto-7 newer-than=2026-11-01T00:00:00Z").rules
    ),
)
_groups = st.builds(
    Group,
    st.lists(_rules, min_size=1, max_size=4).map(tuple),
    st.sampled_from(["auto-*", "auto-?", "*"]),
)
_policies = st.builds(Policy, st.lists(_groups, min_size=1, max_size=3).map(tuple))
# Clocks that jump, seconds that repeat, snapshots from tomorrow and out of scope.
_histories = st.lists(
    st.tuples(
        st.integers(SECONDS - 60 * DAY, SECONDS + DAY) | st.integers(SECONDS - 9, SECONDS),
        st.sampled_from(["", "", "", "by-hand"]),
        st.sampled_from([0, 0, 0, 1]),
    ),
    max_size=30,
).map(
    lambda found: [
        taken(time, txg, f"{short}-{txg}" if short else "", clones)
        for txg, (time, short, clones) in enumerate(found, 1)
    ]
)
_zones = st.sampled_from(ZONES)


@given(_histories, _policies, _zones)
def test_invariants(history: list[Snapshot], rules: Policy, tz: ZoneInfo) -> None:
    """Out of scope, cloned, future and newest snapshots stay; a second prune is idle."""
    decisions = decide(history, rules, NOW, tz)
    assert sorted(d.snapshot.createtxg for d in decisions) == list(
        range(1, len(history) + 1)
    )
    assert all(d.reasons and all(d.reasons) for d in decisions)
    assert all(d.expires is None or d.expires > 0 for d in decisions)
    gone = names(decisions, keep=False)
    for snapshot in history:
        future = (snapshot.creation or 0) > SECONDS
        if snapshot.clones or future or not rules.covers(snapshot.short_name):
            assert snapshot.name not in gone
    for group in rules.groups:
        dated = [
            s
            for s in history
            if group.scope()(s.short_name) and (s.creation or 0) <= SECONDS
        ]
        if dated:
            assert max(dated, key=lambda s: s.createtxg).name not in gone
    left = [d.snapshot for d in decisions if d.keep]
    assert not names(decide(left, rules, NOW, tz), keep=False)
    assert decide(list(reversed(history)), rules, NOW, tz) == decisions


@given(_histories, _policies, _groups, _zones)
def test_another_rule_never_destroys_more(
    history: list[Snapshot], rules: Policy, more: Group, tz: ZoneInfo
) -> None:
    """One more rule, period or count keeps a superset."""
    first, *others = rules.groups
    gone = names(decide(history, rules, NOW, tz), keep=False)
    added = Group((*more.rules, *first.rules), first.match)
    assert names(decide(history, Policy((added, *others)), NOW, tz), keep=False) <= gone

    def raised(rule: Rule) -> Rule:
        if isinstance(rule, Every):
            return Every(rule.period, None if rule.count is None else rule.count + 1)
        if isinstance(rule, Last):
            return Last(None if rule.count is None else rule.count + 1)
        if isinstance(rule, Grid):
            steps = [Step(s.times, s.seconds, (s.keep or 0) + 1) for s in rule.steps]
            return Grid(tuple(steps))
        return Within(rule.seconds + 1) if isinstance(rule, Within) else rule

    larger = Group(tuple(map(raised, first.rules)), first.match)
    assert names(decide(history, Policy((larger, *others)), NOW, tz), keep=False) <= gone


@given(
    st.integers(0, DAY - 1),
    st.lists(st.integers(-3 * 3600 + 1, 3 * 3600 - 1), min_size=30, max_size=30),
    st.integers(1, 12),
    _zones,
)
def test_jitter_empties_no_day(
    phase: int, jitter: list[int], count: int, tz: ZoneInfo
) -> None:
    """A daily timer up to 3 h early or late never loses a day, at any hour."""
    start = SECONDS - 40 * DAY
    times = [start + phase + day * DAY + late for day, late in enumerate(jitter)]
    stay = kept(decide(series(times), policy(f"daily={count}"), NOW, tz))
    newest = sorted(times)[-len(stay) :]
    assert stay == newest
    assert count <= len(stay) <= count + 2


@given(
    st.sampled_from([600, 3600, 4 * 3600, 6 * 3600, 8 * 3600, 12 * 3600, DAY, 3 * DAY]),
    st.integers(0, 3 * DAY),
    st.lists(st.floats(-0.49, 0.49), min_size=60, max_size=60),
    st.sampled_from([("hourly", 3600), ("daily", DAY), ("weekly", 7 * DAY)]),
    _zones,
)
def test_gaps_are_bounded(
    interval: int,
    phase: int,
    jitter: list[float],
    rule: tuple[str, int],
    tz: ZoneInfo,
) -> None:
    """Neighbours are a period and a quarter apart at most, or as far as when taken."""
    period, length = rule
    start = SECONDS - 200 * DAY + phase
    times = [
        start + number * interval + int(late * interval)
        for number, late in enumerate(jitter)
    ]
    longest = max(later - earlier for earlier, later in pairwise(sorted(times)))
    stay = kept(decide(series(times), policy(f"{period}=unlimited"), NOW, tz))
    bound = max(longest, (length + 3600 * (period != "hourly")) * 5 / 4)
    assert all(later - earlier <= bound for earlier, later in pairwise(stay))
    assert stay[0] == min(times)
    assert stay[-1] == max(times)


@given(
    st.lists(st.integers(0, 30 * DAY), min_size=1, max_size=60, unique=True),
    st.sets(st.integers(0, 59)),
    st.lists(
        st.builds(Every, st.sampled_from(list(PERIODS)), st.integers(1, 6)),
        min_size=1,
        max_size=3,
    ),
    _zones,
)
def test_many_prunes_leave_what_one_would(
    times: list[int], prunes: set[int], rules: list[Every], tz: ZoneInfo
) -> None:
    """The result does not depend on when and how often prune ran."""
    history = series([SECONDS - 31 * DAY + time for time in times])
    every = Policy((Group(tuple(rules), "auto-*"),))
    left: list[Snapshot] = []
    for number, snapshot in enumerate(history):
        left.append(snapshot)
        if number in prunes:
            when = datetime.fromtimestamp(snapshot.creation or 0, UTC)
            left = [d.snapshot for d in decide(left, every, when, tz) if d.keep]
    at_once = names(decide(history, every, NOW, tz), keep=True)
    assert names(decide(left, every, NOW, tz), keep=True) == at_once


@given(
    st.lists(st.integers(1, 20 * DAY), min_size=1, max_size=20, unique=True),
    st.sampled_from(["hourly", "daily", "weekly"]),
    st.integers(1, 4),
    _zones,
)
def test_it_goes_when_it_was_said_to_go(
    ages: list[int], period: str, count: int, tz: ZoneInfo
) -> None:
    """With a snapshot at the start of each period, each goes on its date, not before."""
    rules = policy(f"{period}={count}")
    calendar = Calendar(period, tz)
    one_each = {calendar.period(SECONDS - age)[0]: SECONDS - age for age in ages}
    history = series(list(one_each.values()))
    current, _ = calendar.period(SECONDS)
    starts = [calendar.later(current, number) for number in range(count + 2)]
    coming = [SECONDS] * (current not in one_each) + [t for t in starts if t > SECONDS]
    for decision in decide(history, rules, NOW, tz):
        if decision.keep:
            assert decision.expires is not None
            for until, stays in ((decision.expires - 1, True), (decision.expires, False)):
                new = [time for time in coming if time <= until]
                later = [taken(time, 100 + at) for at, time in enumerate(new)]
                when = datetime.fromtimestamp(max(until, SECONDS), UTC)
                found = decide([*history, *later], rules, when, tz)
                assert until < SECONDS or (
                    (decision.snapshot.name in names(found, keep=True)) is stays
                )


@given(st.integers(0, 2**32 - 1), st.sampled_from(list(PERIODS)), _zones)
def test_each_instant_lies_in_one_period(when: int, kind: str, tz: ZoneInfo) -> None:
    """Periods adjoin across clock changes, and later() gives their starts."""
    calendar = Calendar(kind, tz)
    start, end = calendar.period(when)
    assert start <= when < end
    assert calendar.period(start) == calendar.period(end - 1) == (start, end)
    assert calendar.period(end)[0] == end
    assert calendar.later(start, 1) == end
    assert Calendar(kind, tz).period(end - 1) == (start, end)


def test_days_begin_at_the_wall_s_midnight() -> None:
    """In the night of a clock change a day has 23 or 25 hours, and still one snapshot."""
    berlin = ZoneInfo("Europe/Berlin")
    calendar = Calendar("daily", berlin)
    spring = int(datetime(2026, 3, 29, 12, tzinfo=berlin).timestamp())
    autumn = int(datetime(2026, 10, 25, 12, tzinfo=berlin).timestamp())
    days = [calendar.period(noon) for noon in (spring, autumn)]
    assert [(end - start) // 3600 for start, end in days] == [23, 25]
    hours = [autumn - 12 * 3600 + 3600 * hour for hour in range(-3, 30)]
    stay = kept(decide(series(hours), policy("daily=5"), NOW, berlin))
    local = [datetime.fromtimestamp(time, berlin).strftime("%d %H:%M") for time in stay]
    assert local == ["24 22:00", "25 00:00", "26 00:00", "26 05:00"]


def test_the_hour_that_a_clock_repeats_is_two_hours() -> None:
    """Both 02:30 of a night with a clock change stay; Indian hours begin at :00."""
    night = int(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp())
    times = [night + 3600 * hour for hour in range(4)]
    assert kept(decide(series(times), policy("hourly=9"), NOW, ZONES[1])) == times
    start, _ = Calendar("hourly", ZONES[2]).period(SECONDS)
    assert datetime.fromtimestamp(start, ZONES[2]).minute == 0


def test_future_snapshots_stay_and_are_not_the_newest() -> None:
    """A snapshot that is dated ahead takes no place from the real newest one."""
    history = [taken(SECONDS - DAY, 1), taken(SECONDS - 60, 2), taken(SECONDS + DAY, 3)]
    decisions = decide(history, policy("keep=1 within=1h"), NOW, UTC)
    assert [d.keep for d in decisions] == [True, True, False]
    assert decisions[0].reasons == ("dated after now",)
    assert decisions[1].reasons == (
        "the newest",
        "number 1 of the newest 1",
        "at most 1h old",
    )
    assert decisions[2].reasons == ("number 2, beyond the newest 1", "more than 1h old")


def test_what_has_no_date_stays() -> None:
    """A listing without times destroys nothing by time."""
    undated = Snapshot("tank/a@auto-1", 1, 1)
    decisions = decide([undated, taken(SECONDS, 2)], policy("within=1h"), NOW, UTC)
    assert [d.keep for d in decisions] == [True, True]
    with pytest.raises(PolicyError, match="current time is missing"):
        decide([undated], policy("within=1h"))
    with pytest.raises(PolicyError, match="no time zone"):
        decide([undated], policy("within=1h"), NOW.replace(tzinfo=None))


def test_reasons_name_every_rule() -> None:
    """All rules that keep a snapshot, or all that let it go, are among the reasons."""
    midnight = SECONDS - 12 * 3600
    history = series([midnight - 5 * DAY, midnight, midnight + 3600, midnight + 7200])
    decisions = decide(history, policy("daily=2 within=11h"), NOW, UTC)
    assert [d.reasons for d in decisions] == [
        ("the newest", "at most 11h old"),
        ("at most 11h old",),
        ("first of its day, number 1 of 2",),
        ("first of its day, number 2 of 2",),
    ]
    decisions = decide(history, policy("daily=1 within=10h"), NOW, UTC)
    assert [d.reasons for d in decisions if not d.keep] == [
        ("not the first of its day", "more than 10h old"),
        ("beyond the newest day", "more than 10h old"),
    ]


def test_expiry_of_age_and_count() -> None:
    """An age ends a second after; a count ends after as many more, at the same pace."""
    history = series([SECONDS - hour * 3600 for hour in range(5)])
    by_age = decide(history, policy("within=1d"), NOW, UTC)
    assert by_age[4].expires == SECONDS - 4 * 3600 + DAY + 1
    by_count = decide(history, policy("keep=5 within=1s"), NOW, UTC)
    assert [d.expires for d in by_count] == [
        SECONDS + 3600 * (5 - rank) for rank in range(5)
    ]
    assert decide(history, policy("never"), NOW, UTC)[4].expires is None


def test_groups_speak_for_their_own() -> None:
    """Each group rules its own scope; where two scopes meet, either may keep."""
    history = [
        taken(SECONDS - 3 * DAY, 1, "a-1"),
        taken(SECONDS - 3 * DAY, 2, "b-1"),
        taken(SECONDS - 2 * DAY, 3, "a-2"),
        taken(SECONDS - DAY, 4, "b-2"),
        taken(SECONDS, 5, "c"),
    ]
    rules = parse_policy("match=a-* keep=1; match=b-* within=1h; regex=.*-1 within=10d")
    gone = names(decide(history, rules, NOW, UTC), keep=False)
    assert gone == set()
    rules = parse_policy("match=a-* keep=1; match=b-* within=1h")
    gone = names(decide(history, rules, NOW, UTC), keep=False)
    assert gone == {"tank/a@a-1", "tank/a@b-1"}
