"""The plan of a measurement: what is done in which order, what it writes, and refusals."""

from __future__ import annotations

from random import Random
from types import MappingProxyType

from zfstune.measurement.plain import to_plain
from zfstune.measurement.prediction import record_length
from zfstune.values.errors import Busy, NoSpace, PlanError, ReadOnly
from zfstune.values.frozen import frozen
from zfstune.values.layout import data_vdev
from zfstune.values.ondisk import allocated_bytes, device_bytes
from zfstune.values.size import format_size
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.measurement.batches import Batches
    from zfstune.measurement.candidate import Candidate
    from zfstune.measurement.data_shape import DataShape
    from zfstune.measurement.job_file import Workload
    from zfstune.measurement.results import Prediction
    from zfstune.values.pool_activity import PoolActivity
    from zfstune.values.state import PoolInfo

__all__ = ["Fio", "MeasurePlan", "check_pool_fit", "choose_fio", "scratch_bytes"]

_NOTHING: Mapping[str, str] = MappingProxyType({})
_MOST_FULL_PERCENT = 80
_WHOLE = 100
_SLACK_BYTES = 64 << 20
# A run of fio spans this many transaction groups, its warm-up some of them; see
# zfs_txg_timeout in man/man4/zfs.4.
_GROUPS, _FEWEST_GROUPS, _WARM_UP_GROUPS = 6, 3, 2
# What a plan reckons with where nobody knows the devices.
_BYTES_S = 100 << 20
_READ_S, _ROTATING_READ_S = 0.0003, 0.010
_SYNC_S, _IMAGE_SYNC_S = 0.2, 0.05
_SYNCS = 68


@frozen
class Fio:
    """How long fio runs in each run: none of it where `run_s` is 0."""

    run_s: int
    warmup_s: int


@frozen
class MeasurePlan:
    """What is going to be done.

    Attributes:
        pool: Name of the pool.
        workload: The workload.
        shape: The data.
        candidates: What is compared, smallest records first.
        chosen: The profile's choice for this pool; None: there is none.
        why: The reason that the profile gives for it; may be empty.
        properties: Other properties of the scratch datasets, as the profile sets them.
        batches: The places that are written and read in each run.
        predictions: What the model says, by candidate.
        runs: Runs of each candidate.
        seed: The seed of all that is random.
        fio: How long fio runs.
        idle_s: How long the idle pool is watched first.
        scratch_bytes: The space that is needed at the most.
        info: The pool.
        settings: The settings that a dataset directly below the pool would have.
        remarks: Sentences about settings that the figures depend on.
    """

    pool: str
    workload: Workload
    shape: DataShape
    candidates: tuple[Candidate, ...]
    chosen: Candidate | None
    why: str
    properties: Mapping[str, str]
    batches: Batches
    predictions: tuple[Prediction | None, ...]
    runs: int
    seed: int
    fio: Fio
    idle_s: int
    scratch_bytes: int
    info: PoolInfo
    settings: Mapping[str, str] = _NOTHING
    remarks: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[tuple[int, int], ...]:
        """The runs in order, each as its number and the index of its candidate.

        All candidates are run once, in random order, before any is run again: what changes
        with time (heat, fill, other load) hits all of them.
        """
        random = Random(self.seed)  # noqa: S311 (it need not be hard to guess)
        indexes = range(len(self.candidates))
        return tuple(
            (number, index)
            for number in range(self.runs)
            for index in random.sample(indexes, len(indexes))
        )

    @property
    def written_bytes(self) -> int:
        """About what the devices write, without fio."""
        vdev = data_vdev(self.info)
        total = 0
        for candidate in self.candidates:
            record = record_length(self.batches.file_bytes, candidate.recordsize_bytes)
            fraction = self.shape.fraction(record)
            if candidate.compression == "off":
                fraction = 1.0
            stored = round(record * fraction)
            total += self._written_records(record) * device_bytes(vdev, stored)
        return total * self.runs

    def _written_records(self, record: int) -> int:
        """Return how many records one run writes: all, and those of each batch."""
        all_of_them = self.batches.size_bytes // record
        # Each page lies in a record; a batch writes a record once at the most.
        return all_of_them + sum(
            min(
                all_of_them,
                max(len(batch), sum(size for *_, size in batch) // record),
            )
            for batch in (*self.batches.settling, *self.batches.counted)
        )

    @property
    def seconds(self) -> int:
        """About how long it takes."""
        sync_s = _SYNC_S if self.info.mountable else _IMAGE_SYNC_S
        each = self.fio.run_s + self.fio.warmup_s + _SYNCS * sync_s
        read_s = _ROTATING_READ_S if self.info.rotational else _READ_S
        reads = len(self.batches.asked) + self.batches.written_pages
        count = len(self.candidates) * self.runs
        writing = self.written_bytes / _BYTES_S
        return round(self.idle_s + count * (each + reads * read_s) + writing)

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        return {
            "pool": self.pool,
            "workload": self.workload.facts.name,
            "data": self.shape.source,
            "candidates": [to_plain(candidate) for candidate in self.candidates],
            "chosen": to_plain(self.chosen),
            "predicted": [to_plain(prediction) for prediction in self.predictions],
            "runs": self.runs,
            "size_bytes": self.batches.size_bytes,
            "pages": self.batches.written_pages,
            "fio_s": self.fio.run_s,
            "seconds": self.seconds,
            "written_bytes": self.written_bytes,
            "scratch_bytes": self.scratch_bytes,
            "remarks": list(self.remarks),
        }


def scratch_bytes(batches: Batches, candidates: tuple[Candidate, ...]) -> int:
    """Return the space that one run needs at the most, uncompressed.

    fio may append as much as the files are long, and a snapshot keeps the records that are
    written over.
    """
    largest = max(candidate.recordsize_bytes for candidate in candidates)
    record = record_length(batches.file_bytes, largest)
    places = (size for batch in batches.counted for *_, size in batch)
    pinned = min(sum(max(record, size) for size in places), batches.size_bytes)
    return 2 * batches.size_bytes + pinned + _SLACK_BYTES


def choose_fio(
    group_s: int, *, count: int, time_limit_s: int | None, only_bytes: bool
) -> Fio:
    """Choose how long fio runs.

    Args:
        group_s: Seconds of a transaction group, ``zfs_txg_timeout``.
        count: How many runs there are, of all candidates.
        time_limit_s: What all of them together may take; None: there is no limit.
        only_bytes: fio is not to run.

    Raises:
        PlanError: The limit leaves each run too little.
    """
    if only_bytes:
        return Fio(0, 0)
    warmup_s = _WARM_UP_GROUPS * group_s
    run_s = _GROUPS * group_s
    if time_limit_s is not None:
        # About as much again goes to filling, counting and waiting.
        run_s = min(run_s, (time_limit_s // count - warmup_s) // 2)
    if run_s < _FEWEST_GROUPS * group_s:
        least = count * (2 * _FEWEST_GROUPS * group_s + warmup_s)
        raise PlanError(
            f"cannot measure in {time_limit_s} s: each of {count} runs would see fewer "
            f"than {_FEWEST_GROUPS} transaction groups of {group_s} s",
            hint=f"give --time-limit {least}s or more, fewer --runs or --recordsize, or "
            "--only-bytes",
        )
    return Fio(run_s, warmup_s)


def check_pool_fit(info: PoolInfo, activity: PoolActivity, needed_bytes: int) -> None:
    """Refuse a pool that is no place for a measurement.

    Raises:
        EngineError: It is read-only, busy, too full, or would be.
    """
    if info.readonly:
        raise ReadOnly(
            operation="measure on",
            target=info.name,
            reason="it was imported read-only",
            hint=f"zpool export {for_shell(info.name)}, and import it without readonly=on",
        )
    if activity.busy_with:
        verb = {"scrub": "being scrubbed", "resilver": "resilvering"}
        doing = verb.get(activity.busy_with, "being rebuilt")
        scrub = activity.busy_with == "scrub"
        command = "zpool wait -t scrub" if scrub else "zpool wait -t resilver"
        raise Busy(
            operation="measure on",
            target=info.name,
            reason=f"it is {doing}, which would be measured too",
            hint=f"wait until it is done: `{command} {for_shell(info.name)}`",
        )
    used = info.size_bytes - info.free_bytes
    percent = _WHOLE * used // max(info.size_bytes, 1)
    if percent >= _MOST_FULL_PERCENT:
        raise NoSpace(
            operation="measure on",
            target=info.name,
            reason=f"it is {percent} % full; from {_MOST_FULL_PERCENT} % on, a pool is "
            "slow for reasons of its own",
            hint="measure on another pool of the same make, or free space first",
        )
    taken = allocated_bytes(data_vdev(info), needed_bytes)
    room = info.size_bytes * _MOST_FULL_PERCENT // _WHOLE - used
    if taken > room:
        raise NoSpace(
            operation="measure on",
            target=info.name,
            reason=f"it needs {format_size(taken, exact=False)}, and "
            f"{format_size(max(room, 0), exact=False)} are left until it is "
            f"{_MOST_FULL_PERCENT} % full",
            hint="measure with a smaller --size",
        )
