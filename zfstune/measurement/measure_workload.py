"""Measure a workload: draw up the plan, carry it out, judge, compare with another time."""

from __future__ import annotations

from zfstune.engine.open import using
from zfstune.measurement.changes import changes_since, check_comparable
from zfstune.measurement.document import from_json
from zfstune.measurement.draw_up import Wishes, draw_up_plan
from zfstune.measurement.measure import measure
from zfstune.measurement.measure_result import MeasureResult
from zfstune.measurement.verdict import verdict_on
from zfstune.values.errors import InvalidValue, PlanError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine
    from zfstune.measurement.measure_plan import MeasurePlan
    from zfstune.measurement.measure_progress import MeasureProgress
    from zfstune.measurement.results import Measurement

__all__ = ["measure_workload", "read_last"]

_MOST_BYTES = 1 << 30  # of a saved measurement; one run of fio has some hundred moments


def measure_workload(
    workload: str | Wishes,
    *,
    against: str = "",
    command: str = "",
    on_plan: Callable[[MeasurePlan], object] | None = None,
    on_progress: Callable[[MeasureProgress], object] | None = None,
    engine: Engine | None = None,
) -> MeasureResult:
    """Measure what record sizes and compressions cost and gain for a workload on a pool.

    Scratch datasets below ``POOL/zfstune-measure-...`` are removed in any case. In an image
    bytes alone are counted, without the intent log. It needs numpy, and for times fio.

    Args:
        workload: A profile, as ``postgres`` or ``postgres:seed``, or a workload that
            ships; or all that is asked for.
        against: A file with the JSON of an earlier measurement to compare with.
        command: The command that repeats it, for a report.
        on_plan: Is given the plan before anything changes.
        on_progress: Is called before each step.
        engine: Default: the running kernel's ZFS.

    Returns:
        The figures, the verdict and, with `against`, what has changed.

    Raises:
        InvalidValue: A value makes no sense.
        PlanError: The pool, or the earlier measurement, does not admit it.
        EngineError: ZFS refused, or the pool is busy, full or read-only.
        ZfstuneError: A file or fio failed.
    """
    wishes = Wishes(workload) if isinstance(workload, str) else workload
    last = read_last(against) if against else None
    with using(engine) as zfs:
        plan = draw_up_plan(zfs, wishes)
        if last is not None:
            size_bytes = plan.batches.size_bytes
            check_comparable(last, plan.workload.facts.name, size_bytes, shown(against))
        found = measure(
            zfs,
            plan,
            command=command or f"zfstune.measure({workload!r})",
            time_limit_s=wishes.time_limit_s,
            show=on_plan or _ignore,
            on_progress=on_progress or _ignore,
        )
    changes = None if last is None else changes_since(last, found)
    return MeasureResult(found, verdict_on(found), changes)


def read_last(path: str) -> Measurement:
    """Read a measurement that was saved as JSON.

    Raises:
        PlanError: The file cannot be read.
        InvalidValue: It holds no measurement.
    """
    try:
        with open(path, "rb") as file:
            text = file.read(_MOST_BYTES)
    except OSError as error:
        reason = error.strerror
        raise PlanError(f"cannot compare with '{shown(path)}': {reason}") from None
    try:
        return from_json(text)
    except InvalidValue as error:
        reason = str(error).partition(": ")[2]
        raise InvalidValue(
            f"cannot compare with '{shown(path)}': {reason}",
            hint="`zfstune measure --json` writes what can be compared with",
        ) from None


def _ignore(_: object) -> None:
    """Tell nobody."""
