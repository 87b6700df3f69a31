"""Cadences: their text forms, and the cadence of pruning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduled_units import cadence
from zfstune.retention import alarms
from zfstune.schedules.cadence import parse_cadence
from zfstune.values.errors import PolicyError

FORMS = (
    *("5m", "15m", "30m", "hourly", "hourly@:05", "2h", "4h@:30", "4h@01:15"),
    *("12h", "daily", "daily@02:05", "weekly", "weekly@00:10", "monthly", "monthly@23:59"),
)
BAD = (
    *("7m", "5h", "0m", "1m", "99h", "15m@:05", "daily@2:05", "daily@24:00", "daily@"),
    *("hourly@01:05", "hourly@:60", "yearly", "15", "m", "h", "never", "hourly@"),
    *("\u0661\u0665m", "daily@02:05:00", "", " hourly", "hourly ", "4h@04:00", "4h@1:15"),
    *("015m", "9" * 5000 + "m", "4h@" + "0" * 5000 + ":30", "daily@02:" + "5" * 5000),
)
forms = st.sampled_from(FORMS)


@pytest.mark.parametrize("text", FORMS)
def test_text_goes_round(text: str) -> None:
    """A cadence is read back from its text."""
    assert str(cadence(text)) == text


def test_one_cadence_has_one_text() -> None:
    """Other spellings of a cadence are read as well."""
    assert [str(cadence(t)) for t in ("60m", "1h", "24h", "daily@00:00")] == [
        "hourly",
        "hourly",
        "daily",
        "daily",
    ]
    assert parse_cadence("none") is None


@pytest.mark.parametrize("text", BAD)
def test_what_does_not_say_how_often_is_refused(text: str) -> None:
    """A text without a regular rhythm is refused, as are minutes that divide no hour."""
    with pytest.raises(PolicyError, match="names no interval that zfstune knows"):
        parse_cadence(text)


@pytest.mark.parametrize(
    ("text", "pruning"),
    [
        ("15m", "15m"),
        ("hourly", "hourly@:30"),
        ("hourly@:45", "hourly@:15"),
        ("4h", "4h@:30"),
        ("4h@:45", "4h@01:15"),
        ("4h@03:45", "4h@:15"),
        ("12h@:30", "12h@01:00"),
        ("daily@23:45", "daily@00:15"),
        ("weekly@00:10", "daily@00:40"),
        ("monthly", "daily@00:30"),
    ],
)
def test_pruning_follows(text: str, pruning: str) -> None:
    """Pruning comes half an hour later, as often, but at least each day."""
    assert str(cadence(text).pruning) == pruning


@given(text=forms)
def test_pruning_is_half_an_hour_after_the_last(text: str) -> None:
    """Pruning never comes just before the next snapshots, so that it sees all of them."""
    taken = cadence(text)
    if taken.unit == "minute":
        assert taken.pruning == taken
        return
    whole = taken.count * 60 if taken.unit == "hour" else 24 * 60
    assert (taken.pruning.start_minute - taken.start_minute) % whole == 30
    assert cadence(str(taken.pruning)) == taken.pruning


@pytest.mark.parametrize("text", ["5m", "6m", "30m", "hourly", "4h", "daily", "weekly"])
def test_a_prune_in_time_never_looks_wrong(text: str) -> None:
    """Snapshots taken from one prune to the next are too few to raise an alarm."""
    taken, pruned = cadence(text), cadence(text).pruning
    late = 1  # a timer may be late by its delay
    assert pruned.seconds // taken.seconds + late <= alarms._FEW


def test_the_delay_is_a_fraction() -> None:
    """Hosts do not all start at once, and a delay is a small part of the period."""
    assert [cadence(t).delay_seconds for t in ("5m", "hourly", "daily")] == [15, 180, 900]


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        *(("hourly@:59", 0), ("hourly@:58", 60), ("4h@01:58", 60), ("4h@:45", 720)),
        *(
            ("daily@23:59", 0),
            ("daily@23:50", 540),
            ("weekly@23:58", 60),
            ("daily@23:44", 900),
        ),
    ],
)
def test_no_delay_leads_out_of_the_period(text: str, delay: int) -> None:
    """A snapshot of 23:59 that came a quarter of an hour late would be the next day's."""
    assert cadence(text).delay_seconds == delay


@pytest.mark.parametrize(
    ("text", "replicating"),
    [
        ("15m", "15m"),
        ("hourly", "hourly@:15"),
        ("4h@01:50", "4h@02:05"),
        ("daily", "daily@00:15"),
        ("weekly@23:50", "daily@00:05"),
    ],
)
def test_replication_comes_between(text: str, replicating: str) -> None:
    """A quarter of an hour after the snapshots, a quarter before the prune."""
    taken = cadence(text)
    assert str(taken.replicating) == replicating
    jobs = ("snapshot", "replicate", "prune")
    assert [taken.when(job) for job in jobs] == [taken, taken.replicating, taken.pruning]
