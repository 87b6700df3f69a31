"""Observed datasets, pools and scheduled runs, for checks and for metrics."""

from __future__ import annotations

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.schedules.last_run import LastRun
    from zfstune.values.errors import ZfstuneError

__all__ = ["Observation", "Observed", "ObservedPool"]


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
    """

    datasets: tuple[Observed, ...]
    pools: tuple[ObservedPool, ...]
    runs: tuple[LastRun, ...]
    faults: tuple[ZfstuneError, ...] = ()
    damaged: tuple[tuple[str, str], ...] = ()
