"""Measure: carry out a plan, and give what was found.

Each run has a dataset of its own. It is filled and written over until it is as an old one;
then a fixed set of pages is written, batch by batch, each in a transaction group that is
forced, and the devices' counters before and after say what that cost. Data is kept out of
the ARC up to then (``primarycache=metadata``), and the dataset is mounted anew before each
batch and before the reads, which drops what is left of its data
(:meth:`~zfstune.measurement.scratch.Scratch.remount`). So records of which a part is
written are read from the devices, and reads are cold: no pool has to be exported.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime

from zfstune.host.machine_facts import machine_facts
from zfstune.measurement.counters import zil_counts
from zfstune.measurement.data_shape import Corpus
from zfstune.measurement.measure_progress import MeasureProgress
from zfstune.measurement.read_counters import (
    module_parameters,
    write_cache,
    zil_counters,
)
from zfstune.measurement.results import (
    ByteCounts,
    Measured,
    Measurement,
    Procedure,
    Run,
)
from zfstune.measurement.scratch import scratch_in
from zfstune.measurement.settings import are_synced
from zfstune.measurement.sweep import sweep_scratch
from zfstune.measurement.time_run import time_run
from zfstune.measurement.write_objects import Objects
from zfstune.measurement.write_pages import Pages
from zfstune.values.frozen import frozen
from zfstune.values.layout import are_alike

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine
    from zfstune.measurement.measure_plan import MeasurePlan
    from zfstune.measurement.results import Times, ZilCounts
    from zfstune.measurement.scratch import Scratch
    from zfstune.values.state import PoolInfo

__all__ = ["measure"]

_SNAPSHOT = "counted"
_COLD = (
    "data was kept out of the ARC (primarycache=metadata), and the dataset was mounted "
    "anew before each batch and before the reads; indirect blocks were cached"
)
_WHOLE = 100
_DEFERRED_GROUPS = 3


def measure(
    engine: Engine,
    plan: MeasurePlan,
    *,
    command: str,
    time_limit_s: int | None = None,
    show: Callable[[MeasurePlan], object] = lambda _: None,
    on_progress: Callable[[MeasureProgress], object] = lambda _: None,
) -> Measurement:
    """Carry out a plan.

    Args:
        engine: Where the pool is.
        plan: As :func:`~zfstune.measurement.draw_up.draw_up_plan` made it.
        command: The command that repeats it, for the report.
        time_limit_s: After this time no further run is begun; None: there is no limit.
        show: Called with the plan before anything changes.
        on_progress: Called before each step.

    Returns:
        The measurement; `procedure.interrupted` says whether the limit ended it.

    Raises:
        EngineError: ZFS refused, or another measurement runs on the pool.
        ZfstuneError: A file or fio failed. Scratch datasets are removed in any case.
    """
    begin, started = time.monotonic(), datetime.now(UTC)
    show(plan)
    sweep_scratch(engine, plan.pool)
    runs, interrupted = _run_all(engine, plan, begin, time_limit_s, on_progress)
    return Measurement(
        workload=plan.workload.facts,
        procedure=_procedure(
            plan,
            command,
            started,
            seconds=time.monotonic() - begin,
            interrupted=interrupted,
        ),
        profile=plan.workload.profile,
        dataset=plan.workload.dataset,
        chosen=plan.chosen,
        why=plan.why,
        measured=tuple(map(Measured, plan.candidates, plan.predictions, runs)),
        pool=_pool_facts(plan),
        machine=_machine_facts(engine, plan.info),
        parameters=module_parameters() if plan.info.mountable else {},
    )


def _run_all(
    engine: Engine,
    plan: MeasurePlan,
    begin: float,
    time_limit_s: int | None,
    on_progress: Callable[[MeasureProgress], object],
) -> tuple[list[tuple[Run, ...]], bool]:
    """Do the runs; return them by candidate, and whether the limit ended them."""
    runs: list[list[Run]] = [[] for _ in plan.candidates]
    interrupted = False
    mounted = plan.info.mountable
    with scratch_in(engine, plan.pool, plan.scratch_bytes, mounted=mounted) as scratch:
        # Nobody else writes to an image.
        idle_bytes_s = _watch_idle(engine, plan) if mounted else 0.0
        first = time.monotonic()
        for place, (number, index) in enumerate(plan.order):
            if time_limit_s is not None and time.monotonic() - begin > time_limit_s:
                interrupted = True
                break
            each_s = (time.monotonic() - first) / place if place else None
            tell = _telling(plan, place, each_s, on_progress)
            a_run = _OneRun(scratch, plan, index, idle_bytes_s, tell)
            runs[index].append(a_run.run(number, place))
    # A round that the limit cut short would compare different hours.
    complete = min(map(len, runs)) or plan.runs
    return [tuple(found[:complete]) for found in runs], interrupted


def _telling(
    plan: MeasurePlan,
    place: int,
    each_s: float | None,
    on_progress: Callable[[MeasureProgress], object],
) -> Callable[[str, str], object]:
    """Return a function that tells how far the run of a place has come."""
    total = len(plan.order)
    left_s = None if each_s is None else each_s * (total - place)

    def tell(label: str, step: str) -> None:
        on_progress(MeasureProgress(place, total, label, step, left_s))

    return tell


def _watch_idle(engine: Engine, plan: MeasurePlan) -> float:
    """Return the bytes a second that others write to the pool.

    A transaction group is forced before and after, so that its clock does not matter.
    """
    engine.sync(plan.pool)
    before = engine.activity(plan.pool).written_bytes
    time.sleep(plan.idle_s)
    engine.sync(plan.pool)
    return (engine.activity(plan.pool).written_bytes - before) / plan.idle_s


@frozen
class _Written:
    """What the counted batches cost, without what lay between them."""

    page_bytes: int
    leaf_written_bytes: int
    leaf_read_bytes: int
    empty_bytes: int
    seconds: float
    zil: ZilCounts


class _OneRun:
    """One run of one candidate."""

    def __init__(
        self,
        scratch: Scratch,
        plan: MeasurePlan,
        index: int,
        idle_bytes_s: float,
        tell: Callable[[str, str], object],
    ) -> None:
        self._scratch = scratch
        self._engine = scratch.engine
        self._plan = plan
        self._candidate = plan.candidates[index]
        self._idle_bytes_s = idle_bytes_s
        self._tell = tell

    def run(self, number: int, place: int) -> Run:
        """Do it, and return what was found."""
        plan = self._plan
        # What the run before has left is freed now, and written down in the groups that
        # follow (TXG_DEFER_SIZE in include/sys/fs/zfs.h), which must not be counted.
        self._engine.wait(plan.pool, "free")
        self._scratch.force_groups(_DEFERRED_GROUPS)
        properties = {
            **plan.properties,
            "recordsize": str(self._candidate.recordsize_bytes),
            "compression": self._candidate.compression,
            "primarycache": "metadata",
        }
        with self._scratch.dataset(properties) as (name, path):
            pages = self._pages(name, path)
            try:
                counts = self._count(pages, name)
            finally:
                pages.close()
            times, discarded = self._time(name, path)
            activity = self._engine.activity(plan.pool)
            info = self._engine.pool(plan.pool)
        used = info.size_bytes - info.free_bytes
        return Run(
            number=number,
            place=place,
            counts=counts,
            times=times,
            fragmentation_percent=activity.fragmentation_percent,
            fill_percent=_WHOLE * used // info.size_bytes,
            discarded=discarded,
        )

    def _pages(self, name: str, path: str) -> Pages | Objects:
        """Return the files that are written, or what stands for them in an image."""
        plan, corpus = self._plan, Corpus(self._plan.shape, self._plan.seed)
        if not plan.info.mountable:
            size = self._candidate.recordsize_bytes
            return Objects(self._engine, name, plan.batches, corpus, size)
        return Pages(
            path,
            plan.batches,
            corpus,
            lambda: self._engine.sync(plan.pool),
            plan.workload.facts.sync_every,
        )

    def _count(self, pages: Pages | Objects, name: str) -> ByteCounts:
        plan, engine = self._plan, self._engine
        label = self._candidate.label
        objset = int(engine.dataset(name).value("objsetid") or 0)
        self._tell(label, "fill")
        pages.fill()
        allocated = pages.allocated_bytes()
        self._tell(label, "settle")
        pages.write(plan.batches.settling, synced=False)
        snapshot = f"{name}@{_SNAPSHOT}"
        engine.take_snapshots([snapshot])
        engine.sync(plan.pool)
        self._tell(label, "write")
        written = self._write(pages, name, objset)
        pinned = int(engine.dataset(name).value("usedbysnapshots") or 0)
        engine.set(name, {"primarycache": "all"})
        engine.sync(plan.pool)
        self._tell(label, "read")
        self._go_cold(pages, name)
        read_before = engine.activity(plan.pool).read_bytes
        asked = pages.read(plan.batches.asked)
        read_after = engine.activity(plan.pool).read_bytes
        engine.destroy_snapshots([snapshot])
        idle = round(self._idle_bytes_s * written.seconds)
        leaf_written = written.leaf_written_bytes - idle - written.empty_bytes
        synced = plan.info.mountable and are_synced(
            plan.workload.facts.sync_every, plan.settings
        )
        return ByteCounts(
            written_bytes=written.page_bytes,
            leaf_written_bytes=max(leaf_written, 0),
            leaf_read_bytes=written.leaf_read_bytes,
            idle_bytes=idle,
            asked_bytes=asked,
            leaf_asked_bytes=read_after - read_before,
            file_bytes=plan.batches.size_bytes,
            allocated_bytes=allocated,
            pinned_bytes=pinned,
            zil=written.zil if synced else None,
            empty_bytes=written.empty_bytes,
        )

    def _write(self, pages: Pages | Objects, name: str, objset: int) -> _Written:
        """Write the counted batches, each from a cold start, and count what that costs."""
        plan, engine = self._plan, self._engine
        page_bytes, leaf_written, leaf_read, empty_bytes, seconds = 0, 0, 0, 0, 0.0
        log_before, log_after, of_host = Counter[str](), Counter[str](), False
        for batch in plan.batches.counted:
            self._go_cold(pages, name)
            # As above: what the batch before has freed is not a part of this one, nor of
            # the almost empty group that is taken off.
            self._scratch.force_groups(_DEFERRED_GROUPS)
            # A log that begins waits for a transaction group (zil_create() in
            # module/zfs/zil.c). It has begun before the counting, as an application's has.
            pages.touch(synced=True)
            first = engine.activity(plan.pool)
            pages.touch(synced=False)
            log, of_host = zil_counters(plan.pool, objset)
            log_before.update(log)
            before, begin = engine.activity(plan.pool), time.monotonic()
            page_bytes += pages.write((batch,), synced=True)
            after, end = engine.activity(plan.pool), time.monotonic()
            log_after.update(zil_counters(plan.pool, objset)[0])
            empty_bytes += before.written_bytes - first.written_bytes
            leaf_written += after.written_bytes - before.written_bytes
            leaf_read += after.read_bytes - before.read_bytes
            seconds += end - begin
        zil = zil_counts(log_before, log_after, of_host=of_host)
        return _Written(page_bytes, leaf_written, leaf_read, empty_bytes, seconds, zil)

    def _go_cold(self, pages: Pages | Objects, name: str) -> None:
        pages.close()
        self._scratch.remount(name)

    def _time(self, name: str, path: str) -> tuple[Times | None, str]:
        """Run fio; return its times, and the reason why they do not count."""
        plan = self._plan
        if not plan.fio.run_s:
            return None, ""
        self._tell(self._candidate.label, "fio")
        cache = plan.settings.get("primarycache", "all")
        self._engine.set(name, {"primarycache": cache})
        objset = int(self._engine.dataset(name).value("objsetid") or 0)
        return time_run(self._engine, plan, objset, path)


def _procedure(
    plan: MeasurePlan,
    command: str,
    started: datetime,
    *,
    seconds: float,
    interrupted: bool,
) -> Procedure:
    return Procedure(
        size_bytes=plan.batches.size_bytes,
        files=plan.batches.files,
        runs=plan.runs,
        seed=plan.seed,
        data=plan.shape.source,
        fractions={str(size): part for size, part in plan.shape.fractions.items()},
        settled=sum(map(len, plan.batches.settling)),
        pages=plan.batches.written_pages,
        cold=_COLD,
        run_s=float(plan.fio.run_s),
        warmup_s=float(plan.fio.warmup_s),
        command=command,
        started=started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        seconds=round(seconds, 1),
        interrupted=interrupted,
    )


def _machine_facts(engine: Engine, info: PoolInfo) -> dict[str, str]:
    """Return the facts about the machine; in an image, OpenZFS is that of libzpool."""
    if info.mountable:
        return machine_facts()
    release = ".".join(map(str, engine.limits.release))
    return {**machine_facts(), "openzfs": f"libzpool {release}, in user space"}


def _pool_facts(plan: MeasurePlan) -> dict[str, str]:
    """Return the facts about a pool that a report of figures must have."""
    info, properties = plan.info, {**plan.settings, **plan.properties}
    caches = {write_cache(device) for vdev in info.vdevs for device in vdev.devices}
    return {
        "name": info.name,
        "layout": " ".join(
            vdev.kind if vdev.role == "normal" else f"{vdev.kind} ({vdev.role})"
            for vdev in info.vdevs
        ),
        "ashift": str(info.ashift),
        "size_bytes": str(info.size_bytes),
        "free_bytes": str(info.free_bytes),
        "rotational": "yes" if info.rotational else "no",
        "features": " ".join(sorted(info.active)),
        "write_cache": ", ".join(sorted(caches - {""})),
        "properties": " ".join(f"{name}={text}" for name, text in properties.items()),
        "alike": "yes" if are_alike(info) else "no",
        "remarks": "\n".join(plan.remarks),
    }
