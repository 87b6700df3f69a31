"""Simulations: the snapshots that a policy would leave, counted and drawn."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.cli.main import main
from zfstune.retention import simulation
from zfstune.retention.decision import decide
from zfstune.retention.policy_text import parse_policy
from zfstune.retention.simulation import Simulation, simulate, timeline
from zfstune.values.errors import PolicyError

if TYPE_CHECKING:
    from zfstune.retention.decision import Decision
    from zfstune.values.state import Snapshot

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR, DAY = 3600, 86400


def run(text: str, every: int, days: int) -> Simulation:
    """Simulate a policy of one group in Berlin."""
    policy = parse_policy(text)
    berlin = ZoneInfo("Europe/Berlin")
    return simulate(policy.groups[0], every, START, days * DAY, berlin)


def test_a_year_of_hours() -> None:
    """The counts are those of the rules, and no gap is longer than its period."""
    found = run("hourly=48 daily=30 monthly=12", HOUR, 365)
    assert found.taken == 365 * 24 + 1
    assert found.end == int(START.timestamp()) + 365 * DAY
    assert found.worst_gap_seconds == 31 * DAY + HOUR  # October, by Berlin's clocks
    assert sum(band.count for band in found.bands) == len(found.times)
    assert 48 + 28 + 10 <= len(found.times) <= 48 + 30 + 12
    newest = found.times[-48:]
    assert {later - earlier for earlier, later in pairwise(newest)} == {HOUR}


def test_bands_and_their_gaps() -> None:
    """Each band counts its own snapshots; a gap across an edge is in both bands."""
    found = Simulation(HOUR, 10 * DAY, 99, (0, 8 * DAY, 9 * DAY + 23 * HOUR, 10 * DAY))
    told = [(b.older_seconds, b.count, b.worst_gap_seconds) for b in found.bands]
    assert told == [
        (0, 1, HOUR),
        (HOUR, 1, 47 * HOUR),
        (DAY, 1, 8 * DAY),
        (7 * DAY, 1, 8 * DAY),
    ]
    assert list(timeline(found)) == [
        f"      up to 1h      1  worst gap     1h  {'#' * 30}",
        f"     up to 24h      1  worst gap    47h  {'#' * 30}",
        f"      up to 7d      1  worst gap     8d  {'#' * 30}",
        f"     up to 30d      1  worst gap     8d  {'#' * 30}",
    ]


def test_bars_are_as_long_as_their_counts() -> None:
    """The band with the most snapshots has thirty signs, and each other one its share."""
    times = (0, 400 * DAY, *(410 * DAY - minutes * 60 for minutes in (120, 30, 20, 10, 0)))
    assert list(timeline(Simulation(600, 410 * DAY, 99, times))) == [
        f"      up to 1h      4  worst gap   1.5h  {'#' * 30}",
        f"     up to 24h      1  worst gap   9.9d  {'#' * 8}",
        "      up to 7d      0  worst gap   9.9d",
        f"     up to 30d      1  worst gap   400d  {'#' * 8}",
        "     up to 91d      0  worst gap   400d",
        "    up to 365d      0  worst gap   400d",
        f"365d and older      1  worst gap   400d  {'#' * 8}",
    ]
    assert Simulation(600, 0, 0, ()).bands == ()
    assert list(timeline(Simulation(600, 0, 0, ()))) == []


def test_rules_that_depend_on_when_prune_ran() -> None:
    """A grid is pruned along the way, as a timer would, and keeps its spans filled."""
    found = run("grid='1x1h(keep=all)|24x1h|7x1d'", 900, 20)
    assert found.worst_gap_seconds <= 2 * DAY
    assert 4 + 20 + 5 <= len(found.times) + 6 <= 4 + 24 + 7 + 12
    assert found.times[-1] == found.end


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Record on how many snapshots each call of the simulation decides."""
    found: list[int] = []

    def counting(left: list[Snapshot], *rest: Any) -> tuple[Decision, ...]:
        found.append(len(left))
        return decide(left, *rest)

    monkeypatch.setattr(simulation, "decide", counting)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "grid=9223372036854775807x1h",
        "blocks=1s/9223372036854775807s",
        "grid='1x9000h(keep=all)'",
        "blocks=4h/30d keep=unlimited",
        "grid=24x1h never",
    ],
)
def test_what_keeps_everything_is_asked_once(text: str, counted: list[int]) -> None:
    """If nothing goes in the end, nothing went before: one decision each is enough."""
    found = run(text, HOUR, 365)
    assert len(found.times) == found.taken == 8761
    assert counted == [8761]


@pytest.mark.parametrize(
    "text", ["grid=8000x1h", "blocks=1h/8000h", "grid=8000x1h daily=9"]
)
def test_decisions_are_limited(
    text: str, counted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rules that keep nearly everything are refused before they take for ever."""
    limit = 50_000
    monkeypatch.setattr(simulation, "_MOST_DECISIONS", limit)
    with pytest.raises(PolicyError, match=f"more than {limit} decisions") as caught:
        run(text, HOUR, 365)
    assert caught.value.hint == "take a longer --every or a shorter --until"
    assert sum(counted) <= limit + 8761


_RULES = st.sampled_from(
    [
        "grid=30x1h",
        "grid=9x2h",
        "grid='3x1h(keep=all)|20x5h(keep=4)'",
        "blocks=1h/60h",
        "blocks=2h/4h",
        "blocks=1h/5h-60h",
        "within=5h",
        "within=60h",
        "keep=3",
        "keep=40",
        "hourly=40",
        "daily=3",
        "newer-than=2026-01-01T04:00:00Z",
        "never",
    ]
)


@given(
    st.lists(_RULES, min_size=1, max_size=3, unique=True),
    st.sampled_from([1800, 2700, HOUR, 5000, 2 * HOUR]),
)
def test_asking_once_says_what_each_prune_would(rules: list[str], every: int) -> None:
    """Where all is kept in the end, a prune after each snapshot keeps all, too."""
    text = " ".join(rules)
    found = run(text, every, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulation, "_keep_more_before", lambda _: False)
        assert run(text, every, 2) == found


@pytest.mark.parametrize(("every", "days"), [(0, 1), (2 * DAY, 1), (1, 30)])
def test_nonsense_is_refused(every: int, days: int) -> None:
    """Fewer than two snapshots, or too many, are refused."""
    with pytest.raises(PolicyError, match="cannot simulate"):
        run("keep=1", every, days)


def test_the_command_needs_no_zfs(capsys: pytest.CaptureFixture[str]) -> None:
    """With rules on the command line no engine is opened."""
    argv = ["policy", "simulate", "--keep-daily", "7", "--keep", "3"]
    assert main([*argv, "--every", "6h", "--until", "60d"]) == 0
    out, _ = capsys.readouterr()
    assert out.startswith("daily=7 keep=3, a snapshot every 6h, after 60d:")
    assert "worst gap 24h" in out.splitlines()[-1]
    assert main([*argv, "--every", "1d", "--until", "1y", "--json"]) == 0
    [told] = json.loads(capsys.readouterr()[0])["simulations"]
    assert (told["taken"], told["left"], told["worst_gap_s"]) == (366, 7, DAY)
    assert len(told["times"]) == 7
    assert main(["policy", "simulate"]) == 2
    assert main([*argv, "--until", "soon"]) == 2


def test_a_single_snapshot_is_no_simulation() -> None:
    """Two are one; the hint for too few snapshots is not the hint for too many."""
    assert run("daily=3", every=DAY, days=1).taken == 2
    with pytest.raises(PolicyError, match=r"that makes 1 snapshot, and .* has 2 to") as few:
        run("daily=3", every=2 * DAY, days=1)
    assert few.value.hint == "take a shorter --every or a longer --until"
    with pytest.raises(PolicyError, match=r"that makes \d+ snapshots") as many:
        run("daily=3", every=1, days=36500)
    assert many.value.hint == "take a longer --every or a shorter --until"


def test_no_calendar_goes_so_far() -> None:
    """A time after the year 9999 is refused, not a traceback; one before is not."""
    with pytest.raises(PolicyError, match="beyond the year 9999"):
        run("daily=3", every=9999999 * DAY, days=366 * 9999999)
    with pytest.raises(PolicyError, match="beyond the year 9999"):
        run("daily=3", every=365 * DAY, days=7974 * 365 + 2000)
    assert run("daily=3", every=365 * DAY, days=7900 * 365).taken == 7901
