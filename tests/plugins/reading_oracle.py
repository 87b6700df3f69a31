"""Compare policies that were read from a tool's settings with the tool itself."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from zfstune.retention.decision import decide
from zfstune.retention.imports.convert import convert
from zfstune.retention.imports.reading import LEAVE_ALONE
from zfstune.retention.policy import Group, Policy
from zfstune.retention.policy_text import parse_policy
from zfstune.values.names import ancestors_of
from zfstune.values.state import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zfstune.retention.imports.reading import Reading

NOW = 1_700_006_400


def cases(share: int) -> int:
    """Return the number of random cases of a test: its share, times ZFSTUNE_ORACLE_CASES.

    The variable counts as 1 if it is not set, so that a share takes a second or two.
    """
    return share * int(os.environ.get("ZFSTUNE_ORACLE_CASES", "1"))


def in_force(reading: Reading, dataset: str) -> Policy | None:
    """Return the policy that a dataset follows once a reading is stored; None: none."""
    stored = {
        each.dataset: parse_policy(each.text, allow_zero=each.policy.allow_zero)
        for each in reading.policies
    }
    above = (dataset, *reversed(ancestors_of(dataset)))
    policy = next((stored[name] for name in above if name in stored), None)
    return None if policy == LEAVE_ALONE else policy


def taken(dataset: str, listing: Sequence[tuple[str, int]]) -> list[Snapshot]:
    """Make snapshots of a dataset from names and times, the oldest first."""
    return [
        Snapshot(f"{dataset}@{name}", txg, txg, creation=time)
        for txg, (name, time) in enumerate(listing, 1)
    ]


def gone(policy: Policy | None, snapshots: Iterable[Snapshot], now: int = NOW) -> set[str]:
    """Return the short names of the snapshots that a policy lets go."""
    if policy is None:
        return set()
    decided = decide(snapshots, policy, datetime.fromtimestamp(now, UTC))
    return {each.snapshot.short_name for each in decided if not each.keep}


def policies_of(reading: Reading) -> dict[str, str]:
    """Return the texts of a reading's policies, by dataset."""
    return {each.dataset: each.text for each in reading.policies}


def reasons_of(reading: Reading) -> dict[str, str]:
    """Return the reasons of a reading, by the name of each part that is left out."""
    return {each.name: each.reason for each in reading.left_out}


def planned(tool: str, plan: str) -> Policy:
    """Read a plan that names no datasets; return its policy, read back from its text."""
    [only] = convert(tool, plan).policies
    assert only.dataset == ""
    return parse_policy(only.text, allow_zero=only.policy.allow_zero)


def kept(tool: str, plan: str, times: Iterable[int], now: int = NOW) -> list[int]:
    """Return the times of the snapshots that a plan keeps, whatever their names are."""
    groups = planned(tool, plan).groups
    policy = Policy(tuple(Group(group.rules, match="*") for group in groups))
    listing = [(str(time), time) for time in sorted(times)]
    lost = gone(policy, taken("tank/a", listing), now)
    return [time for short, time in listing if short not in lost]
