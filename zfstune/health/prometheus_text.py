"""Metrics in Prometheus' text format, for node_exporter's textfile collector.

The format: https://prometheus.io/docs/instrumenting/exposition_formats/ (version
0.0.4). Samples carry no time of their own, as that collector demands.
"""

from __future__ import annotations

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from zfstune.health.observation import Observed, ObservedPool
    from zfstune.schedules.last_run import LastRun

__all__ = ["Family", "families", "render"]


@frozen
class Family:
    """A metric with its samples.

    Attributes:
        name: Without the ``zfstune_`` that all begin with.
        text: What it is.
        samples: Labels, and the value.
    """

    name: str
    text: str
    samples: tuple[tuple[Mapping[str, str], int], ...]


def families(
    datasets: Iterable[Observed],
    pools: Iterable[ObservedPool],
    runs: Iterable[LastRun],
    version: str,
    damaged: Iterable[tuple[str, str]] = (),
) -> tuple[Family, ...]:
    """Give all metrics; one without a sample is left out."""
    found = [
        Family("build_info", "The version of zfstune.", (({"version": version}, 1),)),
        *_of_datasets(tuple(datasets)),
        *_of_pools(tuple(pools)),
        *_of_runs(tuple(runs)),
        Family(
            "dataset_damaged",
            "Datasets that cannot be read.",
            tuple(({"dataset": name}, 1) for name, _ in damaged),
        ),
    ]
    return tuple(family for family in found if family.samples)


def render(metrics: Iterable[Family]) -> str:
    """Write metrics as text, ending in a newline."""
    lines = []
    for family in metrics:
        name = f"zfstune_{family.name}"
        text = family.text.replace("\\", r"\\").replace("\n", r"\n")
        lines += [f"# HELP {name} {text}", f"# TYPE {name} gauge"]
        for labels, value in family.samples:
            pairs = ",".join(f'{key}="{_escaped(of)}"' for key, of in labels.items())
            lines.append(f"{name}{{{pairs}}} {value}")
    return "\n".join(lines) + "\n"


def _of_datasets(datasets: tuple[Observed, ...]) -> Iterator[Family]:
    named = [({"dataset": each.dataset}, each) for each in datasets]
    yield Family(
        "snapshot_newest_timestamp_seconds",
        "When the newest snapshot was taken that zfstune took.",
        tuple((who, d.newest) for who, d in named if d.newest is not None),
    )
    yield Family(
        "snapshot_interval_seconds",
        "The longest time between two snapshots by the schedule.",
        tuple(
            (who, d.interval_seconds) for who, d in named if d.interval_seconds is not None
        ),
    )
    yield Family(
        "snapshots",
        "How many snapshots there are, by who took them.",
        tuple(
            ({**who, "made_by": by}, count)
            for who, d in named
            for by, count in (("zfstune", d.own), ("others", d.others))
        ),
    )
    yield Family(
        "snapshots_used_bytes",
        "What the snapshots hold that the dataset itself does not.",
        tuple((who, d.used_bytes) for who, d in named),
    )


def _of_pools(pools: tuple[ObservedPool, ...]) -> Iterator[Family]:
    named = [({"pool": each.pool}, each) for each in pools]
    whole = [(who, pool) for who, pool in named if not pool.suspended]
    yield Family(
        "pool_size_bytes",
        "The size of the pool.",
        tuple((who, pool.size_bytes) for who, pool in whole),
    )
    yield Family(
        "pool_free_bytes",
        "Space of the pool that is not allocated.",
        tuple((who, pool.free_bytes) for who, pool in whole),
    )
    yield Family(
        "pool_suspended",
        "Whether the pool lost its devices.",
        tuple((who, int(pool.suspended)) for who, pool in named),
    )


def _of_runs(runs: tuple[LastRun, ...]) -> Iterator[Family]:
    named = [({"dataset": run.dataset, "job": run.job}, run) for run in runs]
    yield Family(
        "last_run_timestamp_seconds",
        "When the last scheduled run ended.",
        tuple((who, run.ended) for who, run in named),
    )
    yield Family(
        "last_run_duration_seconds",
        "How long the last scheduled run took.",
        tuple((who, max(run.ended - run.began, 0)) for who, run in named),
    )
    yield Family(
        "last_run_success",
        "Whether the last scheduled run did what it was to do.",
        tuple((who, int(not run.error)) for who, run in named),
    )
    yield Family(
        "last_run_snapshots",
        "What the last scheduled run did to how many snapshots.",
        tuple(
            ({**who, "did": did}, count)
            for who, run in named
            for did, count in (
                ("take", run.taken),
                ("destroy", run.destroyed),
                ("spare", run.spared),
            )
        ),
    )


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
