"""Whether a policy keeps a schedule's snapshots, and the policy that would."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduled_units import cadence
from zfstune.retention.decision import decide
from zfstune.retention.policy import Policy
from zfstune.retention.policy_text import parse_policy
from zfstune.schedules.policy_fit import (
    covers_own,
    find_misfit,
    fitting_policy,
    mismatch,
    policy_command,
)
from zfstune.values.marks import auto_name
from zfstune.values.state import Snapshot

START = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
CADENCES = ("15m", "hourly", "4h", "daily", "weekly", "monthly")
POLICIES = (
    *("hourly=48", "daily=30", "weekly=4", "monthly=12", "yearly=3", "keep=3", "keep=1"),
    *("hourly=24 daily=30", "keep=24 daily=30", "keep=1 weekly=4", "within=7d", "never"),
    *("keep=0", "within=10m", "grid='24x4h | 7x1d'", "grid='1x1d(keep=all) | 7x1d'"),
    *("blocks=4h/30d", "daily=30 free-target=20%", "keep=unlimited daily=3"),
    *(
        "match=autosnap_* hourly=48",
        "match=autosnap_* daily=3; daily=30",
        "daily=unlimited",
    ),
    *("match=zfstune-*T00* daily=3", "regex='zfstune-.*' weekly=4", "newer-than=x daily=3"),
)


def policy(text: str) -> Policy:
    """Read a policy, with the consent that it may need."""
    return parse_policy(text, allow_zero=True)


@pytest.mark.parametrize(
    ("text", "every", "message"),
    [
        ("daily=30", "hourly", "of 24 snapshots taken in 24h, 23 go at the next prune"),
        ("daily=30", "4h", "of 6 snapshots taken in 24h, 5 go at the next prune"),
        ("hourly=48", "15m", "of 4 snapshots taken in 1h, 3 go at the next prune"),
        ("weekly=4", "daily", "of 7 snapshots taken in 7d, 6 go at the next prune"),
        (
            "keep=3 daily=30",
            "hourly",
            "of 24 snapshots taken in 24h, 21 go at the next prune",
        ),
        ("blocks=4h/30d", "hourly", "of 4 snapshots taken in 4h, 3 go at the next prune"),
        ("grid='24x4h'", "hourly", "of 4 snapshots taken in 4h, 3 go at the next prune"),
        (
            "match=a* keep=0; daily=3",
            "12h",
            "of 2 snapshots taken in 24h, 1 goes at the next prune",
        ),
        ("keep=0", "hourly", "each snapshot goes at the next prune"),
        ("within=10m", "hourly", "each snapshot goes at the next prune"),
        ("hourly=48", "hourly", ""),
        ("hourly=12 daily=30", "hourly", ""),
        ("daily=30", "daily", ""),
        ("keep=24 daily=30", "hourly", ""),
        ("within=6h daily=30", "hourly", ""),
        ("keep=1", "hourly", ""),
        # Of two kinds of periods, the shorter one decides how many are kept.
        ("daily=30 weekly=4", "4h", "of 6 snapshots taken in 24h, 5 go at the next prune"),
        # A span that holds at most one snapshot does not spell out a number.
        (
            "within=1h daily=3",
            "hourly",
            "of 24 snapshots taken in 24h, 23 go at the next prune",
        ),
        ("within=2h daily=3", "hourly", ""),
        ("never", "hourly", ""),
        ("keep=unlimited daily=3", "hourly", ""),
        ("newer-than=x daily=3", "hourly", ""),
        ("daily=30 free-target=20%", "hourly", ""),
        ("grid='1x1d(keep=all) | 7x1d'", "hourly", ""),
        ("match=autosnap_* daily=3", "hourly", ""),
    ],
)
def test_what_goes_at_once_is_told(text: str, every: str, message: str) -> None:
    """A policy whose periods are longer than the schedule's lets most snapshots go."""
    misfit = find_misfit(cadence(every), policy(text))
    assert ("" if misfit is None else str(misfit)) == message


def test_no_policy_is_no_misfit() -> None:
    """Without a policy snapshots pile up, which another message tells."""
    assert find_misfit(cadence("hourly"), None) is None


@pytest.mark.parametrize(("text", "every"), [("daily=30", "hourly"), ("weekly=9", "daily")])
def test_retention_agrees(text: str, every: str) -> None:
    """A simulation of taking and pruning keeps as few as the misfit says."""
    misfit = find_misfit(cadence(every), policy(text))
    assert misfit is not None
    step = cadence(every).seconds
    stay: list[Snapshot] = []
    for number in range(3 * misfit.taken):
        now = datetime.fromtimestamp(START + number * step, UTC)
        stay.append(
            Snapshot(
                f"t@{auto_name(now)}",
                number + 1,
                number + 1,
                creation=START + number * step,
            )
        )
        stay = [d.snapshot for d in decide(stay, policy(text), now) if d.keep]
    times = [s.creation or 0 for s in stay]
    first = [t for t in times if START <= t < START + misfit.seconds]
    assert len(first) == misfit.kept


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("hourly=48", True),
        ("match=autosnap_* hourly=48", False),
        ("match=autosnap_* keep=0; hourly=48", True),
        ("match=zfstune-*T00* daily=3", False),
        ("match=* keep=9", True),
        ("regex='zfstune-[0-9TZ]*' weekly=4", False),
        ("regex='zfstune-.*' weekly=4", True),
        ("never", True),
        ("match=x* never", False),
    ],
)
def test_whether_it_speaks_of_zfstunes_names(text: str, *, covered: bool) -> None:
    """A policy covers all of zfstune's names, not just those of one hour or form."""
    assert covers_own(policy(text)) == covered


@pytest.mark.parametrize(
    ("text", "every", "command"),
    [
        ("daily=30", "hourly", "zfstune policy set tank hourly=24 daily=30"),
        ("weekly=4", "hourly", "zfstune policy set tank hourly=24 daily=7 weekly=4"),
        ("hourly=48", "15m", "zfstune policy set tank within=1d hourly=48"),
        ("monthly=12", "daily", "zfstune policy set tank daily=7 monthly=12"),
        ("keep=0", "hourly", "zfstune policy set tank hourly=48 daily=30"),
        (
            "match=autosnap_* hourly=48 tz=Asia/Tokyo",
            "daily",
            "zfstune policy set tank 'match=autosnap_* hourly=48; daily=30 tz=Asia/Tokyo'",
        ),
        (
            "match=autosnap_* keep=0",
            "daily",
            "zfstune policy set --all-of-them tank 'match=autosnap_* keep=0; daily=30'",
        ),
        ("", "weekly", "zfstune policy set tank weekly=8"),
    ],
)
def test_the_command_that_mends_it(text: str, every: str, command: str) -> None:
    """The proposed command keeps the policy's other rules."""
    assert policy_command("tank", cadence(every), policy(text) if text else None) == command


@given(text=st.sampled_from(POLICIES), every=st.sampled_from(CADENCES))
def test_the_policy_that_is_proposed_fits(text: str, every: str) -> None:
    """A proposed policy covers the names, lets nothing go too early, and is stable."""
    each = cadence(every)
    proposed = fitting_policy(each, policy(text))
    assert covers_own(proposed)
    assert find_misfit(each, proposed) is None
    assert fitting_policy(each, proposed) == proposed
    words = shlex.split(policy_command("tank/a b$'", each, policy(text)))
    number = words.index("tank/a b$'")
    assert policy(" ".join(words[number + 1 :])) == proposed


def test_what_cannot_be_written_down_again_is_replaced() -> None:
    """A policy without a text form is replaced by another policy."""
    found = policy("regex=a.* daily=3")
    group = found.groups[0]
    odd = Policy((type(group)(group.rules, regex="it's"),))
    assert (
        policy_command("tank", cadence("daily"), odd) == "zfstune policy set tank daily=30"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "daily=30",
            (
                "the policy 'daily=30' does not fit the schedule 'hourly@:05': of 24 "
                "snapshots taken in 24h, 23 go at the next prune"
            ),
        ),
        (
            "match=a* keep=3",
            (
                "the policy 'match=a* keep=3' has no rule for the names that zfstune "
                "gives: snapshots pile up"
            ),
        ),
        ("hourly=48", ""),
    ],
)
def test_a_policy_that_does_not_fit_is_described(text: str, message: str) -> None:
    """The message has the policy, the schedule and what goes or piles up."""
    assert mismatch(cadence("hourly@:05"), policy(text)) == message


@pytest.mark.parametrize(
    ("every", "usual"),
    [
        ("15m", "within=1d hourly=48 daily=30"),
        ("hourly", "hourly=48 daily=30"),
        ("daily", "daily=30"),
        ("weekly", "weekly=8"),
        ("monthly", "monthly=12"),
    ],
)
def test_the_usual_policy_of_each_cadence(every: str, usual: str) -> None:
    """Without a policy, the usual one is proposed; it comes beside rules for others."""
    each = cadence(every)
    assert fitting_policy(each, None) == parse_policy(usual)
    beside = fitting_policy(each, policy("match=a* keep=3 free-target=9% tz=Asia/Tokyo"))
    assert beside == policy(f"match=a* keep=3; {usual} free-target=9% tz=Asia/Tokyo")


@pytest.mark.parametrize(
    ("text", "every", "proposed"),
    [
        (
            "match=mine-* keep=1; daily=30 tz=Asia/Tokyo",
            "hourly",
            "match=mine-* keep=1; hourly=24 daily=30 tz=Asia/Tokyo",
        ),
        ("yearly=3", "monthly", "monthly=12 yearly=3"),
        ("monthly=3", "weekly", "weekly=5 monthly=3"),
        ("match=zfstune-* keep=0; keep=0", "daily", "match=zfstune-* daily=30; daily=30"),
        ("grid=7x1d", "hourly", "hourly=24 grid=7x1d"),
        ("grid='1x1d(keep=4) | 7x1d'", "hourly", "hourly=24 grid='1x1d(keep=4) | 7x1d'"),
        ("blocks=1d/30d", "4h", "hourly=24 blocks=1d/30d"),
        (
            "match=mine-* keep=0 tz=Asia/Tokyo free-target=20%",
            "hourly",
            "match=mine-* keep=0; hourly=48 daily=30 tz=Asia/Tokyo free-target=20%",
        ),
        (
            "regex='zfstune-.*' daily=3",
            "hourly",
            "regex='zfstune-.*' hourly=24 daily=3",
        ),
    ],
)
def test_what_is_added_to_a_policy(text: str, every: str, proposed: str) -> None:
    """Finer rules come first, in each part that is for zfstune's own names."""
    found = fitting_policy(cadence(every), policy(text))
    assert found == policy(proposed)
