"""Calendar periods: where each begins and ends, in any zone and across clock changes."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.retention.periods import Calendar, calendars
from zfstune.retention.rule_kinds import PERIODS

BERLIN = ZoneInfo("Europe/Berlin")
KOLKATA = ZoneInfo("Asia/Kolkata")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")  # its clocks changed at midnight
HAVANA = ZoneInfo("America/Havana")
NAMED = [UTC, BERLIN, KOLKATA, SAO_PAULO, HAVANA, ZoneInfo("Pacific/Apia")]


def at(text: str, tz: ZoneInfo | object = UTC) -> int:
    """Return the seconds of a time on the wall."""
    return int(datetime.fromisoformat(text).replace(tzinfo=tz).timestamp())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "when", "start", "end"),
    [
        ("hourly", "2026-11-23T12:34:56", "2026-11-23T12:00", "2026-11-23T13:00"),
        ("hourly", "2026-11-23T12:00:00", "2026-11-23T12:00", "2026-11-23T13:00"),
        ("daily", "2026-11-23T00:00:00", "2026-11-23", "2026-11-24"),
        ("daily", "2026-11-23T23:59:59", "2026-11-23", "2026-11-24"),
        ("daily", "2028-02-29T12:00:00", "2028-02-29", "2028-03-01"),
        ("weekly", "2026-11-23T00:00:00", "2026-11-23", "2026-11-30"),  # a Monday
        ("weekly", "2026-11-29T23:59:59", "2026-11-23", "2026-11-30"),
        ("weekly", "2027-01-01T12:00:00", "2026-12-28", "2027-01-04"),
        ("monthly", "2026-01-31T12:00:00", "2026-01-01", "2026-02-01"),
        ("monthly", "2026-12-31T12:00:00", "2026-12-01", "2027-01-01"),
        ("monthly", "2026-02-01T00:00:00", "2026-02-01", "2026-03-01"),
        ("yearly", "2026-01-01T00:00:00", "2026-01-01", "2027-01-01"),
        ("yearly", "2026-12-31T23:59:59", "2026-01-01", "2027-01-01"),
        *(
            ("quarterly", f"2026-{month:02}-15", f"2026-{first:02}-01", end)
            for first, end in (
                (1, "2026-04-01"),
                (4, "2026-07-01"),
                (7, "2026-10-01"),
                (10, "2027-01-01"),
            )
            for month in range(first, first + 3)
        ),
    ],
)
@pytest.mark.parametrize("tz", NAMED, ids=str)
def test_where_a_period_begins_and_ends(
    tz: ZoneInfo, kind: str, when: str, start: str, end: str
) -> None:
    """A quarter has three months and a week begins on Monday, in the zone's time."""
    found = Calendar(kind, tz).period(at(when, tz))
    if kind == "hourly" and tz is KOLKATA:
        assert found[1] - found[0] == 3600
        assert found[0] % 3600 == 1800
        assert found[0] <= at(when, tz) < found[1]
    else:
        assert found == (at(start, tz), at(end, tz))


@pytest.mark.parametrize(
    ("kind", "periods", "later"),
    [
        ("hourly", 5, "2026-11-01T05:00"),
        ("daily", 30, "2026-12-01"),
        ("weekly", 2, "2026-11-15"),
        ("monthly", 1, "2026-12-01"),
        ("monthly", 2, "2027-01-01"),
        ("monthly", 14, "2028-01-01"),
        ("quarterly", 1, "2027-02-01"),
        ("quarterly", 5, "2028-02-01"),
        ("yearly", 3, "2029-11-01"),
    ],
)
@pytest.mark.parametrize("tz", [UTC, BERLIN], ids=str)
def test_so_many_periods_on(tz: ZoneInfo, kind: str, periods: int, later: str) -> None:
    """Steps are whole periods of the calendar, across the end of a year, too."""
    start, _ = Calendar(kind, tz).period(at("2026-11-01", tz))
    # from the start of the period that holds the first of November
    moved = at(later, tz) - at("2026-11-01", tz) + start
    wanted, _ = Calendar(kind, tz).period(moved + (0 if kind == "hourly" else 7200))
    assert Calendar(kind, tz).later(start, periods) == wanted
    assert Calendar(kind, tz).later(start, 0) == start


@pytest.mark.parametrize(
    ("tz", "day", "hours"),
    [
        (BERLIN, "2026-03-29", 23),
        (BERLIN, "2026-10-25", 25),
        (SAO_PAULO, "2018-11-04", 23),  # there was no midnight
        (SAO_PAULO, "2018-02-17", 25),  # the hour before midnight came twice
        (HAVANA, "2026-11-01", 25),  # midnight came twice
        (UTC, "2026-03-29", 24),
    ],
)
def test_a_day_of_a_clock_change(tz: ZoneInfo, day: str, hours: int) -> None:
    """The day has an hour more or less, and each of its instants lies in it."""
    calendar = Calendar("daily", tz)
    start, end = calendar.period(at(f"{day}T12:00", tz))
    assert (end - start) / 3600 == hours
    for when in range(start, end, 1800):
        assert calendar.period(when) == (start, end)
    assert calendar.period(end)[0] == end
    assert calendar.period(start - 1)[1] == start
    assert calendar.later(start, 1) == end


@given(
    st.sampled_from(NAMED),
    st.sampled_from(list(PERIODS)),
    st.integers(at("1971-01-01"), at("2037-12-31")),
)
def test_periods_leave_no_instant_out(tz: ZoneInfo, kind: str, when: int) -> None:
    """Each instant lies in one period, and the next period begins at its end."""
    calendar = calendars(tz)(kind)
    start, end = calendar.period(when)
    assert start <= when < end
    following, _ = calendar.period(end)
    assert following == end
    assert calendar.later(start, 1) == end
    assert calendar.period(start) == (start, end)


def test_a_calendar_is_made_once() -> None:
    """A calendar is kept for each kind, with all that it remembers."""
    get = calendars(UTC)
    assert get("daily") is get("daily")
    assert get("daily") is not get("weekly")
