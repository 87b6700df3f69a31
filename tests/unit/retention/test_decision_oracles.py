"""Tables from other tools' tests: imported settings keep the same snapshots."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.retention.decision import decide
from zfstune.retention.imports.convert import FORMATS, convert
from zfstune.retention.policy import Group, Policy
from zfstune.retention.policy_text import parse_policy
from zfstune.values.errors import PolicyError
from zfstune.values.state import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable

HOUR, DAY = 3600, 86400
NOW = 1_700_006_400


def taken(short: str, time: int, txg: int) -> Snapshot:
    """Return a snapshot of that second."""
    return Snapshot(f"tank/a@{short}", txg, txg, creation=time)


def left(policy: Policy, snapshots: Iterable[Snapshot], now: int) -> set[str]:
    """Return the short names of the snapshots that a policy keeps."""
    decisions = decide(snapshots, policy, datetime.fromtimestamp(now, UTC))
    return {d.snapshot.short_name for d in decisions if d.keep}


def kept(policy: Policy, times: Iterable[int], now: int) -> list[int]:
    """Return the times of the snapshots that a policy keeps; their names do not matter."""
    everything = Policy(tuple(Group(g.rules, match="*") for g in policy.groups))
    listing = [taken(str(time), time, txg) for txg, time in enumerate(sorted(times), 1)]
    return sorted(int(short) for short in left(everything, listing, now))


def imported(tool: str, text: str) -> Policy:
    """Read settings that hold one policy."""
    [one] = convert(tool, text).policies
    assert parse_policy(one.text, allow_zero=True).groups == one.policy.groups
    return one.policy


@pytest.mark.parametrize(
    ("grid", "ages", "gone"),
    [
        (
            "1x10m(keep=all)|1x10m|1x10m(keep=2)|1x1h",
            [-3, 6, 8, 9, 11, 19, 25, 26, 30, 75, 90, 91, 120],
            [11, 30, 90, 91, 120],
        ),
        ("1x10m|1x10m|1x10m", [-1, 0, 10, 20, 30, 40], [30, 40]),
        ("1x1m(keep=all)|1x1m", [0, 1, 2, 60, 61], [60]),
    ],
)
def test_zrepl_grid_tables(grid: str, ages: list[int], gone: list[int]) -> None:
    """Spans take in their younger edge, leave out the older, and keep the oldest.

    zrepl is told the time; here the newest snapshot gives it, as in zrepl's pruner.
    The third table is in seconds, the others in minutes.
    """
    unit = 1 if "1m" in grid and "10m" not in grid else 60
    past = {age: NOW - age * unit for age in {*ages, 0}}
    at_zero = [] if 0 in ages else [0]
    policy = parse_policy(f"match=* grid='{grid}'")
    stay = kept(policy, past.values(), NOW)
    assert {age for age, time in past.items() if time not in stay} - set(at_zero) == set(
        gone
    )


def test_zrepl_grids_of_two_prefixes() -> None:
    """Each grid sees only the snapshots that its expression names."""
    listing = [
        taken(f"p{prefix}_{letter}", NOW - age, 100 - age)
        for prefix, ages in ((1, (4, 14, 29)), (2, (5, 15, 30)))
        for letter, age in zip("cba", ages, strict=True)
    ]
    policy = parse_policy("regex=p1_.* grid=1x10s|1x10s; regex=p2_.* grid=1x10s|1x10s")
    assert {s.short_name for s in listing} - left(policy, listing, NOW) == {"p1_a", "p2_a"}


@pytest.mark.parametrize(
    ("count", "stay"), [(2, {"4", "5"}), (1, {"5"}), (4, {"2", "3", "4", "5"})]
)
def test_zrepl_last_n(count: int, stay: set[str]) -> None:
    """The newest N stay; of one second, here the later transaction group is newer."""
    minutes = {"1": 10, "2": 20, "3": 15, "4": 30, "5": 30}
    order = sorted(minutes, key=lambda name: (minutes[name], name))
    listing = [taken(name, NOW + minutes[name] * 60, txg) for txg, name in enumerate(order)]
    assert left(parse_policy(f"match=* keep={count}"), listing, NOW + DAY) == stay


def test_bzfs_tables() -> None:
    """The newest N and the young enough stay, the edge included; all others go."""
    policy = imported("bzfs", "{'org': {'site': {'hourly': 3}}}")
    hours = [taken(f"org_site_{h}_hourly", NOW - h * HOUR, 10 - h) for h in range(7)]
    others = [taken("manual", NOW, 20), taken("org_site_x_daily", NOW, 21)]
    stay = {f"org_site_{hour}_hourly" for hour in range(4)}
    assert left(policy, [*hours, *others], NOW) == stay
    assert left(policy, [*hours, *others], NOW + 10**6) == stay - {"org_site_3_hourly"}
    dated = imported("bzfs", "{'org': {'': {'12hourly': 2, 'weekly': 0}}}")
    names = ["org_2026-01-01_12hourly", "org_site_12hourly", "org_2026-01-01_weekly"]
    listing = [taken(name, NOW - 9 * DAY, txg) for txg, name in enumerate(names, 1)]
    assert left(dated, listing, NOW) == {names[0]}


def test_a_tool_that_nobody_knows() -> None:
    """An unknown tool is an error that lists the known ones."""
    with pytest.raises(PolicyError, match="cannot read its settings") as no:
        convert("mole", "")
    assert "zettarepl" in no.value.hint


@given(st.sampled_from(FORMATS), st.text(max_size=80))
def test_any_settings_are_read_or_refused(tool: str, text: str) -> None:
    """Any file gives a policy or a PolicyError, and never another error."""
    try:
        found = convert(tool, text)
    except PolicyError:
        return
    assert found.policies or found.left_out
