"""A plan as text of 80 columns."""

from __future__ import annotations

from zfstune.values.duration import about
from zfstune.values.size import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.measurement.batches import Batches
    from zfstune.measurement.measure_plan import MeasurePlan

__all__ = ["plan_text"]

_INDENT = "  "


def plan_text(plan: MeasurePlan) -> Iterator[str]:
    """Return the lines of a plan."""
    facts, batches = plan.workload.facts, plan.batches
    yield f"measure {facts.name} on pool {plan.pool}: {facts.summary}"
    yield from _candidates(plan)
    fio = ""
    if plan.fio.run_s:
        fio = f", {plan.fio.run_s} s of fio after {plan.fio.warmup_s} s of warm-up"
    yield (
        f"{plan.runs} runs of each, all of them once in random order before the next: "
        f"{_steps(batches)}{fio}."
    )
    yield f"Data: like {plan.shape.source}."
    for remark in plan.remarks:
        yield f"Note: {remark}"
    if not plan.info.mountable:
        yield (
            "The pool is an image: OpenZFS's own code in user space writes and reads, so "
            "bytes are counted, without the intent log, and times are not."
        )
    scratch = format_size(plan.scratch_bytes, exact=False)
    yield (
        f"Scratch datasets in {plan.pool}/zfstune-measure-..., {scratch} at the most, are "
        "removed at the end."
    )
    more = ", and what fio writes besides" if plan.fio.run_s else ""
    yield (
        f"It takes about {about(plan.seconds)}, and the devices write about "
        f"{format_size(plan.written_bytes, exact=False)}{more}."
    )


def _steps(batches: Batches) -> str:
    """Say what a run does before fio."""
    size = format_size(batches.size_bytes, exact=not batches.recorded)
    files = "one file" if batches.files == 1 else f"{batches.files} files"
    fill = f"fill {files} of {size} in all"
    if batches.recorded:
        written, asked = (
            format_size(count, exact=False)
            for count in (batches.written_bytes, batches.asked_bytes)
        )
        return (
            f"{fill}, make the {batches.written_pages} recorded writes of {written} and "
            f"count, make the {len(batches.asked)} recorded reads of {asked} cold"
        )
    page = format_size(batches.page_bytes)
    settling = "write them over once, " if batches.settling else ""
    return (
        f"{fill}, {settling}write {batches.written_pages} pages of {page} and count, read "
        f"{len(batches.asked)} pages cold"
    )


def _candidates(plan: MeasurePlan) -> Iterator[str]:
    """Return a row for each candidate, with what the model says about it."""
    label = max(len(candidate.label) for candidate in plan.candidates)
    yield f"{_INDENT}{'model':{label}}  {'wrote/B':>7}  {'cold/B':>6}  {'space':>5}"
    for candidate, model in zip(plan.candidates, plan.predictions, strict=True):
        figures = ""
        if model is not None:
            space = model.allocated_bytes / plan.batches.size_bytes
            figures = (
                f"  {model.write_amplification:7.2f}  {model.cold_read_amplification:6.2f}"
                f"  {space:5.2f}"
            )
        chosen = "  (the profile's choice)" if candidate == plan.chosen else ""
        yield f"{_INDENT}{candidate.label:{label}}{figures}{chosen}"
