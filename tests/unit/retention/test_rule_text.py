"""The text of a rule: numbers are read in full, and a time is never a name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.retention.decision import decide
from zfstune.retention.policy import Group, Policy
from zfstune.retention.policy_text import format_policy, parse_policy
from zfstune.retention.rule_kinds import Blocks, Every, Grid, Last, NewerThan, Step, Within
from zfstune.retention.rule_text import format_rule
from zfstune.values.errors import PolicyError
from zfstune.values.state import Snapshot
from zfstune.values.whole_number import MAX_WHOLE

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
DAY = 86400


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("keep=007", Last(7)),
        ("daily=000000000000000030", Every("daily", 30)),
        ("within=0000000000017d", Within(17 * DAY)),
        ("within=9999999999999d", Within(9999999999999 * DAY)),
        ("within=999999w", Within(999999 * 7 * DAY)),
        ("grid=0000000000024x1h", Grid((Step(24, 3600),))),
        ("grid=99999999x0001d(keep=0000000000003)", Grid((Step(99999999, DAY, 3),))),
        ("blocks=01s/999999999w", Blocks(1, 999999999 * 7 * DAY)),
    ],
)
def test_no_number_is_cut(text: str, rule: object) -> None:
    """Each digit that was written counts, and the stored text says the same."""
    policy = parse_policy(text)
    assert policy.rules == (rule,)
    assert parse_policy(format_policy(policy)) == policy


@pytest.mark.parametrize("key", ["keep", "hourly", "daily", "weekly", "monthly", "yearly"])
@pytest.mark.parametrize(
    "value",
    ["-3", "-0", "+3", "3.5", "1e3", "٣", "-" + "9" * 5000, "9" * 5000, "3d", "0x3"],
)
def test_a_count_is_a_whole_number(key: str, value: str) -> None:
    """A count has only digits, no sign, and a largest value."""
    with pytest.raises(PolicyError, match=f"cannot use policy '{key}="):
        parse_policy(f"{key}={value}")


@pytest.mark.parametrize(
    "text",
    [
        f"within={MAX_WHOLE + 1}s",
        f"within={MAX_WHOLE}w",
        "within=" + "9" * 5000 + "d",
        "within=-3d",
        "within=d",
        "grid=" + "9" * 5000 + "x1h",
        "grid=-1x1h",
        "grid=1x1h(keep=" + "9" * 5000 + ")",
        "blocks=1s/" + "9" * 5000 + "d",
        "keep=1 free-target=" + "9" * 5000 + "%",
        "keep=1 free-target=" + "9" * 5000 + "G",
        "keep=1 free-target=00999%",
        "keep=1 free-target=100%",
        "keep=1 free-target=-3%",
        "keep=1 free-target=٣%",
    ],
)
def test_what_is_no_number_is_a_policy_error(text: str) -> None:
    """A text that is no number is refused, however long, in each rule."""
    with pytest.raises(PolicyError, match="cannot use policy"):
        parse_policy(text)


@given(st.text("0123456789", min_size=1, max_size=30), st.sampled_from("smhdw"))
def test_a_span_is_its_number_of_seconds(digits: str, unit: str) -> None:
    """A length of time is read exactly, or it is refused."""
    seconds = int(digits) * {"s": 1, "m": 60, "h": 3600, "d": DAY, "w": 7 * DAY}[unit]
    text = f"within={digits}{unit}"
    if not 0 < seconds <= MAX_WHOLE:
        with pytest.raises(PolicyError):
            parse_policy(text)
    else:
        assert parse_policy(text).rules == (Within(seconds),)


@pytest.mark.parametrize(
    "text",
    [
        "within=999999w",
        "grid='24x1h | 9999x365d'",
        "blocks=1s/999999999w",
        "hourly=9999999999",
        "daily=9999999999999",
        "yearly=9999",
        "monthly=999999999999999",
        "keep=9223372036854775807",
        f"within={MAX_WHOLE}s",
        "grid=9223372036854775807x9223372036854775807s",
    ],
)
def test_for_ever_has_no_date(text: str) -> None:
    """A time after the year 9999 is no date, and causes no traceback."""
    listing = [
        Snapshot(f"tank/a@zfstune-20260101T000000Z-{n}", n, n, creation=SECONDS - n * 7)
        for n in range(1, 4)
    ]
    decisions = decide(listing, parse_policy(text), NOW)
    assert any(d.keep for d in decisions)
    for decision in decisions:
        if decision.keep and decision.reasons != ("the newest",):
            assert decision.expires is None or decision.expires < 253402300800


def test_a_date_that_there_is_stays() -> None:
    """The last second of the year 9999 is a date, and the next one is none."""
    last = 253402300799
    [found] = decide(
        [Snapshot("tank/a@zfstune-20260101T000000Z", 1, 1, creation=SECONDS)],
        parse_policy(f"within={last - SECONDS - 1}s"),
        NOW,
    )
    assert found.expires == last
    [found] = decide([found.snapshot], parse_policy(f"within={last - SECONDS}s"), NOW)
    assert found.expires is None


@pytest.mark.parametrize(
    "word", ["2026-11-23", "2026-11-23T03:00:00", "2026-11-23t03:00:00z", "20261123", "7d"]
)
def test_what_looks_like_a_time_is_never_taken_for_a_name(word: str) -> None:
    """A mistyped time would be the name of no snapshot, which silently keeps all."""
    with pytest.raises(PolicyError, match="looks like a time") as refused:
        parse_policy(f"newer-than='{word}'")
    assert "in UTC, as in 2026-11-23T03:00:00Z" in refused.value.hint
    with pytest.raises(PolicyError, match="looks like a time"):
        format_policy(Policy((Group((NewerThan(word),)),)))


def test_a_name_that_would_be_read_as_a_time_is_not_written() -> None:
    """The stored text means the same as the policy that was given."""
    with pytest.raises(PolicyError, match="that name would be read as a time"):
        format_policy(Policy((Group((NewerThan("2026-11-23T03:00:00Z"),)),)))


@pytest.mark.parametrize("word", ["auto-7", "2026-11-23-daily", "before upgrade"])
def test_newer_than_takes_the_name_of_a_snapshot(word: str) -> None:
    """A plain word is a name, and is written as it was read."""
    policy = parse_policy(f"newer-than='{word}'")
    assert policy.rules == (NewerThan(word),)
    assert parse_policy(format_policy(policy)) == policy


def test_a_kind_of_rule_without_a_word_is_refused() -> None:
    """A new kind of rule is never stored as another one for want of a word."""
    with pytest.raises(TypeError):
        format_rule(object())  # type: ignore[arg-type]
