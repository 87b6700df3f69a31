"""Lengths of time: read, written exactly, and written to be read by people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.values.duration import (
    DAY,
    HOUR,
    WEEK,
    DurationError,
    about,
    format_duration,
    read_duration,
)
from zfstune.values.whole_number import MAX_WHOLE


def test_a_duration_is_written_in_its_largest_whole_unit() -> None:
    """A length that no larger unit makes whole keeps its unit; weeks begin at five."""
    lengths = {1: "1s", 60: "1m", 90: "90s", 3600: "1h", 86400: "1d", 129600: "36h"}
    lengths |= {
        604800: "7d",
        4 * 604800: "28d",
        5 * 604800: "5w",
        5 * 604800 + 1: "3024001s",
    }
    assert {seconds: format_duration(seconds) for seconds in lengths} == lengths


@given(st.integers(0, MAX_WHOLE))
def test_an_exact_text_is_read_back(seconds: int) -> None:
    """No second is lost between writing and reading, up to the largest number."""
    assert read_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("90m", 5400), ("36h", 36 * HOUR), ("007d", 7 * DAY), ("4w", 4 * WEEK)],
)
def test_each_unit_is_read(text: str, seconds: int) -> None:
    """A whole number and one letter is a length of time; leading zeros change nothing."""
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "7", "7D", "7y", "soon"])
def test_text_without_a_unit_is_refused(text: str) -> None:
    """A text of another form is refused without a reason about its number."""
    with pytest.raises(DurationError) as caught:
        read_duration(text)
    assert caught.value.reason == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("d", "no whole number"),
        ("-1d", "no whole number"),
        ("1.5h", "no whole number"),
        ("٣d", "no whole number"),
        (f"{MAX_WHOLE // WEEK + 1}w", "the largest number allowed"),
        ("9" * 5000 + "s", "the largest number allowed"),
    ],
)
def test_a_number_that_cannot_be_used_has_a_reason(text: str, reason: str) -> None:
    """Where the unit is right, the error names the fault of the number before it."""
    with pytest.raises(DurationError) as caught:
        read_duration(text)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((0, "0s"), (59, "59s"), (90, "1.5m"), (HOUR - 1, "60m"), (HOUR, "1h")),
        *((36 * HOUR, "36h"), (2 * DAY - 1, "48h"), (2 * DAY, "2d"), (31 * DAY, "31d")),
    ],
)
def test_a_rounded_duration_reads_well(seconds: int, text: str) -> None:
    """The largest unit that leaves a number to read, to one decimal."""
    assert about(seconds) == text
