"""Naming schemas and schedules of zettarepl as expressions for names."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.retention.imports.name_schema import are_apart, expression, read_schedule
from zfstune.retention.imports.reading import NotKeptError

SCHEMA = "auto-%Y-%m-%d_%H-%M"
START = datetime(2026, 1, 1, tzinfo=UTC)


@given(
    minutes=st.integers(0, 525_599),
    minute=st.sampled_from(["*", "0", "*/15", "5,35"]),
    hour=st.sampled_from(["*", "0", "*/6", "9-17"]),
    day=st.sampled_from(["*", "1", "*/10"]),
    month=st.sampled_from(["*", "1,7", "2-4"]),
)
def test_a_name_matches_if_the_schedule_runs_at_its_time(
    minutes: int, minute: str, hour: str, day: str, month: str
) -> None:
    """An expression matches a name just if its minute is one of the schedule's."""
    when = START + timedelta(minutes=minutes)
    fields = {"minute": minute, "hour": hour, "day-of-month": day, "month": month}
    schedule = read_schedule(fields)
    runs = (
        (when.hour, when.minute) in schedule.times
        and when.day in schedule.days
        and when.month in schedule.months
    )
    match = re.fullmatch(expression(SCHEMA, schedule), when.strftime(SCHEMA))
    assert (match is not None) == runs


def test_fields_of_a_schedule() -> None:
    """A missing field stands for any value; ranges, steps and lists are read."""
    whole = read_schedule({})
    assert len(whole.times) == 24 * 60
    assert (len(whole.days), len(whole.months), whole.weekly) == (31, 12, False)
    some = read_schedule({"minute": "0-10/5", "hour": "3,5", "month": "12"})
    assert some.times == {(h, m) for h in (3, 5) for m in (0, 5, 10)}
    assert some.months == {12}
    assert read_schedule({"hour": "*/7", "minute": "59"}).times == {
        (hour, 59) for hour in (0, 7, 14, 21)
    }
    assert read_schedule({"day-of-month": "1,31"}).days == {1, 31}
    assert read_schedule({"day-of-month": "*/10"}).days == {1, 11, 21, 31}
    assert read_schedule({"month": "1-12/5"}).months == {1, 6, 11}


@pytest.mark.parametrize(
    ("begin", "end", "hours"),
    [
        ("09:00", "11:00", {9, 10, 11}),
        ("22:30", "01:00", {23, 0, 1}),
        ("22:00", "00:30", {22, 23, 0}),
        ("22:01", "00:59", {23, 0}),
        ("00:00", "23:59", set(range(24))),
        ("05:00", "05:00", set(range(24))),
    ],
)
def test_a_window_cuts_times_off(begin: str, end: str, hours: set[int]) -> None:
    """A window may go past midnight; both of its ends are in it."""
    schedule = read_schedule({"minute": "0", "begin": begin, "end": end})
    assert {hour for hour, _ in schedule.times} == hours


@pytest.mark.parametrize(
    ("fields", "weekly"),
    [
        ({"day-of-week": "*"}, False),
        ({"day-of-week": "0-6"}, False),
        ({"day-of-week": "1-5"}, True),
        ({"day-of-week": "1-7"}, False),
        ({"day-of-week": "7"}, True),
        ({"day-of-month": "1"}, False),
        ({"day-of-month": "1", "day-of-week": "*"}, False),
        ({"day-of-month": "1-31", "day-of-week": "0-6"}, False),
        # cron takes a day of either field, so a day of the week matters here.
        ({"day-of-week": "0-6", "day-of-month": "1"}, True),
    ],
)
def test_days_of_the_week(fields: dict[str, object], *, weekly: bool) -> None:
    """A schedule is weekly if days of the week can change when it runs."""
    assert read_schedule(fields).weekly == weekly


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"second": "0"}, "unknown key 'second'"),
        ({"minute": "60"}, "minute: cannot read '60'"),
        ({"minute": "5-3"}, "minute: cannot read '5-3'"),
        ({"hour": "*/0"}, "hour: cannot read '*/0'"),
        ({"hour": "3/2"}, "hour: cannot read '3/2'"),
        ({"hour": 3}, "hour: cannot read '3'"),
        ({"month": "0"}, "month: cannot read '0'"),
        ({"month": "0-3"}, "month: cannot read '0-3'"),
        ({"month": "11-13"}, "month: cannot read '11-13'"),
        ({"month": "13"}, "month: cannot read '13'"),
        ({"day-of-month": "0"}, "day-of-month: cannot read '0'"),
        ({"day-of-month": "1-32"}, "day-of-month: cannot read '1-32'"),
        ({"day-of-week": "8"}, "day-of-week: cannot read '8'"),
        ({"hour": "24"}, "hour: cannot read '24'"),
        ({"hour": "1,,2"}, "hour: cannot read '1,,2'"),
        ({"begin": 9}, "begin and end should read like 09:00"),
        ({"end": "08:60"}, "begin and end should read like 09:00"),
        ({"month": ""}, "month: cannot read ''"),
        ({"begin": "9:00"}, "begin and end should read like 09:00"),
        ({"end": "24:00"}, "begin and end should read like 09:00"),
    ],
)
def test_schedules_that_are_refused(fields: dict[str, object], reason: str) -> None:
    """An unknown field or value is refused, and never guessed."""
    with pytest.raises(NotKeptError) as refused:
        read_schedule(fields)
    assert refused.value.reason == f"schedule: {reason}"


def test_a_schedule_that_never_runs_is_refused() -> None:
    """A window that holds no minute of the schedule leaves no names."""
    fields = {"minute": "30", "hour": "3", "begin": "04:00", "end": "05:00"}
    with pytest.raises(NotKeptError, match="its schedule never runs"):
        expression(SCHEMA, read_schedule(fields))


@pytest.mark.parametrize(
    ("schema", "other", "apart"),
    [
        ("auto-%Y-%m-%d_%H-%M", "daily-%Y-%m-%d_%H-%M", True),
        ("auto-%Y-%m-%d_%H-%M", "AUTO-%Y-%d-%m_%H-%M", False),
        ("auto-%Y-%m-%d_%H-%M", "auto-%Y-%m-%d-%H-%M", True),
        ("auto-%Y-%m-%d_%H-%M", "auto-%Y-%m-%d_%H-%M%z", False),
        ("auto-%Y-%m-%d_%H-%M", "auto-%Y-%m-%d_%H-%M-%z", False),
        ("%Y-%m-%d_%H-%M", "2026-%Y-%m-%d_%H-%M", True),
        ("a %Y-%m-%d_%H-%M", "a  %Y-%m-%d_%H-%M", False),
    ],
)
def test_schemas_that_no_name_fits_both_of(schema: str, other: str, *, apart: bool) -> None:
    """Two schemas are apart by their beginnings or by the signs between digits."""
    assert are_apart(schema, other) == apart
    assert are_apart(other, schema) == apart


@pytest.mark.parametrize(
    ("schema", "fields", "expected"),
    [
        ("%Y%m%d %H%M", {}, None),
        ("a.%Y%m%d%H%M%S%z", {}, None),
        (
            "%H:%M %d %m %Y",
            {"hour": "3,5", "minute": "0", "day-of-month": "1", "month": "2,12"},
            "(?:03|05):00 +01 +(?:02|12) +{%Y}",
        ),
        (
            "%H-%M-%d-%m-%Y",
            {"hour": "8-10", "minute": "*/30", "begin": "08:30", "end": "10:00"},
            (
                "(?:08\\-30\\-{%d}\\-{%m}\\-{%Y}"
                "|09\\-(?:00|30)\\-{%d}\\-{%m}\\-{%Y}"
                "|10\\-00\\-{%d}\\-{%m}\\-{%Y})"
            ),
        ),
    ],
)
def test_expressions_as_they_are_written(
    schema: str, fields: dict[str, object], expected: str | None
) -> None:
    """Each part of the time has its digits, narrowed by the schedule; hours go in order."""
    whole = {
        "%Y": "[0-9]{4}",
        "%m": "(?:0[1-9]|1[0-2])",
        "%d": "(?:0[1-9]|[12][0-9]|3[01])",
        "%H": "(?:[01][0-9]|2[0-3])",
        "%M": "[0-5][0-9]",
        "%S": "(?:[0-5][0-9]|6[01])",
        "%z": "(?:--|[-:])[0-9]{4}",
    }
    wanted = expected or "".join(
        f"{{{piece}}}" if piece in whole else {" ": " +"}.get(piece, re.escape(piece))
        for piece in re.findall("%.|.", schema)
    )
    for directive, expression_ in whole.items():
        wanted = wanted.replace(f"{{{directive}}}", expression_)
    assert expression(schema, read_schedule(fields)) == wanted


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ("a/%Y%m%d%H%M", "no snapshot can have such a name"),
        ("%Y%m%d%H%M%", "no snapshot can have such a name"),
        ("%Y%m%d%H%s%j", "%s does not tell when the schedule ran"),
        ("%Y%m%d%H", "%M is missing"),
        ("%H%M", "%Y is missing"),
        ("%Y%m%d%H%M%Y", "it has a part of the time twice"),
        ("%Y%m%d%H:%M%z", "%z cannot be told apart from the signs around it"),
        ("%Y%m%d%H%M-%z", "%z cannot be told apart from the signs around it"),
        ("a--%Y%m%d%H%M%z", "%z cannot be told apart from the signs around it"),
    ],
)
def test_schemas_that_are_refused(schema: str, reason: str) -> None:
    """A schema whose names do not tell the time is refused by its text."""
    with pytest.raises(NotKeptError) as refused:
        expression(schema, read_schedule({}))
    assert refused.value.reason == f"naming schema '{schema}': {reason}"
