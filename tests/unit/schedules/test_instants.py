"""The instants of a cadence: no clock change loses one, in any zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scheduled_units import cadence
from zfstune.retention.periods import Calendar
from zfstune.schedules.instants import is_checked, last_due, offsets, timer_calendars
from zone_changes import changes_of, distinct_zones

BERLIN = ZoneInfo("Europe/Berlin")
FORMS = (
    *("5m", "15m", "30m", "hourly", "hourly@:05", "2h", "4h", "4h@:45", "4h@01:15", "12h"),
    *("daily", "daily@00:30", "daily@02:05", "daily@02:30", "daily@23:59", "weekly"),
    *("weekly@00:30", "weekly@02:05", "monthly", "monthly@23:59"),
)
# The period that has a snapshot by a cadence of each unit.
KINDS = {"hour": "hourly", "day": "daily", "week": "weekly", "month": "monthly"}
YEARS = (
    int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()),
    int(datetime(2036, 1, 1, tzinfo=UTC).timestamp()),
)
zones = st.sampled_from(sorted(distinct_zones())).map(ZoneInfo)
forms = st.sampled_from(FORMS)
seconds = st.integers(*YEARS)


def second_of(text: str) -> int:
    """Return the seconds since 1970 of an instant in UTC."""
    return int(datetime.fromisoformat(text + "Z").timestamp())


def instants(text: str, zone: str, first: str, last: str) -> list[str]:
    """Return the instants of a cadence between two times, in UTC."""
    found = []
    now = last_due(cadence(text), ZoneInfo(zone), second_of(last))
    while now >= second_of(first):
        found.append(datetime.fromtimestamp(now, UTC).strftime("%d %H:%M"))
        now = last_due(cadence(text), ZoneInfo(zone), now - 1)
    return found[::-1]


@pytest.mark.parametrize(
    ("text", "zone", "lines"),
    [
        ("15m", "Europe/Berlin", ["*-*-* *:00/15:00 UTC"]),
        ("20m", "Asia/Kolkata", ["*-*-* *:10/20:00 UTC"]),
        ("hourly", "Europe/Berlin", ["*-*-* *:00:00 UTC"]),
        ("hourly@:05", "Asia/Kathmandu", ["*-*-* *:20:00 UTC"]),
        ("4h", "UTC", ["*-*-* 00/4:00:00 UTC"]),
        ("4h@:45", "Africa/Cairo", ["*-*-* 02/4:45:00 UTC"]),
        ("12h", "Asia/Tokyo", ["*-*-* 03/12:00:00 UTC"]),
        ("daily@02:05", "UTC", ["*-*-* 02:05:00 UTC"]),
        (
            "daily@02:05",
            "Europe/Berlin",
            ["*-*-* 00:05:00 UTC", "*-*-* 01:05:00 UTC"],
        ),
        (
            "daily@02:05",
            "Australia/Lord_Howe",
            ["*-*-* 15:05:00 UTC", "*-*-* 15:35:00 UTC"],
        ),
        ("weekly@00:10", "UTC", ["Mon *-*-* 00:10:00 UTC"]),
        (
            "weekly",
            "Africa/Cairo",
            ["Sun *-*-* 21:00:00 UTC", "Sun *-*-* 22:00:00 UTC"],
        ),
        ("weekly@23:00", "America/Caracas", ["Tue *-*-* 03:00:00 UTC"]),
        ("monthly", "Asia/Tokyo", ["*-*~01 15:00:00 UTC"]),
        ("monthly@23:59", "America/Caracas", ["*-*-02 03:59:00 UTC"]),
    ],
)
def test_lines_for_systemd(text: str, zone: str, lines: list[str]) -> None:
    """All lines are in UTC, one for each offset of a zone whose wall clock counts."""
    assert list(timer_calendars(cadence(text), ZoneInfo(zone))) == lines
    assert is_checked(cadence(text), ZoneInfo(zone)) == (len(lines) > 1)


@pytest.mark.parametrize(
    ("text", "zone", "first", "last", "found"),
    [
        # Berlin's clocks go from 02:00 to 03:00 on 29 March 2026, at 01:00 UTC.
        (
            *("daily@02:05", "Europe/Berlin", "2026-03-28T00:00", "2026-03-30T23:00"),
            ["28 01:05", "29 01:05", "30 00:05"],
        ),
        # They go back on 25 October: 02:05 comes twice, and the first counts.
        (
            *("daily@02:05", "Europe/Berlin", "2026-10-24T00:00", "2026-10-26T23:00"),
            ["24 00:05", "25 00:05", "26 01:05"],
        ),
        # Cairo has no midnight on 24 April 2026: 00:30 becomes 01:30, 22:30 UTC.
        (
            *("daily@00:30", "Africa/Cairo", "2026-04-22T00:00", "2026-04-25T00:00"),
            ["22 22:30", "23 22:30", "24 21:30"],
        ),
        # Nuuk goes from 23:00 to 00:00 on 28 March 2026: 23:30 would be the next day.
        (
            *("daily@23:30", "America/Nuuk", "2026-03-27T12:00", "2026-03-30T12:00"),
            ["28 01:30", "29 00:30", "30 00:30"],
        ),
        (
            *("4h", "Africa/Cairo", "2026-04-23T12:00", "2026-04-24T04:00"),
            ["23 14:00", "23 18:00", "23 22:00", "24 02:00"],
        ),
        (
            *("hourly", "Europe/Berlin", "2026-10-24T23:30", "2026-10-25T03:00"),
            ["25 00:00", "25 01:00", "25 02:00", "25 03:00"],
        ),
    ],
)
def test_known_nights(
    text: str, zone: str, first: str, last: str, found: list[str]
) -> None:
    """The instants are right in nights of clock changes that were computed by hand."""
    assert instants(text, zone, first, last) == found


def test_a_day_that_is_told_twice_has_one_of_each() -> None:
    """A day that a clock shows twice has one snapshot."""
    # St. John's went from 00:01 on 29 October 2006 back to 23:01 on the 28th, 02:31 UTC
    zone = "America/St_Johns"
    first, last = "2006-10-28T00:00", "2006-10-30T12:00"
    assert instants("daily", zone, first, last) == ["28 02:30", "29 02:30", "30 03:30"]
    assert instants("daily@23:30", zone, first, last) == [
        "28 02:00",
        "29 02:00",
        "30 03:00",
    ]


@given(text=forms, zone=zones, now=seconds)
def test_what_was_last_due(text: str, zone: ZoneInfo, now: int) -> None:
    """The last instant is never in the future, and the one before it is earlier."""
    each = cadence(text)
    last = last_due(each, zone, now)
    assert last <= now
    assert last % 60 == 0
    assert last_due(each, zone, last) == last
    before = last_due(each, zone, last - 1)
    if each.unit in ("minute", "hour"):
        assert last - before == each.seconds
    else:
        # A clock change moves an instant, or its day, by two hours at most.
        assert 0 < last - before <= each.seconds + 2 * 3600
    assert now - last <= each.seconds + 2 * 3600


@given(text=forms, zone=zones, now=seconds)
def test_each_instant_is_one_that_the_timer_fires_at(
    text: str, zone: ZoneInfo, now: int
) -> None:
    """The timer fires at each instant, so that no run waits for a later one."""
    each = cadence(text)
    assume(each.unit not in ("minute", "hour"))
    due = datetime.fromtimestamp(last_due(each, zone, now), UTC)
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    last_of_month = (due + timedelta(days=1)).day == 1
    days = {"*-*-*", f"{names[due.weekday()]} *-*-*", f"*-*-{due.day:02}"}
    days |= {"*-*~01"} if last_of_month else set()
    lines = {f"{day} {due:%H:%M}:00 UTC" for day in days}
    assert lines & set(timer_calendars(each, zone))


@given(text=forms, zone=zones, now=seconds)
def test_no_period_is_without_one(text: str, zone: ZoneInfo, now: int) -> None:
    """Each hour, day, week and month of a policy has its snapshot, late as it may be.

    A run comes up to its delay after the instant, and then it takes some seconds.
    """
    each = cadence(text)
    assume(each.unit != "minute" and each.count == 1)
    start, end = Calendar(KINDS[each.unit], zone).period(now)
    late = each.delay_seconds + 30
    taken = last_due(each, zone, end - 1 - late) + late
    assert start <= taken < end


@given(text=forms, zone=zones, now=seconds)
def test_shorter_ones_fill_each_day(text: str, zone: ZoneInfo, now: int) -> None:
    """A cadence of minutes or hours has an instant in each day, even in one of 23 hours."""
    each = cadence(text)
    assume(each.unit in ("minute", "hour"))
    start, end = Calendar("daily", zone).period(now)
    assert start <= last_due(each, zone, end - 1)


@given(now=seconds, text=st.sampled_from(["daily@02:05", "weekly@02:05", "monthly@02:05"]))
def test_the_wall_shows_the_time(now: int, text: str) -> None:
    """Instants are at the cadence's wall time, except in an hour that does not exist."""
    shown = datetime.fromtimestamp(last_due(cadence(text), BERLIN, now), BERLIN)
    skipped = shown.date() in {
        datetime.fromtimestamp(change, BERLIN).date()
        for change in changes_of(BERLIN, *YEARS)
    }
    assert (shown.hour, shown.minute) in ([(2, 5), (3, 5)] if skipped else [(2, 5)])
    assert shown.weekday() == 0 or not text.startswith("weekly")
    assert shown.day == 1 or not text.startswith("monthly")


def test_offsets_hold_those_of_each_season() -> None:
    """All offsets are found, even Morocco's, whose clocks change for five weeks."""
    assert offsets(UTC) == {0}
    assert offsets(BERLIN) == {60, 120}
    assert offsets(ZoneInfo("Africa/Casablanca")) == {0, 60}
    assert offsets(ZoneInfo("Antarctica/Troll")) == {0, 120}
    assert offsets(ZoneInfo("Australia/Lord_Howe")) == {630, 660}
    for name in distinct_zones():
        zone = ZoneInfo(name)
        seen = {
            int((datetime.fromtimestamp(change, zone).utcoffset() or timedelta()).seconds)
            for change in changes_of(zone, *YEARS)
        }
        assert seen <= {offset * 60 % 86400 for offset in offsets(zone)}


def test_a_whole_day_that_is_skipped_is_no_trap() -> None:
    """Samoa had no 30 December 2011; the days beside it have their instants."""
    zone = ZoneInfo("Pacific/Apia")
    now = int(datetime(2012, 1, 2, tzinfo=zone).timestamp())
    days: list[date] = []
    while len(days) < 4:
        now = last_due(cadence("daily@02:05"), zone, now - 1)
        days.append(datetime.fromtimestamp(now, zone).date())
    assert date(2011, 12, 31) in days
    assert date(2011, 12, 29) in days
