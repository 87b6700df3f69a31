"""Words that are meant as a time, and names that only contain one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.retention.date_like import looks_like_time

FORMS = (
    *("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y%m%d"),
    *("%Y-%m-%dT%H:%M:%S+01:00", "%Y-%m-%d %H:%M:%SZ", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y"),
    *("%Y-%m-%dt%H:%M:%Sz", "%Y%m%dT%H%M%SZ", "%Y-%m-%d-%H%M%S", "%Y-%m-%d_%H.%M.%S"),
    *("%d %b %Y", "%B %d, %Y", "%Y-%b-%d", "%G-W%V", "%H:%M", "%Y-%m", "%Y", "%Y-%m-%dT%H"),
    *("%Y-%m-%dT%H:%M:%S UTC", "%Y-%m-%d %H:%M:%S.%f", "%I:%M %p", "%b %d"),
)


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2099, 12, 31)),  # noqa: DTZ001 (any zone)
    st.sampled_from(FORMS),
)
def test_a_time_in_any_usual_form_looks_like_one(when: datetime, form: str) -> None:
    """Forms that people type and that programs print are found."""
    assert looks_like_time(when.strftime(form))
    assert looks_like_time(f" {when.strftime(form)} ")


@pytest.mark.parametrize("word", ["7d", "36h", "2 days ago", "90min", "4w", "1 year"])
def test_an_age_looks_like_a_time(word: str) -> None:
    """An age was meant for the rule `within`."""
    assert looks_like_time(word)


def test_seconds_since_1970_look_like_a_time() -> None:
    """Seconds are found as ``date +%s`` prints them and as ``date -d`` takes them."""
    now = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())
    assert looks_like_time(str(now))
    assert looks_like_time(f"@{now}")


@pytest.mark.parametrize(
    "word",
    [
        *(
            "auto-7",
            "before-upgrade",
            "golden",
            "a",
            "42",
            "1.2.3",
            "v2026",
            "release-2026",
        ),
        *(
            "auto-2026-11-23",
            "2026-11-23-daily",
            "zfstune-20261123T030000Z",
            "march",
            "x7d",
        ),
        *(
            "autosnap_2026-11-23_00:00:01_daily",
            "GMT-2026.11.23-03.00.00",
            "day",
            "",
            "1.2",
        ),
        *("zfs-auto-snap_hourly-2026-11-23-0300", "3d-model", "maybe", "2d6", "may-be-1"),
    ],
)
def test_a_plain_word_is_a_name(word: str) -> None:
    """A word that only contains a time is a name."""
    assert not looks_like_time(word)
