"""The metrics, as Prometheus' own parser reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from observed_data import POOL, last_runs, observed, observed_datasets
from zfstune.health.observation import ObservedTarget
from zfstune.health.prometheus_text import Family, families, render_metrics
from zfstune.retention.known_targets import KnownTarget, Lag
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from zfstune.health.observation import Observed
    from zfstune.schedules.last_run import LastRun


@given(st.lists(observed_datasets, max_size=4), st.lists(last_runs, max_size=3))
def test_prometheus_reads_what_is_written(
    datasets: list[Observed], noted: list[LastRun]
) -> None:
    """Prometheus' own parser returns each family, each label and each number."""
    found = families(datasets, [POOL], noted, "1.0")
    text = render_metrics(found)
    assert text.endswith("\n")
    parsed = {family.name: family for family in text_string_to_metric_families(text)}
    assert parsed.keys() == {f"zfstune_{family.name}" for family in found}
    for family in found:
        read = parsed[f"zfstune_{family.name}"]
        assert (read.type, read.documentation) == ("gauge", family.text)
        assert [(s.labels, s.value) for s in read.samples] == [
            (dict(labels), value) for labels, value in family.samples
        ]
        assert [s.timestamp for s in read.samples] == [None] * len(family.samples)


@given(st.text(max_size=30))
def test_labels_are_escaped(value: str) -> None:
    """Any text of a label comes back from the parser."""
    [family] = text_string_to_metric_families(
        render_metrics([Family("x", value, (({"a": value}, 1),))])
    )
    assert family.samples[0].labels == {"a": value}


def test_how_far_targets_are_behind() -> None:
    """A lag that is not known has no sample; a target without a place has its number."""
    far = ObservedTarget("tank/a", KnownTarget(5, "h:b", None, ()), Lag(2, 90))
    unplaced = KnownTarget(6, "", None, ())
    unknown = ObservedTarget("tank/a", unplaced, Lag(3, None), danger="it is gone")
    text = render_metrics(families([], [], [], "1.0", targets=[far, unknown]))
    samples = [line for line in text.splitlines() if line.startswith("zfstune_replica")]
    assert samples == [
        'zfstune_replica_lag_seconds{dataset="tank/a",target="h:b"} 90',
        'zfstune_replica_snapshots_behind{dataset="tank/a",target="h:b"} 2',
        'zfstune_replica_snapshots_behind{dataset="tank/a",target="0000000000000006"} 3',
        'zfstune_replica_base_endangered{dataset="tank/a",target="h:b"} 0',
        'zfstune_replica_base_endangered{dataset="tank/a",target="0000000000000006"} 1',
    ]


def test_absent_is_not_zero() -> None:
    """A fact that is not known has no sample."""
    text = render_metrics(
        families([observed(None, None)], [replace(POOL, suspended=True)], [], "1")
    )
    assert "newest_timestamp" not in text
    assert "interval" not in text
    assert "free_bytes" not in text
    assert 'zfstune_pool_suspended{pool="tank"} 1' in text
    assert 'zfstune_snapshots{dataset="tank/a",made_by="others"} 1' in text
