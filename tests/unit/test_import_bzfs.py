"""bzfs's plans: what is imported from one keeps what bzfs's own filter keeps."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.errors import PolicyError
from zfstune.imports import convert
from zfstune.policy_text import parse_policy
from zfstune.retention import decide
from zfstune.state import Snapshot

DAY = 86400
NOW = 1_700_006_400
# The last is a word of nobody's, which goes by rank alone.
LENGTHS = {
    "secondly": 1,
    "90minutely": 5400,
    "hourly": 3600,
    "2daily": 2 * DAY,
    "weekly": 7 * DAY,
    "monthly": DAY * 61 // 2,
    "yearly": 365 * DAY,
    "nightly": 0,
}


def taken(short: str, time: int, txg: int) -> Snapshot:
    """Give a snapshot of that second."""
    return Snapshot(f"tank/a@{short}", txg, txg, creation=time)


def left(plan: dict[str, Any], listing: list[Snapshot]) -> set[str]:
    """Give the short names of what the imported policy keeps, as it is stored."""
    [one] = convert("bzfs", repr(plan)).policies
    policy = parse_policy(one.text, allow_zero=True)
    decided = decide(listing, policy, datetime.fromtimestamp(NOW, UTC))
    return {d.snapshot.short_name for d in decided if d.keep}


@cache
def bzfs_parser() -> Any:
    """Give bzfs's parser of its command line."""
    return import_module("bzfs_main.argparse_cli").argument_parser()


def bzfs_keeps(plan: dict[str, Any], listing: list[Snapshot]) -> set[str]:
    """Ask bzfs's own parser and filter which snapshots its plan selects to be kept."""
    parser = bzfs_parser()
    option = "--delete-dst-snapshots-except-plan"
    first = vars(parser.parse_args([option, repr(plan), "--", "dummy", "tank/a"]))
    args = parser.parse_args(
        [*first["delete_dst_snapshots_except_plan"], "--", "dummy", "tank/a"]
    )
    compiled = import_module("bzfs_main.util.utils").compile_regexes
    optimized = import_module("bzfs_main.configuration").optimize_snapshot_filters
    groups = [optimized(group) for group in args.snapshot_filters_var]
    for one in (each for group in groups for each in group):
        if one.name == "snapshot_regex":
            one.options = tuple(compiled(regexes or []) for regexes in one.options)
    job = SimpleNamespace(
        params=SimpleNamespace(
            log=logging.getLogger("bzfs"),
            snapshot_filters=groups,
            create_src_snapshots_config=SimpleNamespace(
                current_datetime=datetime.fromtimestamp(NOW, UTC)
            ),
        )
    )
    lines = [f"{s.creation}\t{s.guid}\t{s.name}" for s in listing]
    kept = import_module("bzfs_main.filter").filter_snapshots(job, lines)
    return {line.partition("@")[2] for line in kept}


plans = st.dictionaries(
    st.sampled_from(["on", "on_site", ""]),
    st.dictionaries(
        st.sampled_from(sorted(LENGTHS)), st.integers(0, 3), min_size=1, max_size=2
    ),
    min_size=1,
    max_size=2,
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[dict[str, dict[str, int]], list[Snapshot]]:
    """Give a plan, and snapshots of its kinds and of others, many on the edge of an age."""
    plan = draw(plans)
    scopes = [
        (t, kind, count) for t, kinds in plan.items() for kind, count in kinds.items()
    ]
    made = []
    for number in range(draw(st.integers(1, 25))):
        target, kind, count = draw(st.sampled_from([*scopes, ("off", "hourly", 1)]))
        edge = draw(st.sampled_from([count, count, 1, 4])) * LENGTHS[kind]
        age = max(edge + draw(st.integers(-1, 1)), 0)
        made.append((-age, f"prod_{target}{'_' * bool(target)}2026-01-01_{number}_{kind}"))
    listing = [
        taken(name, NOW + age, txg) for txg, (age, name) in enumerate(sorted(made), 1)
    ]
    return plan, listing


@given(histories())
def test_bzfs_itself(history: tuple[dict[str, dict[str, int]], list[Snapshot]]) -> None:
    """The filter of bzfs selects the same to be kept, whatever the plan, edges included."""
    targets, listing = history
    plan = {"prod": targets}
    if not any(count for periods in targets.values() for count in periods.values()):
        with pytest.raises(PolicyError, match="keeps nothing"):
            convert("bzfs", repr(plan))
        return
    assert left(plan, listing) == bzfs_keeps(plan, listing)
