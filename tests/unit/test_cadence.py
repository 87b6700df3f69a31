"""How often: the text forms, systemd's own, and when it was last due."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune import breakers
from zfstune.cadence import parse_cadence
from zfstune.errors import PolicyError

if TYPE_CHECKING:
    from zfstune.cadence import Cadence

FORMS = (
    *("5m", "15m", "30m", "hourly", "hourly@:05", "2h", "4h@:30", "12h", "daily"),
    *("daily@02:05", "weekly", "weekly@00:10", "monthly", "monthly@23:59"),
)
BAD = (
    *("7m", "5h", "0m", "1m", "99h", "15m@:05", "daily@2:05", "daily@24:00", "daily@"),
    *("hourly@01:05", "hourly@:60", "yearly", "15", "m", "h", "never", "hourly@"),
    *("\u0661\u0665m", "daily@02:05:00", "", " hourly", "hourly "),
)
forms = st.sampled_from(FORMS)
BERLIN = ZoneInfo("Europe/Berlin")
seconds = st.integers(1_767_225_600, 1_830_000_000)  # 2026 and 2027


def cadence(text: str) -> Cadence:
    """Give what a text says."""
    found = parse_cadence(text)
    assert found is not None
    return found


@pytest.mark.parametrize("text", FORMS)
def test_text_goes_round(text: str) -> None:
    """What is written is read back."""
    assert str(cadence(text)) == text


def test_one_cadence_has_one_text() -> None:
    """Other ways to say the same are understood."""
    assert [str(cadence(t)) for t in ("60m", "1h", "24h", "daily@00:00")] == [
        "hourly",
        "hourly",
        "daily",
        "daily",
    ]
    assert parse_cadence("none") is None


@pytest.mark.parametrize("text", BAD)
def test_what_does_not_say_how_often_is_refused(text: str) -> None:
    """Minutes that do not divide the hour would jump at its end; and so on."""
    with pytest.raises(PolicyError, match="does not say how often"):
        parse_cadence(text)


@pytest.mark.parametrize("text", FORMS)
def test_systemd_understands(text: str) -> None:
    """Its own parser takes what is written for it, of snapshots and of pruning."""
    for each in (cadence(text), cadence(text).pruning):
        words = ["systemd-analyze", "calendar", each.calendar("Europe/Berlin")]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@given(text=forms, at=seconds)
def test_what_was_last_due_is_the_latest_that_systemd_would_give(
    text: str, at: int
) -> None:
    """It is not in the future, not longer ago than a period, and stays until the next."""
    local = datetime.fromtimestamp(at, UTC)
    each = cadence(text)
    last = each.last(local)
    assert last <= local
    assert local - last < timedelta(seconds=each.seconds)
    assert each.last(last) == last
    assert (last.second, last.microsecond) == (0, 0)
    assert each.last(last - timedelta(microseconds=1)) < last
    if each.unit not in ("minute", "hour"):
        assert last.hour * 60 + last.minute == each.at
    if each.unit == "week":
        assert last.weekday() == 0
    if each.unit == "month":
        assert last.day == 1


@given(at=seconds)
def test_days_begin_in_the_zone(at: int) -> None:
    """Also on the two days that are not 24 hours long."""
    local = datetime.fromtimestamp(at, BERLIN)
    last = cadence("daily@02:05").last(local)
    assert (last.hour, last.minute) == (2, 5)
    assert (
        timedelta(0) <= local.astimezone(UTC) - last.astimezone(UTC) < timedelta(hours=26)
    )


@pytest.mark.parametrize(
    ("text", "calendar", "pruning"),
    [
        ("15m", "*-*-* *:00/15:00 UTC", "*-*-* *:00/15:00 UTC"),
        ("hourly", "*-*-* *:00:00 UTC", "*-*-* *:30:00 UTC"),
        ("4h", "*-*-* 00/4:00:00 UTC", "*-*-* 00/4:30:00 UTC"),
        ("daily@23:45", "*-*-* 23:45:00 UTC", "*-*-* 00:15:00 UTC"),
        ("weekly@00:10", "Mon *-*-* 00:10:00 UTC", "*-*-* 00:40:00 UTC"),
        ("monthly", "*-*-01 00:00:00 UTC", "*-*-* 00:30:00 UTC"),
    ],
)
def test_pruning_follows(text: str, calendar: str, pruning: str) -> None:
    """Half an hour later, as often as snapshots are taken, and each day at least."""
    assert cadence(text).calendar("UTC") == calendar
    assert cadence(text).pruning.calendar("UTC") == pruning


@pytest.mark.parametrize("text", ["5m", "6m", "30m", "hourly", "4h", "daily", "weekly"])
def test_a_prune_in_time_never_looks_wrong(text: str) -> None:
    """What is taken from one prune to the next is too little to raise an alarm."""
    taken, pruned = cadence(text), cadence(text).pruning
    late = 1  # a timer may wait for as long as its delay
    assert pruned.seconds // taken.seconds + late <= breakers._FEW


def test_the_delay_is_a_fraction() -> None:
    """Hosts do not all start at once, and none is late by more than it takes."""
    assert [cadence(t).delay_seconds for t in ("5m", "hourly", "daily")] == [15, 180, 900]
