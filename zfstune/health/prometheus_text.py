"""Metrics in Prometheus' text format, for node_exporter's textfile collector.

Version 0.0.4 of the format: https://prometheus.io/docs/instrumenting/exposition_formats/
Samples have no timestamps, since that collector refuses them.
"""

from __future__ import annotations

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from zfstune.health.observation import Observed, ObservedPool, ObservedTarget
    from zfstune.schedules.last_run import LastRun

__all__ = ["Family", "families", "render_metrics"]


@frozen
class Family:
    """A metric with its samples.

    Attributes:
        name: Its name without the prefix ``zfstune_``.
        text: A sentence for the ``HELP`` line.
        samples: The labels and the value of each sample.
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
    *,
    targets: Iterable[ObservedTarget] = (),
) -> tuple[Family, ...]:
    """Make the metrics of an observation, without those that have no sample.

    Args:
        datasets: Datasets whose snapshots are looked after.
        pools: Pools.
        runs: The last runs of schedules.
        version: The version of zfstune.
        damaged: Names of datasets that cannot be read, each with the reason.
        targets: Targets of replication.
    """
    metrics = [
        Family("build_info", "The version of zfstune.", (({"version": version}, 1),)),
        *_of_datasets(tuple(datasets)),
        *_of_pools(tuple(pools)),
        *_of_runs(tuple(runs)),
        *_of_targets(tuple(targets)),
        Family(
            "dataset_damaged",
            "Datasets that cannot be read.",
            tuple(({"dataset": name}, 1) for name, _ in damaged),
        ),
    ]
    return tuple(family for family in metrics if family.samples)


def render_metrics(metrics: Iterable[Family]) -> str:
    """Write metrics as text, ending in a newline."""
    lines = []
    for family in metrics:
        name = f"zfstune_{family.name}"
        sentence = family.text.replace("\\", r"\\").replace("\n", r"\n")
        lines += [f"# HELP {name} {sentence}", f"# TYPE {name} gauge"]
        for labels, value in family.samples:
            pairs = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
            lines.append(f"{name}{{{pairs}}} {value}")
    return "\n".join(lines) + "\n"


def _of_datasets(datasets: tuple[Observed, ...]) -> Iterator[Family]:
    named = [({"dataset": d.dataset}, d) for d in datasets]
    yield Family(
        "snapshot_newest_timestamp_seconds",
        "The time of the newest snapshot that zfstune took.",
        tuple((labels, d.newest) for labels, d in named if d.newest is not None),
    )
    yield Family(
        "snapshot_interval_seconds",
        "The longest time between two snapshots by the schedule.",
        tuple(
            (labels, d.interval_seconds)
            for labels, d in named
            if d.interval_seconds is not None
        ),
    )
    yield Family(
        "snapshots",
        "The number of snapshots, by the program that took them.",
        tuple(
            ({**labels, "made_by": maker}, count)
            for labels, d in named
            for maker, count in (("zfstune", d.own), ("others", d.others))
        ),
    )
    yield Family(
        "snapshots_used_bytes",
        "The space that only snapshots hold, and not the dataset itself.",
        tuple((labels, d.used_bytes) for labels, d in named),
    )


def _of_pools(pools: tuple[ObservedPool, ...]) -> Iterator[Family]:
    named = [({"pool": pool.pool}, pool) for pool in pools]
    known = [(labels, pool) for labels, pool in named if not pool.suspended]
    yield Family(
        "pool_size_bytes",
        "The size of the pool.",
        tuple((labels, pool.size_bytes) for labels, pool in known),
    )
    yield Family(
        "pool_free_bytes",
        "Space of the pool that is not allocated.",
        tuple((labels, pool.free_bytes) for labels, pool in known),
    )
    yield Family(
        "pool_suspended",
        "Whether the pool lost its devices.",
        tuple((labels, int(pool.suspended)) for labels, pool in named),
    )


def _of_runs(runs: tuple[LastRun, ...]) -> Iterator[Family]:
    named = [({"dataset": run.dataset, "run": run.job}, run) for run in runs]
    yield Family(
        "last_run_timestamp_seconds",
        "When the last scheduled run ended.",
        tuple((labels, run.ended) for labels, run in named),
    )
    yield Family(
        "last_run_duration_seconds",
        "How long the last scheduled run took.",
        tuple((labels, max(run.ended - run.began, 0)) for labels, run in named),
    )
    yield Family(
        "last_run_success",
        "Whether the last scheduled run succeeded.",
        tuple((labels, int(not run.error)) for labels, run in named),
    )
    yield Family(
        "last_run_snapshots",
        "How many snapshots the last scheduled run took, destroyed or spared.",
        tuple(
            ({**labels, "did": action}, count)
            for labels, run in named
            for action, count in (
                ("take", run.taken),
                ("destroy", run.destroyed),
                ("spare", run.spared),
            )
        ),
    )
    yield Family(
        "last_run_streams",
        "How many streams the last scheduled run sent.",
        tuple((labels, run.sent) for labels, run in named if run.job == "replicate"),
    )


def _of_targets(targets: tuple[ObservedTarget, ...]) -> Iterator[Family]:
    named = [({"dataset": t.dataset, "target": t.place}, t) for t in targets]
    yield Family(
        "replica_lag_seconds",
        "The time between the newest snapshot that the target has and the newest there is.",
        tuple((labels, t.lag.seconds) for labels, t in named if t.lag.seconds is not None),
    )
    yield Family(
        "replica_snapshots_behind",
        "The number of snapshots that are newer than the newest that the target has.",
        tuple((labels, t.lag.snapshots) for labels, t in named),
    )
    yield Family(
        "replica_base_endangered",
        "Whether the next stream to the target may lack its base.",
        tuple((labels, int(bool(t.danger))) for labels, t in named),
    )


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
