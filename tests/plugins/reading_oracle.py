"""What is imported from another tool, held against what the tool itself would do."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from zfstune.retention.decision import decide
from zfstune.retention.imports.reading import LEAVE_ALONE
from zfstune.retention.policy_text import parse_policy
from zfstune.values.names import ancestors_of
from zfstune.values.state import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zfstune.retention.imports.reading import Reading
    from zfstune.retention.policy import Policy

NOW = 1_700_006_400


def cases(share: int) -> int:
    """Give how many random cases a test tries: its share, times ZFSTUNE_ORACLE_CASES.

    The variable is 1 unless it is set: a share that takes a second or two.
    """
    return share * int(os.environ.get("ZFSTUNE_ORACLE_CASES", "1"))


def in_force(reading: Reading, dataset: str) -> Policy | None:
    """Give the policy of a dataset once all of a reading is stored; None: none."""
    stored = {
        each.dataset: parse_policy(each.text, allow_zero=each.policy.allow_zero)
        for each in reading.policies
    }
    above = (dataset, *reversed(ancestors_of(dataset)))
    found = next((stored[name] for name in above if name in stored), None)
    return None if found == LEAVE_ALONE else found


def taken(dataset: str, listing: Sequence[tuple[str, int]]) -> list[Snapshot]:
    """Give snapshots of a dataset by name and time, the oldest first."""
    return [
        Snapshot(f"{dataset}@{name}", txg, txg, creation=time)
        for txg, (name, time) in enumerate(listing, 1)
    ]


def gone(policy: Policy | None, snapshots: Iterable[Snapshot], now: int = NOW) -> set[str]:
    """Give the short names of what a policy lets go."""
    if policy is None:
        return set()
    decided = decide(snapshots, policy, datetime.fromtimestamp(now, UTC))
    return {each.snapshot.short_name for each in decided if not each.keep}
