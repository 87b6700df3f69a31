"""Observed datasets, pools and scheduled runs, for checks and for metrics."""

from __future__ import annotations

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.retention.known_targets import KnownTarget, Lag
    from zfstune.schedules.last_run import LastRun
    from zfstune.values.errors import ZfstuneError

__all__ = ["Observation", "Observed", "ObservedPool", "ObservedTarget"]


@frozen
class Observed:
    """A dataset whose snapshots are looked after.

    Attributes:
        dataset: Its name.
        interval_seconds: The longest time between two snapshots by its schedule;
            None: it has no schedule.
        created: When the dataset was made, in seconds since 1970.
        newest: When the newest snapshot was taken that zfstune took here; None: there
            is none.
        own: The number of snapshots that zfstune took, by their names.
        others: The number of all other snapshots.
        used_bytes: Space that the snapshots hold beyond the dataset itself.
    """

    dataset: str
    interval_seconds: int | None
    created: int
    newest: int | None
    own: int
    others: int
    used_bytes: int


@frozen
class ObservedPool:
    """A pool.

    Attributes:
        pool: Its name.
        size_bytes: Whole size.
        free_bytes: Unallocated space.
        suspended: It lost its devices; none of its datasets was looked at.
    """

    pool: str
    size_bytes: int
    free_bytes: int
    suspended: bool


@frozen
class ObservedTarget:
    """A target of replication, as it is seen from its source.

    Attributes:
        dataset: Name of the source.
        target: The target.
        lag: How far it is behind.
        interval_seconds: The longest time between two snapshots of the source by its
            schedule; None: it has no schedule.
        danger: A clause that says why the next stream may lack its base; empty: the
            base is safe as far as this host can see.
        remedy: A command that helps; may be empty.
    """

    dataset: str
    target: KnownTarget
    lag: Lag
    interval_seconds: int | None = None
    danger: str = ""
    remedy: str = ""

    @property
    def place(self) -> str:
        """The place of the target or, where that is not known, its number."""
        return self.target.place or f"{self.target.identity:016x}"


@frozen
class Observation:
    """The result of one look at datasets, pools and scheduled runs.

    Attributes:
        datasets: The named datasets; without names, those with a schedule and those
            that a schedule takes along.
        pools: The pools of the named datasets; without names, all pools.
        runs: The last runs of the schedules.
        faults: Errors of schedules that cannot be read; the other schedules were
            looked at all the same.
        damaged: Datasets that cannot be read, each with the reason.
        targets: The targets that the named datasets are replicated to; without names,
            those of all datasets.
    """

    datasets: tuple[Observed, ...]
    pools: tuple[ObservedPool, ...]
    runs: tuple[LastRun, ...]
    faults: tuple[ZfstuneError, ...] = ()
    damaged: tuple[tuple[str, str], ...] = ()
    targets: tuple[ObservedTarget, ...] = ()
