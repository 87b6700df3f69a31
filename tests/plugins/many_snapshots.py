"""What hourly snapshots of many datasets leave, and all that a prune decides on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from zfstune.retention.alarms import alarms, to_remember
from zfstune.retention.decision import decide, interleave, runs
from zfstune.retention.policy_text import parse_policy
from zfstune.values.marks import auto_name
from zfstune.values.state import Snapshot

__all__ = ["decided", "hourly"]

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
POLICY = parse_policy("keep=12 hourly=48 daily=30 weekly=8 monthly=12 within=2d")


def hourly(datasets: int, each: int) -> list[Snapshot]:
    """Make that many snapshots of each dataset, in the order in which ZFS lists them."""
    made: list[Snapshot] = []
    shorts = []
    for number in range(each):
        when = NOW - timedelta(hours=each - number)
        shorts.append((auto_name(when), number + 1, int(when.timestamp())))
    for dataset in range(datasets):
        for short, txg, created in shorts:
            name = f"tank/data/project{dataset:05}@{short}"
            made.append(Snapshot(name, len(made) + 1, txg, creation=created))
    return made


def decided(listing: list[Snapshot]) -> int:
    """Decide, and make of it all that a plan makes; return how many are to go."""
    decisions = decide(listing, POLICY, NOW)
    policies = dict.fromkeys({s.dataset for s in listing}, POLICY)
    alarms(decisions, policies, NOW, {})
    to_remember(decisions, policies, {})
    runs(decisions)
    victims: dict[str, list[Snapshot]] = {}
    for decision in decisions:
        if not decision.keep:
            victims.setdefault(decision.snapshot.dataset, []).append(decision.snapshot)
    return sum(map(len, interleave(victims)))
