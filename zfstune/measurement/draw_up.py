"""Draw up the plan of a measurement, by what the pool and the profile say."""

from __future__ import annotations

from zfstune.datasets.request import Request
from zfstune.datasets.wanted import wanted_datasets
from zfstune.engine.pools import choose_pool, ready_pool
from zfstune.host.compressors import compressed_size, knows
from zfstune.measurement.batches import plan_batches
from zfstune.measurement.candidate import Candidate
from zfstune.measurement.data_shape import Corpus
from zfstune.measurement.job_file import RANDOM
from zfstune.measurement.load_workload import load_job, load_workload
from zfstune.measurement.measure_plan import (
    MeasurePlan,
    check_pool_fit,
    choose_fio,
    scratch_bytes,
)
from zfstune.measurement.prediction import predict
from zfstune.measurement.read_counters import module_parameters
from zfstune.measurement.run_fio import check_fio
from zfstune.measurement.settings import (
    KEPT,
    properties_for,
    remarks,
    settings_below,
)
from zfstune.measurement.take_sample import take_sample
from zfstune.profiles.fit import fit_value
from zfstune.profiles.load import load
from zfstune.values import properties as props
from zfstune.values.errors import InvalidValue, PlanError
from zfstune.values.frozen import frozen, replace
from zfstune.values.layout import layout_of
from zfstune.values.property_rules import display
from zfstune.values.size import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from zfstune.engine.protocol import Engine
    from zfstune.measurement.batches import Batches
    from zfstune.measurement.job_file import Workload
    from zfstune.measurement.results import Prediction
    from zfstune.values.state import PoolInfo

    ChoosePlaces = Callable[[Workload, int, int], Batches]

__all__ = ["Wishes", "draw_up_plan"]

_USUAL_BYTES = 128 << 10  # the default of recordsize
_LARGE_BYTES = 1 << 20
_LEAST_RECORD = 4096
_USUAL_GROUP_S = 5
_IDLE_S = 5
_SIZE_BYTES, _IMAGE_SIZE_BYTES = 256 << 20, 16 << 20


@frozen
class Wishes:
    """What the caller asks for: a name, a job or a trace, and how to measure.

    Attributes:
        name: A profile, as in ``postgres`` or ``postgres:seed``, or a workload.
        job: The path of a job file, in place of a workload that ships; may be empty.
        pool: Name of the pool; None: see :func:`zfstune.engine.pools.choose_pool`.
        recordsizes: In bytes; none: the profile's choice and its neighbours.
        compressions: None: the profile's choice.
        size_bytes: The length of all files of a run; None: 256M, and in an image 16M.
        runs: Runs of each candidate; times are compared from three on.
        time_limit_s: What all of it may take; None: there is no limit.
        sample: A file or folder that the data is made after; may be empty.
        only_bytes: fio does not run.
        seed: The seed of all that is random.
        trace: The path of a trace that the workload is made of; may be empty.
        replay: Write and read at the very places of the trace.
    """

    name: str = ""
    job: str = ""
    pool: str | None = None
    recordsizes: tuple[int, ...] = ()
    compressions: tuple[str, ...] = ()
    size_bytes: int | None = None
    runs: int = 3
    time_limit_s: int | None = None
    sample: str = ""
    only_bytes: bool = False
    seed: int = 1
    trace: str = ""
    replay: bool = False


def draw_up_plan(
    engine: Engine, wishes: Wishes, *, choose_places: ChoosePlaces = plan_batches
) -> MeasurePlan:
    """Draw up the plan; nothing is changed.

    Args:
        engine: Where the pool is.
        wishes: What the caller asks for.
        choose_places: Chooses the places of a run, where no trace has them.

    Raises:
        ZfstuneError: The pool, the values or this machine do not admit it.
    """
    workload = _workload(wishes)
    if wishes.runs < 1:
        raise InvalidValue(f"cannot measure with {wishes.runs} runs: one is the least")
    pool = choose_pool(engine, wishes.pool)
    info = ready_pool(engine, pool, operation="measure on")
    chosen, why, properties = _wanted(engine, info, wishes, workload)
    settings = settings_below(engine.dataset(pool), properties)
    candidates = _candidates(engine, info, wishes, workload, chosen)
    activity = engine.activity(pool)
    # Places in files that do not fit need not be chosen: there may be billions of them.
    check_pool_fit(info, activity, 2 * (wishes.size_bytes or 0))
    batches = _batches(wishes, workload, info, choose_places)
    needed = scratch_bytes(batches, candidates)
    check_pool_fit(info, activity, needed)
    group_s = int(module_parameters().get("zfs_txg_timeout", _USUAL_GROUP_S))
    fio = choose_fio(
        group_s,
        count=len(candidates) * wishes.runs,
        time_limit_s=wishes.time_limit_s,
        # Nothing in an image is mounted, and times of user space are no times of a kernel.
        only_bytes=wishes.only_bytes or not info.mountable,
    )
    if fio.run_s:
        check_fio()
    shape = take_sample(wishes.sample, wishes.seed) if wishes.sample else workload.shape
    return MeasurePlan(
        pool=pool,
        workload=workload,
        shape=shape,
        candidates=candidates,
        chosen=chosen,
        why=why,
        properties=properties_for(properties, settings),
        batches=batches,
        predictions=_predictions(
            candidates, batches, Corpus(shape, wishes.seed), info, settings
        ),
        runs=wishes.runs,
        seed=wishes.seed,
        fio=fio,
        idle_s=_IDLE_S if info.mountable else 0,
        scratch_bytes=needed,
        info=info,
        settings=settings,
        remarks=remarks(workload, settings, info),
    )


def _predictions(
    candidates: Sequence[Candidate],
    batches: Batches,
    corpus: Corpus,
    info: PoolInfo,
    settings: Mapping[str, str],
) -> tuple[Prediction | None, ...]:
    """Return what the model says, by candidate; None where it knows no such compression."""
    layout = layout_of(
        info,
        small_bytes=int(settings.get("special_small_blocks", "0")),
        copies=int(settings.get("copies", "1")),
    )
    return tuple(
        predict(candidate, batches, corpus, layout, compressed_size)
        if knows(candidate.compression)
        else None
        for candidate in candidates
    )


def _workload(wishes: Wishes) -> Workload:
    """Find the workload: of a job, a trace, a profile, or a variant of a profile."""
    if [bool(wishes.name), bool(wishes.job), bool(wishes.trace)].count(True) != 1:
        raise InvalidValue(
            "cannot measure: name a profile, a job file or a trace, one of the three"
        )
    if wishes.replay and not wishes.trace:
        raise InvalidValue("cannot replay: there is no trace to take places of")
    if wishes.job:
        return load_job(wishes.job)
    if wishes.trace:
        # numpy takes a tenth of a second, and is an extra that -n does without else.
        from zfstune.measurement.load_trace import load_trace  # noqa: PLC0415

        return load_trace(wishes.trace)
    base, colon, _ = wishes.name.partition(":")
    workload = load_workload(base)
    # The profile's own name is kept with its variant.
    return replace(workload, profile=wishes.name) if colon else workload


def _batches(
    wishes: Wishes, workload: Workload, info: PoolInfo, choose_places: ChoosePlaces
) -> Batches:
    """Choose the places: those of the trace, or some for the workload."""
    if wishes.replay:
        # As in _workload().
        from zfstune.measurement.load_trace import load_replay  # noqa: PLC0415

        return load_replay(wishes.trace, wishes.size_bytes or _SIZE_BYTES)
    size_bytes = wishes.size_bytes
    if size_bytes is None:  # in an image, such that it takes seconds
        size_bytes = _SIZE_BYTES if info.mountable else _IMAGE_SIZE_BYTES
    _check_size(workload, size_bytes)
    return choose_places(workload, size_bytes, wishes.seed)


def _check_size(workload: Workload, size_bytes: int) -> None:
    least = max(workload.file_bytes or 0, 16 * workload.facts.page_bytes)
    if size_bytes < least:
        raise InvalidValue(
            f"cannot measure {workload.facts.name} with so small a size: "
            f"{least} bytes are the least",
            hint=f"--size {format_size(least)} (in Python: size_bytes={least})",
        )


def _wanted(
    engine: Engine, info: PoolInfo, wishes: Wishes, workload: Workload
) -> tuple[Candidate | None, str, Mapping[str, str]]:
    """Return what the profile wants here: the candidate, its why, other properties."""
    if not workload.profile or wishes.job:
        return None, "", {}
    request = Request((load(workload.profile),), allow_unsafe=True)
    root = request.root_on(info.name)
    wanted = {w.dataset: w for w in wanted_datasets(request, info, engine.limits)}
    here = wanted.get(f"{root}/{workload.dataset}")
    if here is None:
        return None, "", {}
    inherited = {name: found.value for name, found in here.inherited.items()}
    values = {**inherited, **here.values}
    properties = {name: value for name, value in values.items() if name in KEPT}
    record, compression = values.get("recordsize"), values.get("compression")
    if record is None or compression is None:
        return None, "", properties
    setting = here.settings.get("recordsize")
    why = setting.why if setting is not None else ""
    return Candidate(int(record), compression), why, properties


def _candidates(
    engine: Engine,
    info: PoolInfo,
    wishes: Wishes,
    workload: Workload,
    chosen: Candidate | None,
) -> tuple[Candidate, ...]:
    """Return what is compared, each of it checked for this pool."""
    sizes = wishes.recordsizes or _usual_sizes(engine, info, workload, chosen)
    usual = chosen.compression if chosen is not None else "lz4"
    found = [
        Candidate(
            int(_fitting("recordsize", str(size), engine, info)),
            _fitting("compression", compression, engine, info),
        )
        for size in sorted(set(sizes))
        for compression in wishes.compressions or (usual,)
    ]
    return tuple(dict.fromkeys(found))


def _fitting(name: str, value: str, engine: Engine, info: PoolInfo) -> str:
    """Return a value as ZFS prints it, if the pool takes it as it is."""
    props.check({name: value}, kind="filesystem", creating=True, limits=engine.limits)
    value = props.canonical(name, value, limits=engine.limits)
    _, lack = fit_value(name, value, info, engine.limits)
    if lack:
        raise PlanError(f"cannot measure '{name}={display(name, value)}': {lack}")
    return value


def _usual_sizes(
    engine: Engine, info: PoolInfo, workload: Workload, chosen: Candidate | None
) -> Sequence[int]:
    """Return the record sizes that are compared where nobody names any."""
    page = max(_LEAST_RECORD, 1 << (workload.facts.page_bytes - 1).bit_length())
    wanted = {page, 2 * page, _USUAL_BYTES}
    if workload.facts.pattern != RANDOM:
        wanted |= {_LARGE_BYTES}
    if chosen is not None:
        wanted |= {chosen.recordsize_bytes}
    return [
        size
        for size in wanted
        if not fit_value("recordsize", str(size), info, engine.limits)[1]
    ]
