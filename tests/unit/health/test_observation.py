"""One observation serves checks and metrics."""

from __future__ import annotations

from observed_data import HOUR, NOW, POOL, observed
from zfstune.health.nagios import CRITICAL, judge
from zfstune.health.observation import Observation
from zfstune.health.prometheus_text import families, render_metrics
from zfstune.schedules.last_run import LastRun


def test_check_and_metrics_read_the_same_observation() -> None:
    """The age, the failed run and the damage of one observation are in both texts."""
    seen = Observation(
        datasets=(observed(2 * HOUR),),
        pools=(POOL,),
        runs=(LastRun("tank/a", "prune", NOW - 5, NOW, "cannot: why"),),
        damaged=(("tank/b", "an I/O error"),),
    )
    check = judge(seen.datasets, seen.pools, seen.runs, NOW, damaged=seen.damaged)
    assert check.status == CRITICAL
    assert [problem.target for problem in check.problems] == ["tank/b", "tank/a", "tank/a"]
    assert f"'tank/a age'={2 * HOUR}s;" in check.line()
    metrics = families(seen.datasets, seen.pools, seen.runs, "1.0", seen.damaged)
    lines = render_metrics(metrics).splitlines()
    newest = NOW - 2 * HOUR
    newest_line = 'zfstune_snapshot_newest_timestamp_seconds{dataset="tank/a"}'
    assert f"{newest_line} {newest}" in lines
    assert 'zfstune_last_run_success{dataset="tank/a",run="prune"} 0' in lines
    assert 'zfstune_dataset_damaged{dataset="tank/b"} 1' in lines
