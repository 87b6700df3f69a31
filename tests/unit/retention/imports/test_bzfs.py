"""bzfs's plans: an imported plan keeps the snapshots that bzfs's own filter keeps."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reading_oracle import NOW, cases, gone, planned, taken
from zfstune.retention.imports.convert import convert
from zfstune.values.errors import PolicyError

if TYPE_CHECKING:
    from zfstune.values.state import Snapshot

DAY = 86400
# The last word is no period of bzfs, so that only the count matters.
LENGTHS = {
    "secondly": 1,
    "100millisecondly": 1,
    "2000millisecondly": 2,
    "90minutely": 5400,
    "hourly": 3600,
    "2daily": 2 * DAY,
    "weekly": 7 * DAY,
    "monthly": DAY * 61 // 2,
    "yearly": 365 * DAY,
    "nightly": 0,
}


def left(plan: dict[str, Any], listing: list[Snapshot]) -> set[str]:
    """Return the short names of the snapshots that the imported policy keeps."""
    lost = gone(planned("bzfs", repr(plan)), listing)
    return {snapshot.short_name for snapshot in listing} - lost


@cache
def bzfs_parser() -> Any:
    """Return bzfs's parser of its command line."""
    return import_module("bzfs_main.argparse_cli").argument_parser()


def bzfs_keeps(plan: dict[str, Any], listing: list[Snapshot]) -> set[str]:
    """Ask bzfs's own parser and filter which snapshots a plan keeps."""
    parser = bzfs_parser()
    option = "--delete-dst-snapshots-except-plan"
    first = vars(parser.parse_args([option, repr(plan), "--", "dummy", "tank/a"]))
    args = parser.parse_args(
        [*first["delete_dst_snapshots_except_plan"], "--", "dummy", "tank/a"]
    )
    compiled = import_module("bzfs_main.util.utils").compile_regexes
    optimized = import_module("bzfs_main.configuration").optimize_snapshot_filters
    groups = [optimized(group) for group in args.snapshot_filters_var]
    for snapshot_filter in (each for group in groups for each in group):
        if snapshot_filter.name == "snapshot_regex":
            options = snapshot_filter.options
            snapshot_filter.options = tuple(compiled(each or []) for each in options)
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
    """Draw a plan, and snapshots of its kinds and of others, many on the edge of an age."""
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
    listing = taken("tank/a", [(name, NOW + age) for age, name in sorted(made)])
    return plan, listing


@settings(max_examples=cases(60))
@given(histories())
def test_bzfs_itself(history: tuple[dict[str, dict[str, int]], list[Snapshot]]) -> None:
    """An imported plan keeps the snapshots that bzfs's filter keeps, edges included."""
    targets, listing = history
    plan = {"prod": targets}
    kept_here, kept_by_bzfs = left(plan, listing), bzfs_keeps(plan, listing)
    assert kept_by_bzfs <= kept_here
    # Parts of a second are rounded up here.
    made = {s.short_name: NOW - (s.creation or 0) for s in listing}
    assert all(
        short.endswith("millisecondly") and made[short] % 1 == 0
        for short in kept_here - kept_by_bzfs
    )


def said(plan: object) -> str:
    """Return the text of the policy for a plan."""
    [imported] = convert("bzfs", plan if isinstance(plan, str) else repr(plan)).policies
    assert imported.dataset == ""
    assert imported.policy.allow_zero
    return imported.text


@pytest.mark.parametrize(
    ("periods", "policy"),
    [
        ({"hourly": 48}, "keep=48 within=2d"),
        ({"12hourly": 2}, "keep=2 within=1d"),
        ({"monthly": 2}, "keep=2 within=61d"),
        ({"monthly": 1}, "keep=1 within=732h"),
        ({"yearly": 1}, "keep=1 within=365d"),
        ({"secondly": 90}, "keep=90 within=90s"),
        ({"millisecondly": 1}, "keep=1 within=1s"),
        ({"100millisecondly": 42}, "keep=42 within=5s"),
        ({"500millisecondly": 2}, "keep=2 within=1s"),
        ({"adhoc": 3}, "keep=3"),
    ],
)
def test_periods(periods: dict[str, int], policy: str) -> None:
    """A count becomes a number and an age; months have 30.5 days, and seconds round up."""
    [period] = periods
    regex = f"o_t_.*_{period}"
    assert said({"o": {"t": periods}}) == f"regex={regex} {policy}; match=* keep=0"


def test_names() -> None:
    """An empty target is followed by a year, and an empty organisation by no underscore."""
    year = "(19|20)[0-9][0-9].*_daily"
    assert said({"a.b": {"": {"daily": 1}}}).startswith(f"regex=a\\.b_{year} keep=1")
    assert said({"": {"t": {"daily": 1}}}).startswith("regex=t_.*_daily keep=1")
    two = said({"o": {"t": {"daily": 1}, "u": {"weekly": 0, "hourly": 2}}})
    assert [part.split()[0] for part in two.split("; ")] == [
        *("regex=o_t_.*_daily", "regex=o_u_.*_hourly", "match=*")
    ]


def test_zeros_keep_nothing() -> None:
    """A plan of zeros destroys everything, which needs consent and is noted."""
    plan = {"o": {"t": {"hourly": 0, "daily": 0}}}
    assert said(plan) == "match=* keep=0"
    [imported] = convert("bzfs", repr(plan)).policies
    assert (
        imported.notes[-1]
        == "the plan keeps no snapshot, and this policy keeps none either"
    )
    assert bzfs_keeps(plan, taken("tank/a", [("o_t_1_hourly", NOW)])) == set()


def test_notes() -> None:
    """Notes tell of destroying all else, of the future, and of parts of a second."""
    [imported] = convert("bzfs", "{'o': {'t': {'hourly': 1}}}").policies
    assert len(imported.notes) == 2
    assert "'match=* keep=0' in this policy" in imported.notes[0]
    assert "dated after now" in imported.notes[1]
    [imported] = convert("bzfs", "{'o': {'t': {'5millisecondly': 1}}}").policies
    assert "whole seconds" in imported.notes[2]


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ("", "is no plan"),
        ("{'o': {'t': {'hourly': print(1)}}}", "is no plan"),
        ("{'o': {'t': ['hourly']}}", "is no plan"),
        ("{'o': 3}", "is no plan"),
        ("[1]", "is no plan"),
        ("(" * 9999, "is no plan"),
        ("{}", "the plan is empty"),
        ("{'o': {'t': {}}}", "the plan is empty"),
        ("{'o': {'t': {'hourly': -1}}}", "'o_t_hourly': -1 is no number of snapshots"),
        ("{'o': {'t': {'hourly': True}}}", "True is no number of snapshots"),
        ("{'o': {'t': {'hourly': '1'}}}", "'1' is no number of snapshots"),
        ("{'o': {'t': {'hourly': 1000000000}}}", "is no number of snapshots"),
        ("{'o': {'t': {'two words': 1}}}", "an organisation, a target and a period"),
        ("{'o': {'t': {'012hourly': 1}}}", "an organisation, a target and a period"),
        ("{'o': {'t': {3: 1}}}", "an organisation, a target and a period"),
        ('{"o\'": {"t": {"hourly": 1}}}', "name cannot hold a quote"),
        ("{1: {'t': {'hourly': 1}}}", "an organisation, a target and a period"),
        ("{'o': {1: {'hourly': 1}}}", "an organisation, a target and a period"),
    ],
)
def test_what_is_no_plan(plan: str, reason: str) -> None:
    """A text that is no plan is refused."""
    with pytest.raises(PolicyError, match=r"^cannot import from bzfs") as no:
        convert("bzfs", plan)
    assert reason in no.value.message
