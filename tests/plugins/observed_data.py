"""Observations that are made up, for the tests of checks and of metrics."""

from __future__ import annotations

from hypothesis import strategies as st

from zfstune.health.observation import Observed, ObservedPool
from zfstune.schedules.last_run import LastRun

NOW = 1_800_000_000
HOUR = 3600
POOL = ObservedPool("tank", 1 << 40, 1 << 39, suspended=False)


def observed(
    age: int | None, interval: int | None = HOUR, name: str = "tank/a"
) -> Observed:
    """Make an hourly dataset, ten days old, whose newest snapshot has an age."""
    newest = None if age is None else NOW - age
    return Observed(name, interval, NOW - 240 * HOUR, newest, 3, 1, 1 << 20)


_names = st.from_regex(
    r"[a-z][a-zA-Z0-9_.: -]{0,20}(/[a-zA-Z0-9_.:-]{1,9}){0,3}", fullmatch=True
)
observed_datasets = st.builds(
    Observed,
    _names,
    st.none() | st.integers(300, 1 << 22),
    st.integers(0, NOW),
    st.none() | st.integers(0, NOW + 1000),
    st.integers(0, 1 << 20),
    st.integers(0, 1 << 20),
    st.integers(0, 1 << 62),
)
last_runs = st.builds(
    LastRun,
    _names,
    st.sampled_from(["snapshot", "prune"]),
    st.integers(0, NOW),
    st.integers(0, NOW),
    st.text(max_size=20),
    st.integers(0, 99),
)
